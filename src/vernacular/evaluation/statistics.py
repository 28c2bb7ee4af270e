"""From scores to rates with intervals: `tables/scores.csv`, and the joint draws that the Pareto front needs.

Everything is computed from integer counts per (problem, language). A rate is a ratio of their sums, a group's rate
is the macro average of its languages' rates (each language weighs the same), and a bootstrap draw is a product of
the counts with the number of times each problem was drawn. The sums are whole numbers below 2**53, hence exact in any
order: tables do not depend on the number of threads or on the linear algebra library.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vernacular.evaluation.version import METRICS_VERSION
from vernacular.language.languages import ENGLISH
from vernacular.storage.tables import with_bounds

Array = NDArray[np.float64]
Key = TypeVar("Key", bound=Hashable)
Groups = dict[str, list[int]]  # name -> places of its languages

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
KEY_COLUMNS = ("study", "model", "benchmark", "language", "seed", "n", "k")
COLUMNS = (*KEY_COLUMNS, *with_bounds(*RATES), "answer_n", "metrics_version")  # answer_n: responses identified

DRAWS, LEVEL, DIGITS = 1000, 0.95, 6

COUNTED = ("tokens_mean", "tokens_by_characters")  # rates that are no shares of 1

_COUNTS = (
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
    if missing := [column for column in _NEEDED if column not in scores.columns]:
        raise ValueError(f"scores: no column {', '.join(missing)}; score the generations again")
    if scores.empty:
        raise ValueError("scores: no rows; the evaluation wrote nothing, generate and score it again")
    for column in _NEEDED:
        if column not in _NULLABLE and scores[column].isna().any():
            raise ValueError(f"scores: null in column {column}; only {', '.join(_NULLABLE)} and answer may be null")
    line_pass = _flags(scores["line_pass"])
    if not np.array_equal(line_pass == 1, scores["word_pass"].notna().to_numpy(bool)):
        raise ValueError("scores: word_pass must be null exactly where line_pass is false; score the generations again")
    if (repeated := scores.duplicated(["id", "language", "sample"])).any():
        row = scores.loc[repeated, ["id", "language", "sample"]].iloc[0]
        raise ValueError(f"scores: sample {row['sample']} of {row['id']} ({row['language']}) occurs twice")

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
    of_ids = np.stack([by_name[name] for name in _COUNTS], axis=-1)
    named = scores["problem"].where(scores["problem"].notna(), scores["id"]).to_numpy(dtype=object)[first]
    problems, of_problem = np.unique(named, return_inverse=True)
    counts = np.zeros((len(problems), *of_ids.shape[1:]))
    np.add.at(counts, of_problem, of_ids)
    return Tally(ids.tolist(), languages.tolist(), by_name["questions"], counts, k)


def rates(scores: pd.DataFrame) -> dict[str, float]:
    """The rates of score rows by name: those of their language, or the macro average over all their languages.

    LPR, WPR and LCPR as in AdaMame (arXiv 2606.15080, its 3_eval/metrics.py): WPR is taken among the traces whose lines
    pass: of all of them, which counts each alike, or, as there, of each question's, averaged over the questions that
    have any (wpr_by_question). Where none passes it is 0, as LPR and LCPR, their harmonic mean, are. The consistency of
    answers is taken among the responses whose language was identified: NaN where there is none.
    """
    values = _macro(_rates(tally(scores).counts.sum(axis=0)))
    return dict(zip(RATES, values.tolist(), strict=True))


def score_table(
    frames: Mapping[tuple[str, str, int], pd.DataFrame], study: str, in_domain: Iterable[str], draws: int = DRAWS
) -> pd.DataFrame:
    """`tables/scores.csv`: for each (model, benchmark, seed), in the mapping's order, groups first and then languages.

    The groups `all`, `in-domain` (the languages of `in_domain`) and `out-of-domain` (the others) are macro averages
    and leave English out, which has a row of its own; a group without a language has no row. n counts the questions,
    translations one by one; k is the number of samples of each; answer_n counts the responses whose language was
    identified. answer_consistency is null where there is none, and a group's leaves out the languages without one.
    Intervals: see `draw_weights`. Rounded to 6 digits.
    """
    in_domain = set(in_domain)
    rows = []
    for (model, benchmark, seed), scores in frames.items():
        try:
            table = tally(scores)
        except ValueError as error:
            raise ValueError(f"{model} on {benchmark}, seed {seed}: {error}") from None
        points, drawn = _rates(table.counts.sum(axis=0)), _drawn_rates(table, benchmark, draws)
        for name, members in _row_languages(table.languages, in_domain).items():
            point, low, high = _macro(points[members]), *interval(_macro(drawn[:, members]))
            n, answers = (
                int(table.counts[:, members, _COUNTS.index(count)].sum()) for count in ("questions", "identified")
            )
            values = np.stack([point, low, high], axis=-1).round(DIGITS).ravel().tolist()
            rows.append((study, model, benchmark, name, seed, n, table.k, *values, answers, METRICS_VERSION))
    return pd.DataFrame(rows, columns=list(COLUMNS))


class Estimate(NamedTuple):
    """The rates of a group, in the order of RATES: `point` (rate,) as measured, `draws` (draw, rate) resampled."""

    point: Array
    draws: Array


def joint_estimates(
    frames: Mapping[Key, pd.DataFrame], benchmark: str, draws: int = DRAWS, group: str = "all"
) -> dict[Key, Estimate]:
    """A group (`all`, `every`: the same with English, or a language) for frames of one benchmark, with joint draws.

    Row d of each frame's draws uses the same resampled questions: differences and fronts are taken row by row.
    Raises ValueError if the group has no language, or if the frames differ in their questions or languages and cannot
    be compared.
    """

    def members(languages: list[str]) -> Groups:
        groups = _row_languages(languages, set()) | {"every": list(range(len(languages)))}
        if group not in groups:
            what = (
                "English alone, which the group `all` leaves out" if group == "all" else f"languages without '{group}'"
            )
            raise ValueError(f"{benchmark}: scored in {what}; add a language")
        return {group: groups[group]}

    return {key: found[group] for key, found in _estimates(frames, benchmark, draws, members).items()}


def group_estimates(
    frames: Mapping[Key, pd.DataFrame], benchmark: str, groups: Mapping[str, Iterable[str]], draws: int = DRAWS
) -> dict[Key, dict[str, Estimate]]:
    """Several named groups of languages at once, with the joint draws of `joint_estimates`: key -> group -> rates.

    groups: name -> codes; those that the frames lack are left out, and so is a group without any. Raises ValueError
    where the frames differ in their questions or languages.
    """

    def members(languages: list[str]) -> Groups:
        found = {name: [i for i, code in enumerate(languages) if code in set(codes)] for name, codes in groups.items()}
        return {name: places for name, places in found.items() if places}

    return _estimates(frames, benchmark, draws, members)


class Parts(NamedTuple):
    """The rates of a group taken apart into what each problem contributes: `values` (problem, rate), whose mean is the
    measured rate; weight: that of the heaviest problem, 1 where all have as many questions."""

    values: Array
    weight: float


def problem_parts(
    frames: Mapping[Key, pd.DataFrame], benchmark: str, groups: Mapping[str, Iterable[str]]
) -> dict[Key, dict[str, Parts]]:
    """What each problem contributes to the rates of named groups of languages: key -> group -> Parts.

    By leaving each problem out in turn (the jackknife's pseudo-values; Efron and Stein 1981): for a mean over equally
    many questions these are the problems' own means, for a harmonic mean their share in its first order. Moved so that
    their mean is the rate as measured. groups: name -> codes; those that the frames lack are left out, and so is a
    group without any. Raises ValueError where the frames differ in their questions or languages.
    """
    result: dict[Key, dict[str, Parts]] = {}
    for key, table in _alike(frames, benchmark).items():
        total, problems = table.counts.sum(axis=0), len(table.counts)
        point, without = _rates(total), _rates(total - table.counts)
        questions = table.counts[..., _COUNTS.index("questions")]
        share = questions / questions.sum(axis=0)
        result[key] = {}
        for name, codes in groups.items():
            if places := [i for i, code in enumerate(table.languages) if code in set(codes)]:
                rate = _macro(point[places])
                shift = np.nan_to_num((problems - 1) * (rate - _macro(without[:, places])))
                values = rate + shift - shift.mean(axis=0)
                result[key][name] = Parts(values, float(problems * share[:, places].max()))
    return result


def _estimates(
    frames: Mapping[Key, pd.DataFrame], benchmark: str, draws: int, members: Callable[[list[str]], Groups]
) -> dict[Key, dict[str, Estimate]]:
    result = {}
    for key, table in _alike(frames, benchmark).items():
        groups = members(table.languages)
        point, drawn = _rates(table.counts.sum(axis=0)), _drawn_rates(table, benchmark, draws)
        result[key] = {
            name: Estimate(_macro(point[places]), _macro(drawn[:, places])) for name, places in groups.items()
        }
    return result


def _alike(frames: Mapping[Key, pd.DataFrame], benchmark: str) -> dict[Key, Tally]:
    """The counts of each frame. Raises ValueError where two of them differ in their questions or languages."""
    tables: dict[Key, Tally] = {}
    for key, scores in frames.items():
        table = tables[key] = tally(scores)
        first = next(iter(tables.values()))
        if (table.ids, table.languages, table.asked.tobytes()) != (first.ids, first.languages, first.asked.tobytes()):
            what = "languages" if table.languages != first.languages else "questions"
            raise ValueError(
                f"{benchmark}: {next(iter(frames))} and {key} were scored on different {what}; "
                "evaluate the models of a benchmark on the same ones, or name a second benchmark"
            )
    return tables


def interval(draws: Array) -> tuple[Array, Array]:
    """The 95 % percentile interval of draws (draw, ...): their 2.5 % and 97.5 % quantiles; NaN where all are."""
    nothing = np.isnan(draws).all(axis=0)
    ends = np.nanquantile(np.where(nothing, 0.0, draws), [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    low, high = np.where(nothing, np.nan, ends)
    return low, high


def draw_weights(benchmark: str, problems: int, draws: int = DRAWS) -> Iterator[Array]:
    """How often each of the sorted problems of a benchmark is drawn: `draws` times (problems,), whole numbers that sum
    to `problems`.

    A bootstrap clustered by problem (Cameron, Gelbach and Miller 2008, section 2): a problem brings all its questions,
    languages and samples along, since wordings and translations of a problem and samples of one prompt are not
    independent. Seeded by the benchmark's name alone, so that all models and seeds share the draws (paired
    comparisons), and so that a model's row does not change with what else is in the study.
    """
    seed = int.from_bytes(hashlib.sha256(benchmark.encode()).digest()[:8], "big")
    rng, even = np.random.default_rng(seed), np.full(problems, 1 / problems)
    for _ in range(draws):
        yield rng.multinomial(problems, even).astype(np.float64)


def _flags(column: pd.Series) -> Array:
    """1 for true, 0 for false and null, from bool, nullable and object columns alike (Parquet gives each of them)."""
    return np.asarray(column.astype("boolean").fillna(False), dtype=np.float64)


def _in_query_language(scores: pd.DataFrame, label: str) -> Array:
    """1 where the language in a column is the query's, 0 where it is another or null."""
    return _flags(scores[label].notna() & (scores[label] == scores["language"]))


def _row_languages(languages: list[str], in_domain: set[str]) -> dict[str, list[int]]:
    """The rows of a table and the positions of the languages that each averages over; empty groups are left out."""
    others = [i for i, code in enumerate(languages) if code != ENGLISH]
    groups = {
        "all": others,
        "in-domain": [i for i in others if languages[i] in in_domain],
        # Without in-domain languages it is not said which ones were trained on.
        "out-of-domain": [i for i in others if in_domain and languages[i] not in in_domain],
    }
    return {name: members for name, members in groups.items() if members} | {c: [i] for i, c in enumerate(languages)}


def _drawn_rates(table: Tally, benchmark: str, draws: int) -> Array:
    """(draw, language, rate)."""
    problems, languages, counts = table.counts.shape
    flat = table.counts.reshape(problems, languages * counts)
    drawn = np.stack([weights @ flat for weights in draw_weights(benchmark, problems, draws)])
    return _rates(drawn.reshape(draws, languages, counts))


def _rates(counts: Array) -> Array:
    """(..., counts) to (..., rates); NaN where nothing was counted (a draw can miss a language of few problems)."""
    count = {name: counts[..., i] for i, name in enumerate(_COUNTS)}

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


def _macro(values: Array) -> Array:
    """The mean over the languages that have a rate: (..., language, rate) to (..., rate); NaN where none has."""
    there = ~np.isnan(values)
    number = there.sum(axis=-2)
    total = np.where(there, values, 0.0).sum(axis=-2)
    return np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0)
