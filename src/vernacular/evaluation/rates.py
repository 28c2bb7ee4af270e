"""What score rows count and the rates that these counts make, by problem and language.

A rate is a ratio of sums of integer counts, and a group's rate is the macro average of its languages' rates: each
language weighs the same. The sums are whole numbers below 2**53, hence exact in any order: tables do not depend on the
number of threads or on the linear algebra library.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]

RATES = (
    "accuracy",  # share of right answers over samples
    "pass_at_k",  # share of questions with a right answer among their k samples
    "language_consistency",  # share of traces that are as a whole in the query language
    "lpr",
    "wpr",
    "lcpr",
    "code_switch_rate",
    "foreign_script_rate",  # share of traces with a run of letters of a script that the query's language does not use
    "abstained_rate",  # share of traces, empty ones among them, whose language was not identified
    "tokens_mean",  # tokens a completion, of the model's own tokenizer
    "tokens_by_characters",  # characters a completion / 4, which is how AdaMame's metrics.py counts tokens
    "wpr_by_question",  # WPR of each question's traces, averaged over questions, as AdaMame's metrics.py does
    "lcpr_by_question",  # with that
    "answer_consistency",  # share, of the responses whose language was identified, of those in the query's language
)

COUNTED = ("tokens_mean", "tokens_by_characters")  # rates that are not shares of 1

COUNTS = (
    *("samples", "questions", "correct", "solved", "consistent"),
    *("lines", "words", "switched", "abstained", "tokens", "characters"),
    *("foreign", "examined", "answered", "identified", "judged", "word_shares"),
)
_NEEDED = (
    *("id", "problem", "language", "sample", "correct", "trace_language", "line_pass", "word_pass", "code_switched"),
    *("tokens", "characters", "foreign_script", "answer_language"),
)
_NULLABLE = ("problem", "trace_language", "word_pass", "foreign_script", "answer_language")


class Tally(NamedTuple):
    """Counts of one score file: `counts` has the shape (problems, languages, counts), `asked` (ids, languages) is 1
    where a question was asked in a language; ids, languages and problems are sorted."""

    ids: list[str]
    languages: list[str]
    asked: Array
    counts: Array
    k: int  # samples a question


def tally(scores: pd.DataFrame) -> Tally:
    """Count score rows (`records.SCORE`) by problem and language; a question without a problem is one of its own.

    Raises ValueError for rows that one evaluation cannot have written, each of which would distort a rate: none at all,
    a missing column, a null verdict, a repeated sample, or questions with different numbers of samples.
    """
    check_scores(scores)
    ids, first, of_id = np.unique(scores["id"].to_numpy(dtype=object), return_index=True, return_inverse=True)
    languages, of_language = np.unique(scores["language"].to_numpy(dtype=object), return_inverse=True)
    shape = (len(ids), len(languages))
    cell = of_id * len(languages) + of_language

    def total(weights: Array | None) -> Array:
        return np.bincount(cell, weights, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)

    samples = total(None)
    k = int(samples.max())
    if ((samples > 0) & (samples < k)).any():
        row, column = np.argwhere((samples > 0) & (samples < k))[0]
        raise ValueError(
            f"scores: {ids[row]} ({languages[column]}) has {int(samples[row, column])} of {k} samples; "
            "the generations are incomplete, generate and score them again"
        )
    correct, lines, words = (total(_flags(scores[name])) for name in ("correct", "line_pass", "word_pass"))
    by_name = {
        "samples": samples,
        "questions": (samples > 0).astype(np.float64),
        "correct": correct,
        "solved": (correct > 0).astype(np.float64),
        "consistent": total(_in_query_language(scores, "trace_language")),
        "lines": lines,
        "words": words,
        "judged": (lines > 0).astype(np.float64),
        "word_shares": np.divide(words, lines, out=np.zeros_like(lines), where=lines > 0),
        "switched": total(_flags(scores["code_switched"])),
        "abstained": total(_flags(scores["trace_language"].isna())),
        "tokens": total(scores["tokens"].to_numpy(np.float64)),
        "characters": total(scores["characters"].to_numpy(np.float64)),
        "foreign": total(_flags(scores["foreign_script"])),
        "examined": total(_flags(scores["foreign_script"].notna())),
        "answered": total(_in_query_language(scores, "answer_language")),
        "identified": total(_flags(scores["answer_language"].notna())),
    }
    of_ids = np.stack([by_name[name] for name in COUNTS], axis=-1)
    named = scores["problem"].where(scores["problem"].notna(), scores["id"]).to_numpy(dtype=object)[first]
    problems, of_problem = np.unique(named, return_inverse=True)
    counts = np.zeros((len(problems), *of_ids.shape[1:]))
    np.add.at(counts, of_problem, of_ids)
    return Tally(ids.tolist(), languages.tolist(), by_name["questions"], counts, k)


def check_scores(scores: pd.DataFrame) -> None:
    """Raises ValueError for rows that are none of one evaluation, whatever the number of samples; see `tally`."""
    if missing := [column for column in _NEEDED if column not in scores.columns]:
        raise ValueError(f"scores: no column {', '.join(missing)}; score the generations again")
    if scores.empty:
        raise ValueError("scores: no rows; the evaluation wrote nothing, generate and score it again")
    for column in _NEEDED:
        if column not in _NULLABLE and scores[column].isna().any():
            raise ValueError(f"scores: null in column {column}; only {', '.join(_NULLABLE)} and answer may be null")
    if not np.array_equal(_flags(scores["line_pass"]) == 1, scores["word_pass"].notna().to_numpy(bool)):
        raise ValueError("scores: word_pass must be null exactly where line_pass is false; score the generations again")
    if (repeated := scores.duplicated(["id", "language", "sample"])).any():
        row = scores.loc[repeated, ["id", "language", "sample"]].iloc[0]
        raise ValueError(f"scores: sample {row['sample']} of {row['id']} ({row['language']}) occurs twice")


def rates(scores: pd.DataFrame) -> dict[str, float]:
    """The rates of score rows by name: those of their language, or the macro average over all their languages.

    LPR, WPR and LCPR as in AdaMame (arXiv 2606.15080, its 3_eval/metrics.py): WPR is taken among the traces whose lines
    pass: of all of them, which counts each alike, or, as there, of each question's, averaged over the questions that
    have any (wpr_by_question). Where none passes it is 0, as LPR and LCPR, their harmonic mean, are. The consistency of
    answers is taken among the responses whose language was identified: NaN where there is none.
    """
    values = macro_average(rates_of(tally(scores).counts.sum(axis=0)))
    return dict(zip(RATES, values.tolist(), strict=True))


def _flags(column: pd.Series) -> Array:
    """1 for true, 0 for false and null, from bool, nullable and object columns alike (Parquet gives each of them)."""
    return np.asarray(column.astype("boolean").fillna(False), dtype=np.float64)


def _in_query_language(scores: pd.DataFrame, label: str) -> Array:
    """1 where the language in a column is the query's, 0 where it is another or null."""
    return _flags(scores[label].notna() & (scores[label] == scores["language"]))


def rates_of(counts: Array) -> Array:
    """(..., counts) to (..., rates); NaN where nothing was counted (a draw can miss a language of few problems)."""
    count = {name: counts[..., i] for i, name in enumerate(COUNTS)}

    def share(part: str, whole: str) -> Array:
        empty = np.full_like(count[whole], np.nan)
        return np.divide(count[part], count[whole], out=empty, where=count[whole] > 0)

    lpr = share("lines", "samples")
    none = np.where(count["samples"] > 0, 0.0, np.nan)
    wpr, by_question = (
        np.where(count["lines"] > 0, share(*parts), none) for parts in (("words", "lines"), ("word_shares", "judged"))
    )
    by_name = {
        "accuracy": share("correct", "samples"),
        "pass_at_k": share("solved", "questions"),
        "language_consistency": share("consistent", "samples"),
        "lpr": lpr,
        "wpr": wpr,
        "lcpr": harmonic_mean(lpr, wpr),
        "wpr_by_question": by_question,
        "lcpr_by_question": harmonic_mean(lpr, by_question),
        "code_switch_rate": share("switched", "samples"),
        "foreign_script_rate": share("foreign", "examined"),
        "abstained_rate": share("abstained", "samples"),
        "tokens_mean": share("tokens", "samples"),
        "tokens_by_characters": share("characters", "samples") / 4,
        "answer_consistency": share("answered", "identified"),
    }
    return np.stack([by_name[name] for name in RATES], axis=-1)


def harmonic_mean(a: Array, b: Array) -> Array:
    """2ab / (a + b), element by element; 0 where both are 0, NaN where either is."""
    total = a + b
    return np.divide(2 * a * b, total, out=np.zeros_like(total), where=total != 0)


def macro_average(values: Array) -> Array:
    """The mean over the languages that have a rate: (..., language, rate) to (..., rate); NaN where none has."""
    there = ~np.isnan(values)
    number = there.sum(axis=-2)
    total = np.where(there, values, 0.0).sum(axis=-2)
    return np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)
