"""A study compiled: the resolved configuration as typed models, answers and targets, which the rules read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vernacular.language.options import IdentifierOptions
from vernacular.storage.messages import nearest
from vernacular.study.claims import load_claims
from vernacular.study.evaluations import Answering, Evaluations, answerings, label, models_of
from vernacular.study.graph import Model, build_graph, lineage
from vernacular.study.paths import Paths
from vernacular.study.regime import Criteria, criteria_of
from vernacular.study.resolve import resolve_study
from vernacular.study.schema import StudyError, in_file
from vernacular.study.sources import downloads_of

DEFAULT, EVERY = "", "all"  # names of two targets that no evaluation gives
# Names of rules that no target may have: of those that people call, and of those without an underscore in the name.
RESERVED = {"all", "cards", "claims", "default", "download", "downloads", "generate", "index", "preflight", "pretrain"}
RESERVED |= {"probes", "regime", "report", "score", "train"}


@dataclass(frozen=True)
class Target:
    """A part of the study that is summarised together. name: as evaluations give it; DEFAULT is what `snakemake` makes
    without a target, EVERY all evaluations. slam, sweep, merge: whether it has the tables of that section."""

    name: str
    evaluations: Evaluations
    slam: bool
    sweep: bool
    merge: bool
    checkpoints: bool

    @property
    def part(self) -> str:
        """What the names of its files begin with."""
        return f"{self.name}-" if self.name else ""

    @property
    def page(self) -> str:
        return self.name or "index"

    @property
    def models(self) -> list[str]:
        return models_of(self.evaluations)

    @property
    def splits(self) -> list[str]:
        return list(dict.fromkeys(e["split"] for e in self.evaluations))


@dataclass(frozen=True)
class Study:
    """config: the resolved configuration; file: its name in errors; answers: (label, benchmark) -> how it is generated;
    targets: by the beginning of their files' names (Target.part); claims: the papers', or the study's own;
    criteria: of the parts of its regime that are checked."""

    config: dict[str, Any]
    file: str
    models: dict[str, Model]
    answers: dict[tuple[str, str], Answering]
    targets: dict[str, Target]
    claims: dict[str, dict[str, Any]]
    criteria: Criteria
    downloads: dict[str, dict[str, Any]]
    paths: Paths

    @property
    def seeds(self) -> list[int]:
        return self.config["seeds"]

    @property
    def corpus_seed(self) -> int:
        """The seed of the corpus, which all seeds share."""
        seed: int | None = self.config["corpus_seed"]
        return self.seeds[0] if seed is None else seed

    @property
    def named_targets(self) -> list[Target]:
        """The targets that evaluations name."""
        return [target for target in self.targets.values() if target.name not in (DEFAULT, EVERY)]

    @property
    def identifier(self) -> IdentifierOptions:
        return IdentifierOptions(languages=self.config["languages"], **self.config["identifier"])

    def scores_of(self, evaluations: Evaluations) -> list[str]:
        """The score files of some evaluations, each once, in the order of the configuration."""
        return self.seed_scores(evaluations, self.seeds)

    def seed_scores(self, evaluations: Evaluations, seeds: Sequence[int | str]) -> list[str]:
        """Those of some seeds."""
        return list(
            dict.fromkeys(
                self.paths.scores(label(model, evaluation["decoding"]), benchmark, seed)
                for evaluation in evaluations
                for seed in seeds
                for benchmark in evaluation["benchmarks"]
                for model in evaluation["models"]
            )
        )

    def section_evaluations(self, section: str, key: str = "target") -> Evaluations:
        """The evaluations of the target that a section (`slam`, `merge`) names."""
        return [e for e in self.config["evaluations"] if e["target"] == self.config.get(section, {}).get(key)]

    def grpo_models(self, target: Target) -> list[str]:
        """Those of a target whose training a figure shows."""
        return [name for name in target.models if self.models[name].options["recipe"] == "grpo"]

    def training_chains(self) -> dict[str, list[str]]:
        """Model -> the trainings, in order, that it takes beyond those of slam.reference; of SLAM's target.

        A model that was taken from elsewhere has cost nothing here.
        """
        reference = self.config["slam"]["reference"]
        shared = {reference, *lineage(self.models, reference)}
        taken = {name for name, model in self.models.items() if not model.trained}
        found = {
            name: [m for m in [*reversed(lineage(self.models, name)), name] if m not in shared | taken]
            for name in models_of(self.section_evaluations("slam"))
        }
        return {name: chain for name, chain in found.items() if chain}


def compile_study(config: dict[str, Any], file: str, papers: Path) -> Study:
    """Resolve and compile a configuration. papers: the file of the papers' claims.

    Raises StudyError for a configuration that cannot be run.
    """
    study = resolve_study(config, file)
    claims = load_claims(study["claims"] or papers, study.get("merge", {}).get("reference"))
    with in_file(file):
        targets = {target.part: target for target in compile_targets(study)}
        criteria = criteria_of(study)
    graph, paths = build_graph(study["models"]), Paths(f"results/{study['study']}")
    return Study(study, file, graph, answerings(study), targets, claims, criteria, downloads_of(study), paths)


def compile_targets(study: dict[str, Any]) -> list[Target]:
    """The target that is made by default, every one that evaluations name, and the one of all evaluations.

    Raises StudyError for a name that a rule has, and for a section whose target does not exist.
    """
    evaluations = study["evaluations"]
    names = list(dict.fromkeys(e["target"] for e in evaluations))
    for number, evaluation in enumerate(evaluations):
        if (name := evaluation["target"]) in RESERVED or name.endswith("training"):  # as in training-languages.png
            raise StudyError(f"evaluations.{number}.target: '{name}' is taken; choose another name")
    for section, key in (("slam", "target"), ("slam", "sweep"), ("merge", "target")):
        wanted = study.get(section, {}).get(key)
        if wanted and wanted not in names and wanted not in ("slam", "slam-sweep", "merge"):
            hint = nearest(wanted, names)
            raise StudyError(f"{section}.{key}: no evaluation has the target '{wanted}'; {hint}")

    parts = ["", *(f"{name}-" for name in names)]
    taken = {f"{part}{kind}" for part in parts for kind in ("scores", "claims", "samples")}
    for name in study["benchmarks"] if "merge" in study else []:
        if f"merge-{name}" in taken:
            raise StudyError(f"benchmarks.{name}: tables/merge-{name}.csv is another table; rename it")

    def compiled(name: str, chosen: Evaluations) -> Target:
        has = {e["target"] for e in chosen}
        slam, merge = study.get("slam", {}), study.get("merge", {})
        return Target(
            name,
            chosen,
            slam.get("target") in has,
            slam.get("sweep") in has,
            merge.get("target") in has,
            any(e["checkpoints"] for e in chosen),
        )

    return [
        compiled(DEFAULT, [e for e in evaluations if e["default"]]),
        *(compiled(name, [e for e in evaluations if e["target"] == name]) for name in names),
        compiled(EVERY, evaluations),
    ]
