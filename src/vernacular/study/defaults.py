"""What a study need not write because the rest of it says so: the languages, models and benchmarks of an evaluation."""

from typing import Any

from vernacular.study.recipes import RECIPES


def fill_from_study(study: dict[str, Any]) -> None:
    """Give evaluations and the parts of training sets what they do not name: all there is in the study."""
    encoders = [options.get("encoder") for options in study["models"].values()]
    answering = [
        name
        for name, options in study["models"].items()
        if RECIPES[options["recipe"]].makes in ("llm", "merge", "any") and name not in encoders
    ]
    for evaluation in study["evaluations"]:
        evaluation.setdefault("benchmarks", list(study["benchmarks"]))
        evaluation.setdefault("models", list(answering))
        evaluation.setdefault("languages", list(study["languages"]))
    for parts in study["data"].values():
        for part in parts:
            part.setdefault("languages", list(study["languages"]))
