"""What pages, their samples and model cards read, and their options."""

import hashlib

from vernacular.report.options import PAGE_QUESTION, CardOptions, PageOptions
from vernacular.storage.resources import resource
from vernacular.study.claim_inputs import claims_of
from vernacular.study.compile import DEFAULT, Study, Target
from vernacular.study.evaluations import Evaluations, labels
from vernacular.study.graph import training_parts, with_ancestors
from vernacular.study.leaks import leaks_file
from vernacular.study.licences import origins_of
from vernacular.study.targets import drawn, figures, tables

OF_PARENTS = ("recipe", "repo", "revision", "path")  # what a card says of a parent


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
    """The files of a page by kind: all figures and tables, of each other kind one or none."""
    target, paths = target_of_page(study, page), study.paths
    has_claims, shown = bool(claims_of(study, target)), figures(study, target)
    return {
        "scores": [paths.table(f"{target.part}scores")],
        "claims": [paths.table(f"{target.part}claims")] * has_claims,
        "timed": [f"{paths.results}/costs/{target.part}claims.csv"] * has_claims,
        "regime": [paths.table("regime")] * bool(study.criteria and target.name == DEFAULT),
        "samples": [paths.table(f"{target.part}samples")] * (not target.checkpoints),
        "leaks": leaks_file(study, target),
        "pareto": [csv_of(study, name) for name in shown if name == f"{target.part}pareto"],
        "trajectories": [csv_of(study, name) for name in shown if name == f"{target.part}steps"],
        "figures": [f"{paths.results}/figures/{name}.svg" for name in embedded(study, target)],
        "tables": [f"{paths.results}/{name}" for name in tables(study, target)],
    }


def csv_of(study: Study, figure: str) -> str:
    return f"{study.paths.results}/figures/{figure}.csv"


def embedded(study: Study, target: Target) -> dict[str, dict[str, str]]:
    """The figures that the page shows as they are. The others it draws itself, wide and narrow, or has as tables."""
    own = [f"{target.part}{name}" for name in ("pareto", "steps", "languages")]
    return {name: texts for name, texts in figures(study, target).items() if name not in own}


def question_of(target: Target) -> str:
    if target.slam or target.sweep:
        return "What does a model gain from tuning only the layers that handle language?"
    if target.merge:
        return "What does a language model gain from being merged with a multilingual encoder?"
    if target.checkpoints:
        return "How do accuracy and the language of the reasoning change while GRPO trains?"
    return PAGE_QUESTION


def target_of_page(study: Study, page: str) -> Target:
    return next(target for target in page_targets(study) if target.page == page)


def template_hash(name: str) -> str:
    """Of a template with its style and script, if any, so that editing them makes a page or card again."""
    files = sorted(resource("templates").glob(f"{name}.*"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def page_options(study: Study, page: str) -> PageOptions:
    target = target_of_page(study, page)
    shown = labels(target.evaluations)
    return PageOptions(
        study=study.config["study"],
        scale=study.config["scale"],
        part=page_title(target),
        question=question_of(target),
        pages={f"{t.page}.html": [page_title(t), t.name] for t in page_targets(study) if t != target},
        figures=embedded(study, target),
        tables=tables(study, target),
        slots=drawn(study, [*shown, *(name.rpartition("@")[0] for name in shown)])["slots"],  # and of checkpoints
    )


def card_options(study: Study, name: str) -> CardOptions:
    model = study.models[name]
    parts = [{k: v for k, v in part.items() if k != "resources"} for part in training_parts(study.config, model)]
    ancestors = {name: study.models[name].options for name in model.ancestors}
    return CardOptions(
        **{key: study.config[key] for key in ("study", "scale", "licence", "languages")},
        parents=[{"model": name} | {k: o[k] for k in OF_PARENTS if k in o} for name, o in ancestors.items()],
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
