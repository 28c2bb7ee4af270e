"""From scores to rates with intervals: `tables/scores.csv`, and the joint draws that the Pareto front needs.

A bootstrap draw is a product of the counts with the number of times each problem was drawn: whole numbers, hence exact.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd

from vernacular.evaluation.rates import COUNTS, RATES, Array, Tally, macro_average, rates_of, tally
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.language.languages import ENGLISH
from vernacular.storage.tables import with_bounds

Key = TypeVar("Key", bound=Hashable)
Groups = dict[str, list[int]]  # name -> places of its languages

KEY_COLUMNS = ("study", "model", "benchmark", "language", "seed", "n", "k")
COLUMNS = (*KEY_COLUMNS, *with_bounds(*RATES), "answer_n", "metrics_version")  # answer_n: responses identified

DRAWS, LEVEL, DIGITS = 1000, 0.95, 6


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
        points, drawn = rates_of(table.counts.sum(axis=0)), _drawn_rates(table, benchmark, draws)
        for name, members in _row_languages(table.languages, in_domain).items():
            point, low, high = macro_average(points[members]), *interval(macro_average(drawn[:, members]))
            n, answers = (
                int(table.counts[:, members, COUNTS.index(count)].sum()) for count in ("questions", "identified")
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
        point, without = rates_of(total), rates_of(total - table.counts)
        questions = table.counts[..., COUNTS.index("questions")]
        share = questions / questions.sum(axis=0)
        result[key] = {}
        for name, codes in groups.items():
            if places := [i for i, code in enumerate(table.languages) if code in set(codes)]:
                rate = macro_average(point[places])
                shift = np.nan_to_num((problems - 1) * (rate - macro_average(without[:, places])))
                values = rate + shift - shift.mean(axis=0)
                result[key][name] = Parts(values, float(problems * share[:, places].max()))
    return result


def _estimates(
    frames: Mapping[Key, pd.DataFrame], benchmark: str, draws: int, members: Callable[[list[str]], Groups]
) -> dict[Key, dict[str, Estimate]]:
    result = {}
    for key, table in _alike(frames, benchmark).items():
        groups = members(table.languages)
        point, drawn = rates_of(table.counts.sum(axis=0)), _drawn_rates(table, benchmark, draws)
        result[key] = {
            name: Estimate(macro_average(point[places]), macro_average(drawn[:, places]))
            for name, places in groups.items()
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
    return rates_of(drawn.reshape(draws, languages, counts))
