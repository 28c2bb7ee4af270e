"""Scoring completions against what AdaMame's script does a row: lingua on the trace, on each line, for several
languages, and math-verify.

    python benchmarks/score.py [--pairs 5] [--mgsm DIR]

2,000 traces of 200 to 2,000 characters (see filter.py); each side is one process with one thread, warmed up. It prints
the rows on which the verdicts of correctness differ.
"""

import argparse
import os
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", RAYON_NUM_THREADS="1")

from bench import Row, paired, rate, row, run
from identify import build_lingua, by_lingua
from math_verify import parse, verify
from texts import LANGUAGES, trace_pools

from vernacular.evaluation.score import golds_of, score_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import foreign_script_words
from vernacular.language.mathematics import strip_formal, strip_math
from vernacular.language.parts import take_apart

# How models write answers, in what both read alike; a right one, since `n` is put in.
FORMS = ["{n}", "{n}.0", "{n} \\text{{ kg}}", "\\frac{{{double}}}{{2}}", "{n}\\%", "\\text{{{n}}}", "x = {n}", "${n}$"]


def by_ours(identifier: LanguageIdentifier, some: list[dict[str, Any]], golds: Any) -> list[tuple[bool, str | None]]:
    found = score_rows(iter(some), golds, identifier)
    return [(one["correct"], one["trace_language"]) for one in found]


def row_by_row(detector: Any, some: list[dict[str, Any]]) -> list[tuple[bool, str | None]]:
    """The same verdicts, a row at a time."""
    verdicts = []
    for one in some:
        correct = bool(verify(parse(one["answer"]), parse(one["response"])))
        words = strip_math(one["trace"])
        language = by_lingua(detector, [words])[0]
        lines = [line for line in map(strip_math, one["trace"].split("\n")) if line]
        if all(code == one["language"] for code in by_lingua(detector, lines)):
            foreign_script_words(take_apart([strip_formal(one["trace"])]), [one["language"]])
        len({part.language for part in detector.detect_multiple_languages_of(words)})
        verdicts.append((correct, language))
    return verdicts


def with_forms(some: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with answers in various forms, one in ten of them wrong."""
    choice = random.Random(2)
    for one in some:
        number = int(one["answer"]) + (choice.random() < 0.1)
        form = choice.choice(FORMS) if choice.random() < 0.2 else "{n}"
        one["response"] = f"\\boxed{{{form.format(n=number, double=2 * number)}}}"
    return some


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    ours, lingua = LanguageIdentifier(LANGUAGES), build_lingua(LANGUAGES)
    for source, some in trace_pools(arguments):
        golds = golds_of(with_forms(some))
        few = some[: len(some) // 10]  # what the slow side is measured on: its rows take the same time each
        mine, other = by_ours(ours, some, golds), row_by_row(lingua, few)
        sides = rate(len(some), partial(by_ours, ours, some, golds)), rate(len(few), partial(row_by_row, lingua, few))
        name = f"score completions of {source}"
        yield paired(name, "rows a second", *sides, ">= 20", arguments.pairs)

        theirs = [bool(verify(parse(one["answer"]), parse(one["response"]))) for one in some]
        differ = [(one, a[0], b) for one, a, b in zip(some, mine, theirs, strict=True) if a[0] != b]
        for one, a, b in differ[:20]:
            print(f"gold {one['answer']}, response {one['response']}: ours {a}, math-verify {b}")
        agreed = 1 - len(differ) / len(some)
        yield row(f"{name}: as math-verify finds", "share of rows", [(agreed, 1.0)], "ours >= 0.995")

        pure = [place for place, one in enumerate(few) if one["spoken"] is not None]
        right = [sum(found[place][1] == few[place]["spoken"] for place in pure) / len(pure) for found in (mine, other)]
        yield row(f"{name}: language of the trace", "share right", [(right[0], right[1])], ">= 1")


if __name__ == "__main__":
    run(__doc__, rows, {"--mgsm": ""})
