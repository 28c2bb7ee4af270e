"""What each target of a study makes: scores, tables, claims, figures, its page, and the check for leaks."""

import hashlib
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from vernacular.evaluation.options import ClaimsOptions, SummaryOptions
from vernacular.report.options import CardOptions, MergeOptions, PageOptions, SlamOptions, TrajectoriesOptions
from vernacular.study.checkpoints import checkpoint_paths
from vernacular.study.claims import OF_LAYERS, OF_TIME, sides
from vernacular.study.compile import DEFAULT, EVERY, Study, Target
from vernacular.study.evaluations import Evaluations, asked, label, labels, models_of
from vernacular.study.graph import described_parents, training_parts, with_ancestors
from vernacular.study.licences import origins_of

CAPTIONS = Path(__file__).parents[3] / "workflow" / "report"


# --- outputs


def outputs(study: Study, target: Target) -> list[str]:
    """All that a target makes, but no model folder: those may be deleted to free the disk."""
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
        if "traces" in study.config:
            wanted += [f"{paths.results}/corpus/filter.csv", f"{paths.results}/corpus/filter_quality.csv"]
    return list(dict.fromkeys(wanted))


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


def summary(study: Study, evaluations: Evaluations) -> dict[str, Any]:
    in_domain = dict.fromkeys(code for e in evaluations for code in e["in_domain"])
    shared = {"study": study.config["study"], "scale": study.config["scale"], "draws": study.config["bootstrap"]}
    return {"asked": asked(evaluations), "in_domain": list(in_domain), **shared}


def steps_options(study: Study, target: Target) -> TrajectoriesOptions:
    paths = checkpoint_paths(study.config["models"], target.models)
    return TrajectoriesOptions(study.config["study"], study.config["scale"], paths)


def grpo_folders(study: Study, target: Target) -> list[str]:
    return [study.paths.model(name, seed) for name in study.grpo_models(target) for seed in study.seeds]


# --- SLAM's and the merges' tables


def slam_options(study: Study, key: str = "target", chains: bool = False) -> SlamOptions:
    """key: `target`, or `sweep` for the table of single layers."""
    section = study.config["slam"]
    return SlamOptions(
        **summary(study, study.section_evaluations("slam", key)),
        reference=section["reference"],
        baseline=section["baseline"],
        chains=study.training_chains() if chains else {},
    )


def slam_models(study: Study, key: str, reference: str | None = None) -> list[str]:
    """The SLAM models of a target; with a reference those that start from it."""
    named = dict.fromkeys(name for e in study.section_evaluations("slam", key) for name in e["models"])
    models = [study.models[name] for name in named if study.models[name].options["recipe"] == "slam"]
    return [model.name for model in models if reference in (None, model.options["from"])]


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


def merge_benchmarks(study: Study) -> list[str]:
    return list(dict.fromkeys(name for e in study.section_evaluations("merge") for name in e["benchmarks"]))


def gate_generations(study: Study) -> list[str]:
    """Of the merge whose gates are shown: its generations hold the weights of every question."""
    model = study.config["merge"]["model"]
    benchmarks = merge_benchmarks(study)
    return [study.paths.generations(model, benchmark, seed) for seed in study.seeds for benchmark in benchmarks]


# --- claims


def claims_of(study: Study, target: Target) -> dict[str, dict[str, Any]]:
    """The claims that a target's table holds: all, or those whose models it evaluates. What SLAM's probe and costs say
    goes with SLAM."""
    if target.name in (DEFAULT, EVERY):
        return study.claims
    names = {*labels(target.evaluations)}
    return {
        name: claim
        for name, claim in study.claims.items()
        if {*sides(claim)} <= names and (target.slam or not {OF_LAYERS, OF_TIME} & {*claim["metrics"]})
    }


def claimed(study: Study, target: Target) -> Evaluations:
    """A target's evaluations, with only the models and benchmarks that its claims compare."""
    found = []
    for evaluation in target.evaluations:
        for model in evaluation["models"]:
            name = label(model, evaluation["decoding"])
            claims = [claim for claim in claims_of(study, target).values() if name in sides(claim)]
            patterns = [pattern for claim in claims for pattern in claim["benchmarks"]]
            benchmarks = [b for b in evaluation["benchmarks"] if any(fnmatchcase(b, p) for p in patterns)]
            found.append({**evaluation, "models": [model], "benchmarks": benchmarks})
    return found


def claims_probes(study: Study, target: Target) -> list[str]:
    """The probes of slam.reference, where a claim is about its layers."""
    reference = study.config["slam"]["reference"] if target.slam else None
    claims = claims_of(study, target).values()
    wanted = any(OF_LAYERS in claim["metrics"] and claim["model"] == reference for claim in claims)
    return [study.paths.probe(str(reference), seed) for seed in study.seeds if wanted]


def claims_chains(study: Study, target: Target) -> dict[str, list[str]]:
    """Model -> the trainings that it takes, of the claims about time."""
    timed = [claim for claim in claims_of(study, target).values() if OF_TIME in claim["metrics"]]
    named = {model for claim in timed for model in sides(claim)}
    chains = study.training_chains() if target.slam else {}
    return {model: chain for model, chain in chains.items() if model in named}


def claims_options(study: Study, target: Target) -> ClaimsOptions:
    return ClaimsOptions(
        study=study.config["study"],
        draws=10 * study.config["bootstrap"],  # small p-values, which Holm multiplies, need more draws than intervals
        in_domain={
            f"{label(model, e['decoding'])}/{benchmark}": e["in_domain"]
            for e in target.evaluations
            for model in e["models"]
            for benchmark in e["benchmarks"]
        },
        chains=claims_chains(study, target),
        evaluated=labels(study.config["evaluations"]),
        complete=len(target.evaluations) == len(study.config["evaluations"]),
    )


# --- leaks


def corpora(study: Study, target: Target) -> list[str]:
    """What a target's models, and all that they descend from or rest on, were trained on."""
    found: dict[str, None] = {}
    for name in leak_models(study, target):
        model = study.models[name]
        for seed in study.seeds:
            found |= dict.fromkeys(training_file(study, name, seed) if model.recipe.reads else [])
    return list(found)


def leak_evaluations(study: Study, target: Target) -> Evaluations:
    evaluations = claimed(study, target) if target.name == EVERY else target.evaluations
    return [e for e in evaluations if e["benchmarks"]]


def leak_models(study: Study, target: Target) -> list[str]:
    evaluations = leak_evaluations(study, target)
    return with_ancestors(study.models, filter(None, [n for e in evaluations for n in [*e["models"], e["translator"]]]))


def training_file(study: Study, name: str, seed: int | str) -> list[str]:
    """The file that a model is trained on; none where nothing is trained."""
    model = study.models[name]
    match model.recipe.reads:
        case "data":
            return [study.paths.training(model.options["data"])]
        case "traces":
            return [study.paths.kept_traces]
        case "prompts":
            return [study.paths.prompts(model.options["from"], seed)]
    return []


def leaks_file(study: Study, target: Target) -> list[str]:
    """The check, where something was trained: finished models have no corpora to look into."""
    return [f"{study.paths.results}/corpus/{target.part}leaks.csv"] * bool(corpora(study, target))


# --- pages, samples, cards


def sample_evaluations(target: Target) -> Evaluations:
    """Those that ask the target's first benchmark, in the same split."""
    first = target.evaluations[0]
    benchmark = first["benchmarks"][0]
    same = [e for e in target.evaluations if benchmark in e["benchmarks"] and e["split"] == first["split"]]
    return [{**e, "benchmarks": [benchmark]} for e in same]


def sample_files(study: Study, target: Target, kind: str) -> list[str]:
    """The scores or generations of those, of the first seed."""
    evaluations = sample_evaluations(target)
    path = study.paths.scores if kind == "scores" else study.paths.generations
    return [path(name, evaluations[0]["benchmarks"][0], study.seeds[0]) for name in labels(evaluations)]


def page_targets(study: Study) -> list[Target]:
    """The targets that have a page of their own: what is made by default is on the first one."""
    named = [t for t in study.named_targets if not all(e["default"] for e in t.evaluations)]
    return [study.targets[DEFAULT], *named]


def page_title(target: Target) -> str:
    return target.name or "Overview"


def page_inputs(study: Study, page: str) -> dict[str, list[str]]:
    """The files of a page by kind: of scores, claims, samples and leaks one or none, of figures and tables all."""
    target, paths = target_of_page(study, page), study.paths
    has_claims = bool(claims_of(study, target))
    return {
        "scores": [paths.table(f"{target.part}scores")],
        "claims": [paths.table(f"{target.part}claims")] * has_claims,
        "timed": [f"{paths.results}/costs/{target.part}claims.csv"] * has_claims,
        "samples": [paths.table(f"{target.part}samples")] * (not target.checkpoints),
        "leaks": leaks_file(study, target),
        "figures": [paths.figure(name)[0] for name in figures(study, target)],
        "tables": [f"{paths.results}/{name}" for name in tables(study, target)],
    }


def target_of_page(study: Study, page: str) -> Target:
    return next(target for target in page_targets(study) if target.page == page)


def page_template() -> str:
    """A hash of the page's template, style and script, so that an edit of them makes the page anew."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(CAPTIONS.glob("page.*")))).hexdigest()[:16]


def page_options(study: Study, page: str) -> PageOptions:
    target = target_of_page(study, page)
    return PageOptions(
        study=study.config["study"],
        scale=study.config["scale"],
        part=page_title(target),
        pages={f"{t.page}.html": [page_title(t), t.name] for t in page_targets(study) if t != target},
        figures=figures(study, target),
        tables=tables(study, target),
    )


def card_options(study: Study, name: str) -> CardOptions:
    model = study.models[name]
    parts = [{k: v for k, v in part.items() if k != "resources"} for part in training_parts(study.config, model)]
    return CardOptions(
        **{key: study.config[key] for key in ("study", "scale", "licence", "languages")},
        parents=described_parents(study.models, name),
        data=parts,
        sources=origins_of(study.config, [study.models[n] for n in with_ancestors(study.models, [name])]),
    )


def card_tables(study: Study, name: str) -> list[str]:
    """The table of rates that the model is in; the study's main one if it can, since another may cost trainings."""
    named = [
        target
        for target in page_targets(study)
        if any(name in e["models"] and e["decoding"] == "plain" for e in target.evaluations)
    ]
    return [study.paths.table(f"{target.part}scores") for target in named[:1]]


def cards(study: Study) -> list[str]:
    """The cards of the trained models that the study evaluates by default."""
    trained = [name for name in study.targets[DEFAULT].models if study.models[name].trained]
    return [study.paths.card(name, seed) for name in trained for seed in study.seeds]
