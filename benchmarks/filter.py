"""The filter of traces against the same steps row by row, as AdaMame's scripts do them: lingua and math-verify a row.

    python benchmarks/filter.py [--pairs 5] [--mgsm DIR]

2,000 traces of 200 to 2,000 characters in five languages; both sides choose among 23 and are warmed up. Where DIR holds
mgsm_<language>.tsv, also traces made of MGSM's sentences. Each side is one process with one thread.
"""

import argparse
import os
from collections.abc import Iterator
from functools import partial
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", RAYON_NUM_THREADS="1")

from bench import Row, paired, rate, row, run
from identify import build_lingua, by_lingua
from math_verify import parse, verify
from texts import LANGUAGES, trace_pools

from vernacular.corpus.filter import filter_rows, has_structure, normalise
from vernacular.corpus.options import FilterOptions
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.mathematics import strip_math

LIMITS = FilterOptions(shortest=100, longest=5000)


def by_ours(identifier: LanguageIdentifier, some: list[dict[str, Any]]) -> list[str | None]:
    return [step for _, step in filter_rows((dict(one) for one in some), identifier, LIMITS)]


def row_by_row(detector: Any, some: list[dict[str, Any]]) -> list[str | None]:
    """The filter's steps in its order, each on one row at a time."""
    verdicts: list[str | None] = []
    seen: set[tuple[str, ...]] = set()
    for one in (dict(one) for one in some):
        verdicts.append(verdict_of(one, detector, seen))
    return verdicts


def verdict_of(one: dict[str, Any], detector: Any, seen: set[tuple[str, ...]]) -> str | None:
    if not has_structure([one])[0]:
        return "structure"
    if "\\boxed" not in one["response"]:
        return "box"
    if not verify(parse(one["answer"]), parse(one["response"])):
        return "answer"
    if by_lingua(detector, [strip_math(one["trace"])]) != [one["language"]]:
        return "language"
    lines = [line for line in map(strip_math, one["trace"].split("\n")) if line]
    if any(code not in (None, one["language"]) for code in by_lingua(detector, lines)):
        return "lines"
    if not LIMITS.shortest <= len(one["trace"]) <= LIMITS.longest:
        return "length"
    key = tuple(normalise(one[name]) for name in ("language", "question", "trace"))
    if key in seen:
        return "duplicates"
    seen.add(key)
    return None


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    ours, lingua = LanguageIdentifier(LANGUAGES), build_lingua(LANGUAGES)
    for source, some in trace_pools(arguments):
        few = some[: len(some) // 10]  # what the slow side is measured on: its rows take the same time each
        by_ours(ours, some)
        row_by_row(lingua, few[:20])
        sides = rate(len(some), partial(by_ours, ours, some)), rate(len(few), partial(row_by_row, lingua, few))
        name = f"filter traces of {source}"
        yield paired(name, "rows a second", *sides, ">= 10", arguments.pairs)
        truth = [expected(one) for one in few]
        right = [
            sum((step is None) == kept for step, kept in zip(found, truth, strict=True)) / len(few)
            for found in (by_ours(ours, few), row_by_row(lingua, few))
        ]
        yield row(f"{name}: right verdicts", "share of rows", [(right[0], right[1])])


def expected(one: dict[str, Any]) -> bool:
    """Whether the row was made without a flaw."""
    return bool(one["flaw"] is None)


if __name__ == "__main__":
    run(__doc__, rows, {"--mgsm": ""})
