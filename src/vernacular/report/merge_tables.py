"""What a merge is worth on each benchmark, against another merge and against the LLM alone, and language by language.

The papers' layout (MindMerger, arXiv 2405.17386; ST-Merge, arXiv 2606.19002): low-resource languages first, English
last, then the macro average over all of them. English may have more questions than the others: each language weighs
the same, whatever its number of questions. Differences are paired: a model and what it is compared with are of the same
seed and share the bootstrap's draws.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from vernacular.evaluation.statistics import DIGITS, ENGLISH, RATES, Estimate, interval, joint_estimates, tally

INTERVAL = ("", "_low", "_high")
COMPARED = ("average", "english", "low_resource", "average_gain", "low_resource_gain", "english_change")
MERGE_COLUMNS = (
    *("study", "model", "benchmark", "seed", "n", "languages"),
    *(f"{value}{suffix}" for value in COMPARED for suffix in INTERVAL),
)

Frames = Mapping[tuple[str, str, int], pd.DataFrame]  # (model, benchmark, seed) -> scores; frames.read_frames
Run = tuple[str, int]  # model, seed


def merge_table(frames: Frames, options: Mapping[str, Any]) -> pd.DataFrame:
    """`tables/merge.csv`: MERGE_COLUMNS, a row for each (model, benchmark, seed), in the mapping's order.

    n counts the questions, translations one by one, languages the languages. average is the macro average of accuracy
    over all languages with English, low_resource that over the languages of `low_resource` which the benchmark has.
    The gains are differences to the model `baseline`, english_change to the model `reference`, both of the same
    benchmark and seed; they are null for that model itself. What a benchmark has no language for is null. Shares of
    1, rounded to 6 digits.
    options: study, draws, reference, baseline, low_resource. Raises ValueError where the reference or the baseline was
    not scored beside a model, and where models were scored on different questions.
    """
    tables: dict[str, dict[str, dict[Run, Estimate]]] = {}
    for benchmark in dict.fromkeys(benchmark for _, benchmark, _ in frames):
        chosen = scores_of(frames, benchmark)
        languages = in_order(next(iter(chosen.values()))["language"], options["low_resource"])
        groups = {
            "average": languages,
            "english": [ENGLISH] if ENGLISH in languages else [],
            "low_resource": low_resource_of(languages, options["low_resource"]),
        }
        tables[benchmark] = {
            group: accuracies(chosen, benchmark, members, options["draws"]) for group, members in groups.items()
        }
    rows = []
    for (model, benchmark, seed), scores in frames.items():
        for role in ("reference", "baseline"):
            need_scores(frames, options, role, benchmark, seed)
        values = [number for of in tables[benchmark].values() for number in _with_interval(of.get((model, seed)))]
        for group, role in (("average", "baseline"), ("low_resource", "baseline"), ("english", "reference")):
            of = tables[benchmark][group]
            compared = model != options[role] and (model, seed) in of
            difference = minus(of[model, seed], of[options[role], seed]) if compared else None
            values += _with_interval(difference)
        asked = scores[["id", "language"]].drop_duplicates()
        rows.append((options["study"], model, benchmark, seed, len(asked), asked["language"].nunique(), *values))
    return pd.DataFrame(rows, columns=list(MERGE_COLUMNS))


def language_table(frames: Frames, benchmark: str, options: Mapping[str, Any]) -> pd.DataFrame:
    """`tables/merge-<benchmark>.csv`: a row for each (model, seed) with scores, a column a language, the average.

    Languages stand as in_order says. Cells hold percentages: "57.6 (51.2-63.9)", accuracy with its 95 % interval.
    options: draws, low_resource. Raises ValueError where no model was scored on the benchmark, or where models were
    scored on different questions.
    """
    scores = scores_of(frames, benchmark)
    languages = in_order(next(iter(scores.values()))["language"], options["low_resource"])
    groups = {code: [code] for code in languages} | {"average": languages}
    columns = {
        name: [_cell(found) for found in accuracies(scores, benchmark, members, options["draws"]).values()]
        for name, members in groups.items()
    }
    runs = {"model": [model for model, _ in scores], "seed": [seed for _, seed in scores]}
    return pd.DataFrame({**runs, **columns})


def scores_of(frames: Frames, benchmark: str) -> dict[Run, pd.DataFrame]:
    """The score frames of a benchmark by model and seed, in the mapping's order: all of the same questions.

    Raises ValueError where there is none, where one is broken, and where two hold different (id, language).
    """
    chosen = {(model, seed): scores for (model, name, seed), scores in frames.items() if name == benchmark}
    if not chosen:
        raise ValueError(f"{benchmark}: no model was scored on it; name it in an evaluation of the target 'merge'")
    first: tuple[str, set[tuple[str, str]]] | None = None
    for (model, seed), scores in chosen.items():
        name = f"{model} (seed {seed})"
        try:
            tally(scores)
        except ValueError as error:
            raise ValueError(f"{name} on {benchmark}: {error}") from None
        asked = questions_of(scores)
        first = first or (name, asked)
        if unlike := sorted(asked ^ first[1]):
            raise ValueError(
                f"{benchmark}: {first[0]} and {name} were scored on different questions, such as {unlike[0][0]} "
                f"({unlike[0][1]}); evaluate all models on the same ones"
            )
    return chosen


def questions_of(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """The (id, language) of score or generation rows."""
    return set(zip(rows["id"], rows["language"], strict=True))


def need_scores(frames: Frames, options: Mapping[str, Any], role: str, benchmark: str, seed: int) -> None:
    """Raises ValueError where the model that `options` name for a role was not scored on a benchmark."""
    if (options[role], benchmark, seed) not in frames:
        raise ValueError(
            f"{benchmark}, seed {seed}: no scores of '{options[role]}', merge.{role}; "
            "add it to the models of the evaluation"
        )


def in_order(languages: Iterable[str], low_resource: Sequence[str]) -> list[str]:
    """Languages, each once: those of `low_resource` in its order, then the others by code, English last."""
    there = set(languages)
    first = low_resource_of(there, low_resource)
    return [*first, *sorted(there - {*first, ENGLISH}), *([ENGLISH] if ENGLISH in there else [])]


def low_resource_of(languages: Iterable[str], low_resource: Sequence[str]) -> list[str]:
    """The languages of `low_resource`, each once and in its order, that are among `languages`; never English."""
    there = set(languages) - {ENGLISH}
    return [code for code in dict.fromkeys(low_resource) if code in there]


def accuracies(
    scores: Mapping[Run, pd.DataFrame], benchmark: str, languages: Sequence[str], draws: int
) -> dict[Run, Estimate]:
    """Macro average of accuracy over some languages of a benchmark: `point` (), `draws` (draw,), the same draws for all
    runs; empty for no languages.

    English stays in the frames even where it is not averaged: it has all the questions, so that all groups of
    languages rest on the same draws.
    """
    if not languages:
        return {}
    kept = {run: frame[frame["language"].isin({*languages, ENGLISH})] for run, frame in scores.items()}
    found = joint_estimates(kept, benchmark, draws, "every" if ENGLISH in languages else "all")
    accuracy = RATES.index("accuracy")
    return {run: Estimate(of.point[..., accuracy], of.draws[..., accuracy]) for run, of in found.items()}


def minus(left: Estimate, right: Estimate) -> Estimate:
    return Estimate(left.point - right.point, left.draws - right.draws)


def _with_interval(estimate: Estimate | None) -> list[float]:
    """Value, low and high, rounded; adding 0 turns a difference of -0.0 into 0.0."""
    if estimate is None:
        return [np.nan] * len(INTERVAL)
    return [round(float(value), DIGITS) + 0.0 for value in (estimate.point, *interval(estimate.draws))]


def _cell(estimate: Estimate) -> str:
    point, low, high = (f"{100 * value:.1f}" for value in _with_interval(estimate))
    return f"{point} ({low}-{high})"
