"""What a merge is worth on each benchmark, against another merge and against the LLM alone, and language by language.

The papers' layout (MindMerger, arXiv 2405.17386; ST-Merge, arXiv 2606.19002): low-resource languages first, English
last, then the macro average over all of them. English may have more questions than the others: each language has the
same weight, whatever its number of questions.
"""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from vernacular.evaluation.frames import Frames, Run, benchmarks_of, runs_on
from vernacular.evaluation.rates import tally
from vernacular.evaluation.statistics import Estimate
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.language.languages import ENGLISH
from vernacular.report.comparisons import accuracies, bounded, difference, scored_model
from vernacular.report.options import MergeOptions
from vernacular.storage.tables import with_bounds

COMPARED = ("average", "english", "low_resource", "average_gain", "low_resource_gain", "english_change")
MERGE_COLUMNS = ("study", "model", "benchmark", "seed", "n", "languages", *with_bounds(*COMPARED), "metrics_version")


def merge_table(frames: Frames, options: MergeOptions) -> pd.DataFrame:
    """`tables/merge.csv`: MERGE_COLUMNS, a row for each (model, benchmark, seed), in the mapping's order.

    n counts the questions, translations one by one, languages the languages. average is the macro average of accuracy
    over all languages including English, low_resource that over the languages of `low_resource` which the benchmark
    has. The gains are differences from the model `baseline`, english_change from the model `reference`, both on the
    same benchmark with the same seed; they are null for that model itself. Values for which a benchmark lacks the
    languages are null. Shares of 1, rounded to 6 digits.

    Raises ValueError if the reference or the baseline was not scored along with a model, or if models were scored on
    different questions.
    """
    tables: dict[str, dict[str, dict[Run, Estimate]]] = {}
    for benchmark in benchmarks_of(frames):
        scores_by_run = comparable_scores(frames, benchmark)
        languages = in_order(next(iter(scores_by_run.values()))["language"], options.low_resource)
        groups = {
            "average": languages,
            "english": [ENGLISH] if ENGLISH in languages else [],
            "low_resource": low_resource_of(languages, options.low_resource),
        }
        tables[benchmark] = {
            group: accuracies_in(scores_by_run, benchmark, members, options.draws) for group, members in groups.items()
        }
    rows = []
    for (model, benchmark, seed), scores in frames.items():
        groups_of_run, run = tables[benchmark], (model, seed)
        values = [number for estimates in groups_of_run.values() for number in bounded(estimates.get(run))]
        reference = scored_model(frames, options, "reference", benchmark, seed)
        baseline = scored_model(frames, options, "baseline", benchmark, seed)
        for group, other in (("average", baseline), ("low_resource", baseline), ("english", reference)):
            estimates = groups_of_run[group]
            compared = model != other and run in estimates
            values += bounded(difference(estimates[run], estimates[other, seed]) if compared else None)
        asked = scores[["id", "language"]].drop_duplicates()
        counts = len(asked), asked["language"].nunique()
        rows.append((options.study, model, benchmark, seed, *counts, *values, METRICS_VERSION))
    return pd.DataFrame(rows, columns=list(MERGE_COLUMNS))


def language_table(frames: Frames, benchmark: str, options: MergeOptions) -> pd.DataFrame:
    """`tables/merge-<benchmark>.csv`: a row for each (model, seed) with scores, a column per language, the average, the
    metrics version.

    Languages are in the order of in_order. Cells hold percentages: "57.6 (51.2-63.9)", accuracy with its 95 % interval.
    Raises ValueError if no model was scored on the benchmark, or if models were scored on different questions.
    """
    scores = comparable_scores(frames, benchmark)
    languages = in_order(next(iter(scores.values()))["language"], options.low_resource)
    groups = {code: [code] for code in languages} | {"average": languages}
    columns = {
        name: [_percent_cell(found) for found in accuracies_in(scores, benchmark, members, options.draws).values()]
        for name, members in groups.items()
    }
    runs = {"model": [model for model, _ in scores], "seed": [seed for _, seed in scores]}
    return pd.DataFrame({**runs, **columns, "metrics_version": METRICS_VERSION})


def comparable_scores(frames: Frames, benchmark: str) -> dict[Run, pd.DataFrame]:
    """The score frames of a benchmark by model and seed, in the mapping's order: all for the same questions.

    Raises ValueError if there is none, if one is broken, or if two hold different (id, language).
    """
    scores_by_run = runs_on(frames, benchmark)
    if not scores_by_run:
        raise ValueError(f"{benchmark}: no model was scored on it; add it to the benchmarks of the evaluation")
    first: tuple[str, set[tuple[str, str]]] | None = None
    for (model, seed), scores in scores_by_run.items():
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
    return scores_by_run


def questions_of(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """The (id, language) of score or generation rows."""
    return set(zip(rows["id"], rows["language"], strict=True))


def in_order(languages: Iterable[str], low_resource: Sequence[str]) -> list[str]:
    """Languages, each once: those of `low_resource` in its order, then the others by code, English last."""
    there = set(languages)
    first = low_resource_of(there, low_resource)
    return [*first, *sorted(there - {*first, ENGLISH}), *([ENGLISH] if ENGLISH in there else [])]


def low_resource_of(languages: Iterable[str], low_resource: Sequence[str]) -> list[str]:
    """The languages of `low_resource`, each once and in its order, that are among `languages`; never English."""
    there = set(languages) - {ENGLISH}
    return [code for code in dict.fromkeys(low_resource) if code in there]


def accuracies_in(
    scores: Mapping[Run, pd.DataFrame], benchmark: str, languages: Sequence[str], draws: int
) -> dict[Run, Estimate]:
    """Macro average of accuracy over some languages of a benchmark, with the same draws for all runs; empty for no
    languages.

    English stays in the frames even if it is not averaged: it has all the questions, so all groups of languages use
    the same draws.
    """
    if not languages:
        return {}
    chosen = {run: frame[frame["language"].isin({*languages, ENGLISH})] for run, frame in scores.items()}
    return accuracies(chosen, benchmark, draws, "every" if ENGLISH in languages else "all")


def _percent_cell(estimate: Estimate) -> str:
    point, low, high = (f"{100 * value:.1f}" for value in bounded(estimate))
    return f"{point} ({low}-{high})"
