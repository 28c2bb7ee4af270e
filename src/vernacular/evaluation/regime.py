"""Whether a study's regime lets the claims come out either way: its criteria (config/regime.yaml) against dev scores.

Which models a criterion compares, and how, is data; none is a model that a paper proposes.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from vernacular.evaluation.frames import Frames
from vernacular.evaluation.options import RegimeOptions
from vernacular.evaluation.rates import rates
from vernacular.evaluation.statistics import DIGITS
from vernacular.language.languages import ENGLISH

COLUMNS = ["study", "part", "criterion", "metric", "compare", "models", "languages", "benchmark", "seeds"]
COLUMNS += ["measured", "low", "high", "reached", "why"]
Criteria = dict[str, dict[str, dict[str, Any]]]  # part -> name -> a criterion, as config/regime.yaml has it
Values = list[np.ndarray]  # for each model a value for each language

COMPARISONS: dict[str, Callable[[Values], float]] = {
    "value": lambda values: values[0].mean(),
    "difference": lambda values: values[0].mean() - values[1].mean(),
    "range": lambda values: np.ptp([one.mean() for one in values]),
    "oracle": lambda values: np.max(values, axis=0).mean() - max(one.mean() for one in values),
}


def regime_table(criteria: Criteria, frames: Frames, options: RegimeOptions) -> pd.DataFrame:
    """A row for each criterion and each benchmark on which all of its models answered (COLUMNS), `measured` being the
    mean over seeds, rounded to DIGITS before it is compared with the bounds.

    Raises ValueError where a criterion's models have no benchmark in common, or not all of them the languages.
    """
    rows = []
    for part, named in criteria.items():
        for name, criterion in named.items():
            places = places_of(criterion["models"], frames)
            if not places:
                models = ", ".join(criterion["models"])
                raise ValueError(f"{part}.{name}: no benchmark has scores of all of {models}; give their dev scores")
            for benchmark, seeds in places.items():
                try:
                    found = [measured(criterion, frames, benchmark, seed, options) for seed in seeds]
                except ValueError as error:
                    raise ValueError(f"{part}.{name}, {benchmark}: {error}") from None
                value, (low, high) = round(float(np.mean(found)), DIGITS), (criterion["low"], criterion["high"])
                reached = (low is None or value >= low) and (high is None or value <= high)
                told = {"study": options.study, "part": part, "criterion": name, "benchmark": benchmark}
                told |= {key: criterion[key] for key in ("metric", "compare", "low", "high", "why")}
                told |= {"models": " ".join(criterion["models"]), "languages": languages_told(criterion)}
                rows.append(told | {"seeds": len(seeds), "measured": value, "reached": reached})
    return pd.DataFrame(rows, columns=COLUMNS)


def places_of(models: list[str], frames: Frames) -> dict[str, list[int]]:
    """Benchmark -> the seeds, where every one of some models has scores."""
    keys = [{(benchmark, seed) for model, benchmark, seed in frames if model == name} for name in models]
    found: dict[str, list[int]] = {}
    for benchmark, seed in sorted(set.intersection(*keys)):
        found.setdefault(benchmark, []).append(seed)
    return found


def measured(criterion: dict[str, Any], frames: Frames, benchmark: str, seed: int, options: RegimeOptions) -> float:
    scores = [frames[model, benchmark, seed] for model in criterion["models"]]
    in_domain = options.in_domain[f"{criterion['models'][0]}/{benchmark}"]

    def compared(group: str | list[str]) -> float:
        languages = members(group, sorted(set(scores[0]["language"])), in_domain)
        values = [np.array([value_of(criterion["metric"], one, code) for code in languages]) for one in scores]
        return float(COMPARISONS[criterion["compare"]](values))

    than = criterion["than"]
    return compared(criterion["languages"]) - (0.0 if than is None else compared(than))


def members(group: str | list[str], there: list[str], in_domain: Iterable[str]) -> list[str]:
    """The languages of a group, of those that were evaluated. Raises ValueError where there is none."""
    groups = {
        "every": there,
        "all": [code for code in there if code != ENGLISH],
        "in-domain": [code for code in there if code in set(in_domain)],
        "out-of-domain": [code for code in there if code not in {*in_domain, ENGLISH}],
    }
    found = groups[group] if isinstance(group, str) else [code for code in there if code in group]
    if not found:
        raise ValueError(f"nothing was evaluated in the languages {group}; evaluate them, or change the criterion")
    return found


def value_of(metric: str, scores: pd.DataFrame, language: str) -> float:
    """A metric in one language; ValueError where a model has no scores in it."""
    own = scores[scores["language"] == language]
    if own.empty:
        raise ValueError(f"a model has no scores in '{language}'; evaluate all of them in the same languages")
    if metric == "tokens_spread":
        return float(own["tokens"].std(ddof=0) / own["tokens"].mean())
    return rates(own)[metric]


def languages_told(criterion: dict[str, Any]) -> str:
    def told(group: Any) -> str:
        return group if isinstance(group, str) else " ".join(group)

    than = criterion["than"]
    return told(criterion["languages"]) + (f" less {told(than)}" if than is not None else "")
