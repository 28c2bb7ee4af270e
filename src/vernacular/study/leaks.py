"""What the check for leaks reads: evaluation questions, and all that the evaluated models were trained on."""

from vernacular.corpus.options import LeaksOptions
from vernacular.study.claim_inputs import claimed
from vernacular.study.compile import EVERY, Study, Target
from vernacular.study.corpus import phrasebook_benchmarks
from vernacular.study.evaluations import Evaluations
from vernacular.study.graph import models_behind, training_parts
from vernacular.study.stages import training_file


def corpora(study: Study, target: Target) -> list[str]:
    """What a target's models, and all that they descend from or rest on, were trained on."""
    runs = [(name, seed) for name in leak_models(study, target) for seed in study.seeds]
    return list(dict.fromkeys(file for name, seed in runs for file in training_file(study, name, seed)))


def leak_evaluations(study: Study, target: Target) -> Evaluations:
    evaluations = claimed(study, target) if target.name == EVERY else target.evaluations
    return [e for e in evaluations if e["benchmarks"]]


def leak_models(study: Study, target: Target) -> list[str]:
    return models_behind(study.models, leak_evaluations(study, target))


def leaks_file(study: Study, target: Target) -> list[str]:
    """The check, where something was trained: finished models have no corpora to look into."""
    return [f"{study.paths.results}/corpus/{target.part}leaks.csv"] * bool(corpora(study, target))


def leaks_options(study: Study, target: Target) -> LeaksOptions:
    """Of the miniature's benchmarks those that are evaluated or that training draws from."""
    evaluated = list(dict.fromkeys(name for e in leak_evaluations(study, target) for name in e["benchmarks"]))
    parts = [p for name in leak_models(study, target) for p in training_parts(study.config, study.models[name])]
    drawn = {name for part in parts for name in part.get("benchmarks", [part.get("benchmark")])}
    wanted = {n: o for n, o in phrasebook_benchmarks(study).items() if n in drawn or n in evaluated}
    return LeaksOptions(wanted, evaluated, target.splits, study.corpus_seed)
