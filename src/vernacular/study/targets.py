"""What each target of a study makes, and what its tables and figures read."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vernacular.evaluation.options import EvidenceOptions, RegimeOptions, SummaryOptions
from vernacular.report.options import FigureOptions, MergeOptions, SlamOptions, TrajectoriesOptions
from vernacular.storage.options import stable_json
from vernacular.storage.resources import workflow_root
from vernacular.study.checkpoints import checkpoint_paths
from vernacular.study.claim_inputs import claims_of
from vernacular.study.compile import DEFAULT, Study, Target
from vernacular.study.evaluations import Evaluations, asked, in_domain_of, labels, models_of
from vernacular.study.leaks import leaks_file
from vernacular.study.regime import regime_evaluations

APART = ("study", "seeds", "track", "figure_width", "bootstrap")  # no model and no score depends on them
CAPTIONS = workflow_root() / "workflow" / "report"


# --- outputs


def outputs(study: Study, target: Target) -> list[str]:
    """Everything that a target makes except model folders: those may be deleted to free disk space."""
    if target.name and all(e["default"] for e in target.evaluations):
        target = study.targets[DEFAULT]
    paths = study.paths
    wanted = study.scores_of(target.evaluations)
    wanted += [paths.table(f"{target.part}scores"), *leaks_file(study, target), f"{paths.results}/{target.page}.html"]
    if claims_of(study, target):
        wanted.append(paths.table(f"{target.part}claims"))
    wanted += [file for name in figures(study, target) for file in paths.figure(name)]
    wanted += [f"{paths.results}/{name}" for name in tables(study, target)]
    if target.name == DEFAULT:
        wanted += [f"{paths.results}/downloads.json"] * bool(study.downloads)
        wanted += [paths.table("regime")] * bool(study.criteria)
        if "traces" in study.config:
            wanted += [f"{paths.results}/corpus/filter.csv", f"{paths.results}/corpus/filter_quality.csv"]
    return list(dict.fromkeys(wanted))


def files_of(study: Study) -> list[str]:
    """What may be asked for by name: all that the targets make, models and generations."""
    paths = study.paths
    found = [file for target in study.targets.values() for file in outputs(study, target)]
    found += probes_files(study)
    found += [paths.model(name, seed) for seed in study.seeds for name in study.models]
    found += [paths.generations(*answered, seed) for seed in study.seeds for answered in study.answers]
    return list(dict.fromkeys(found))


def pages_of(study: Study, asked: list[str]) -> list[str]:
    """The pages that are made when some targets are asked for; without any those of the default target."""
    names = [name for name in asked if name != "all"] or [DEFAULT]
    chosen = [
        target for target in study.targets.values() if target.name in names or target.name == DEFAULT and "all" in asked
    ]
    return [f"{study.paths.results}/{target.page}.html" for target in chosen]


def figures(study: Study, target: Target) -> dict[str, dict[str, str]]:
    """Figure -> its title and caption, in the order of the page."""
    part = target.part
    found: dict[str, dict[str, str]] = {}
    if target.name == DEFAULT or not (target.slam or target.sweep or target.merge or target.checkpoints):
        found |= captioned(f"{part}pareto", "Accuracy against language consistency", "pareto")
        found |= captioned(f"{part}languages", "Scores by language", "languages")
    if target.checkpoints:
        found |= captioned(f"{part}steps", "Accuracy and LCPR at each checkpoint", "trajectories")
    if study.grpo_models(target):
        found |= captioned(f"{part}training", "GRPO over its steps", "training")
        found |= captioned(f"{part}training-languages", "Languages of the traces", "training_languages")
    if target.slam:
        reference = study.config["slam"]["reference"]
        found |= captioned(f"slam-probe-{reference}", f"Where {reference} handles language", "slam_figure")
    if target.sweep:
        found |= captioned("slam-sweep", "Gain of each layer against its MSD", "slam_sweep")
    if target.merge:
        found |= captioned("merge-gates", "Gates and gains by language", "merge_gates")
    return found


def tables(study: Study, target: Target) -> dict[str, dict[str, str]]:
    """Table -> its title and caption: what SLAM and the merges have in addition to the rates."""
    found: dict[str, dict[str, str]] = {}
    if target.slam:
        found |= captioned("tables/slam.csv", "SLAM and its baselines", "slam_table")
        found |= captioned("costs/slam.csv", "What SLAM and its baselines cost", "slam_costs")
    if target.sweep:
        found |= captioned("tables/slam-sweep.csv", "Gain of each layer, tuned alone", "slam_sweep")
    if target.merge:
        found |= captioned("tables/merge.csv", "Merges on their benchmarks", "merge_table")
        for name in merge_benchmarks(study):
            found |= captioned(f"tables/merge-{name}.csv", f"{name} by language", "merge_languages")
    return found


def captioned(name: str, title: str, caption: str) -> dict[str, dict[str, str]]:
    """A figure or table of the page with the caption that Snakemake's report has as well."""
    words = (CAPTIONS / f"{caption}.rst").read_text(encoding="utf-8").split()
    return {name: {"title": title, "caption": re.sub("[*`]", "", " ".join(words))}}


def summary_options(study: Study, target: Target) -> SummaryOptions:
    return SummaryOptions(**summary(study, target.evaluations))


def figure_options(study: Study, target: Target) -> FigureOptions:
    return FigureOptions(**summary(study, target.evaluations), **drawn(study, labels(target.evaluations)))


def drawn(study: Study, names: Iterable[str]) -> dict[str, Any]:
    """How wide figures are and how they show some models: the same in all figures of a study, its main models first."""
    evaluations = [*study.targets[DEFAULT].evaluations, *study.config["evaluations"]]
    every = labels([e for e in evaluations if not e["checkpoints"]])
    slots = {name: every.index(name) for name in names if name in every}
    return {"width": study.config["figure_width"], "slots": slots}


def summary(study: Study, evaluations: Evaluations) -> dict[str, Any]:
    in_domain = dict.fromkeys(code for e in evaluations for code in e["in_domain"])
    shared = {"study": study.config["study"], "scale": study.config["scale"], "draws": study.config["bootstrap"]}
    return {"asked": asked(evaluations), "in_domain": list(in_domain), **shared}


def regime_options(study: Study) -> RegimeOptions:
    evaluations = regime_evaluations(study.config, study.criteria)
    return RegimeOptions(study.config["study"], asked(evaluations), in_domain_of(evaluations))


def evidence_options(study: Study) -> EvidenceOptions:
    return EvidenceOptions(asked(study.targets[DEFAULT].evaluations), config_hash(study.config))


def config_hash(config: dict[str, Any]) -> str:
    """16 hexadecimal digits over a resolved configuration: all of it but the study's name, its seeds, what it asks a
    cluster for, and how it is shown."""

    def kept(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: kept(value) for key, value in part.items() if key not in ("resources", "limits")}
        return [kept(one) for one in part] if isinstance(part, list) else part

    whole = {key: value for key, value in kept(config).items() if key not in APART}
    return hashlib.sha256(stable_json(whole).encode()).hexdigest()[:16]


def evidence_scripts(study: Study) -> list[str]:
    """The scripts whose code the scores of a study depend on."""
    corpus = ["make_questions", "make_training_data", "make_traces", "filter_traces", "make_rl_prompts"]
    trainings = {model.recipe.rule for model in study.models.values() if model.trained}
    return [*corpus, *sorted(trainings), "generate", "generate_merged", "generate_translated", "score"]


def steps_options(study: Study, target: Target) -> TrajectoriesOptions:
    paths = checkpoint_paths(study.config["models"], target.models)
    return TrajectoriesOptions(study.config["study"], study.config["scale"], paths, **drawn(study, paths))


def grpo_folders(study: Study, target: Target) -> list[str]:
    return [study.paths.model(name, seed) for name in study.grpo_models(target) for seed in study.seeds]


# --- SLAM's and the merges' tables


def slam_options(study: Study, key: str = "target", chains: bool = False) -> SlamOptions:
    """key: `target`, or `sweep` for the table of single layers."""
    section = study.config["slam"]
    return SlamOptions(
        **summary(study, study.section_evaluations("slam", key)),
        reference=section["reference"],
        baseline=section["baseline"] or "",
        chains=study.training_chains() if chains else {},
    )


def slam_figure_options(study: Study) -> SlamOptions:
    return replace(slam_options(study), **drawn(study, slam_models(study, "target")))


def slam_models(study: Study, key: str, reference: str | None = None) -> list[str]:
    """The SLAM models of a target; with a reference those that start from it."""
    named = dict.fromkeys(name for e in study.section_evaluations("slam", key) for name in e["models"])
    models = [study.models[name] for name in named if study.models[name].options["recipe"] == "slam"]
    return [model.name for model in models if reference in (None, model.options["from"])]


def compared_probes(study: Study) -> list[str]:
    """The probes of slam.probes, of the first seed."""
    names = study.config.get("slam", {}).get("probes", [])
    return [study.paths.probe(name, study.seeds[0]) for name in names]


def probes_files(study: Study) -> list[str]:
    return [*study.paths.figure("probes"), study.paths.table("probes")] if compared_probes(study) else []


def slam_table_costs(study: Study) -> list[str]:
    """They also count parameters: a table that read model folders would retrain those that were deleted."""
    reference = study.config["slam"]["reference"]
    names = [name for name in models_of(study.section_evaluations("slam")) if name != reference]
    return [study.paths.costs(name, seed) for seed in study.seeds for name in names]


def stage_costs(study: Study, chains: dict[str, list[str]]) -> list[str]:
    """The costs of the trainings of some models. chains: model -> its trainings."""
    stages = dict.fromkeys(stage for chain in chains.values() for stage in chain)
    return [study.paths.costs(stage, seed) for seed in study.seeds for stage in stages]


def merge_options(study: Study) -> MergeOptions:
    section = study.config["merge"]
    named = {key: section[key] for key in ("reference", "baseline", "model", "low_resource")}
    return MergeOptions(**summary(study, study.section_evaluations("merge")), **named)


def merge_figure_options(study: Study) -> MergeOptions:
    options = merge_options(study)
    return replace(options, **drawn(study, [options.model]))


def merge_benchmarks(study: Study) -> list[str]:
    return list(dict.fromkeys(name for e in study.section_evaluations("merge") for name in e["benchmarks"]))


def gate_generations(study: Study) -> list[str]:
    """Of the merge whose gates are shown: its generations hold the weights of every question."""
    model = study.config["merge"]["model"]
    benchmarks = merge_benchmarks(study)
    return [study.paths.generations(model, benchmark, seed) for seed in study.seeds for benchmark in benchmarks]
