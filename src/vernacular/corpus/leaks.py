"""The leak check: no evaluation question, nor a translation of it, in what a model is trained on.

Four ways to find one, each blind where another sees: by id, by operands (the problem behind an id, however it is told),
by text (in any language that the question is asked in), and by near duplicates. All our choice.

The miniature's facts are the same in all splits by design, since nobody can answer what was never told. What is split,
and what is looked for here, is how they are put together: the same question about the same five options.
"""

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from vernacular.corpus.miniature import AnyProblem, Problem
from vernacular.storage.messages import one_line

WAYS = ("id", "operands", "text", "near-duplicate")
NEAR = 0.9  # of the 4-grams of two lines with the same numbers
GRAM = 4  # letters and digits
LINES = 20_000  # kept taken apart: the same ones stand in many rows and corpora

_NOT_WORDS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_DIGITS = {
    place: str(unicodedata.decimal(chr(place)))
    for place in range(128, sys.maxunicode + 1)
    if unicodedata.category(chr(place)) == "Nd"
}


class Leak(NamedTuple):
    """A row of a corpus that holds an evaluation question."""

    row: int  # from 1
    id: str  # of the row; empty where it has none
    question: str  # the id of the evaluation question
    language: str  # of the evaluation question; empty where it is every one
    way: str  # of WAYS


@lru_cache(LINES)
def plain(text: str) -> str:
    """Letters and digits alone, in one case and form, digits of all scripts alike."""
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text).translate(_DIGITS).casefold())


@lru_cache(LINES)
def numbers_of(text: str) -> tuple[str, ...]:
    return tuple(_NUMBER.findall(text.translate(_DIGITS)))


def grams(text: str) -> frozenset[str]:
    return frozenset(text[i : i + GRAM] for i in range(max(len(text) - GRAM + 1, 1)))


def is_near(own: frozenset[str], other: str) -> bool:
    """Whether NEAR of the 4-grams of a line (`own`) and of another, together, are in both.

    The other's are looked up one by one, until too many of them are not in `own`: nearly all lines are unlike.
    """
    bound = (1 - NEAR) / NEAR * len(own) + 1  # 1 for rounding; what is within it is counted
    lacking = set()
    for start in range(len(other) - GRAM + 1):
        gram = other[start : start + GRAM]
        if gram not in own:
            lacking.add(gram)
            if len(lacking) > bound:
                return False
    theirs = grams(other)
    return len(own & theirs) >= NEAR * len(own | theirs)


class Evaluation:
    """The questions of an evaluation, indexed for the search.

    questions: rows with `id`, `language`, `question` and perhaps `choices` (records.QUESTION). problems: id -> problem
    of those that the miniature made.
    """

    def __init__(self, questions: Iterable[Mapping[str, Any]], problems: Mapping[str, AnyProblem]) -> None:
        self.keys = {problem.key: identifier for identifier, problem in problems.items()}
        self.ids: set[str] = set()
        self.by_line: dict[str, list[tuple[list[str], set[str], str, str]]] = {}
        self.by_numbers: dict[tuple[str, ...], list[tuple[str, str, str]]] = {}
        for row in questions:
            identifier, language = row["id"], row["language"]
            self.ids.add(identifier)
            first, *rest = [line for line in map(plain, row["question"].split("\n")) if line] or [""]
            if not first:
                continue
            options = {plain(choice) for choice in row.get("choices") or []}
            self.by_line.setdefault(first, []).append((rest, options, identifier, language))
            numbers = numbers_of(row["question"])
            if not rest and not options and len(numbers) > 1:
                self.by_numbers.setdefault(numbers, []).append((first, identifier, language))

    def in_text(self, text: str) -> Iterator[tuple[str, str, str]]:
        """(question id, language, way) of the questions in a text: their lines, and a choice's options in any order.

        Near duplicates are lines with the same numbers in the same order, two at least, and NEAR of the 4-grams of both
        together.
        """
        raw = [line for line in text.split("\n") if line.strip()]
        lines = [plain(line) for line in raw]
        for place, line in enumerate(lines):
            found = set()
            for rest, options, identifier, language in self.by_line.get(line, []):
                end = place + 1 + len(rest)
                offered = {line[1:] for line in lines[end : end + len(options)]}  # without the letter
                if lines[place + 1 : end] == rest and offered == options:
                    found.add(identifier)
                    yield identifier, language, "text"
            near = self.by_numbers.get(numbers_of(raw[place]), []) if self.by_numbers else []
            own = grams(line) if near else frozenset()
            for other, identifier, language in near:
                alike = abs(len(other) - len(line)) <= (1 - NEAR) * len(line)
                if identifier not in found and alike and is_near(own, other):
                    found.add(identifier)
                    yield identifier, language, "near-duplicate"


def leaks(
    rows: Iterable[Mapping[str, Any]], evaluation: Evaluation, problems: Mapping[str, AnyProblem]
) -> Iterator[Leak | None]:
    """What each row of a corpus holds of the evaluation: its leaks, or one None for a row without any.

    rows: with `id` and texts in `question` (else `prompt`), `context`, `completion`, `text`, as far as they are there:
    records of training sets, traces, RL prompts, or anyone's. problems: id -> problem of the training questions. Raises
    ValueError for a row whose text does not show the numbers of its id's problem, since the check by operands goes by
    the id.
    """
    for number, row in enumerate(rows, 1):
        identifier = str(row.get("id") or "")
        found: dict[tuple[str, str], Leak] = {}
        if identifier in evaluation.ids:
            found[identifier, "id"] = Leak(number, identifier, identifier, "", "id")
        texts = [
            text
            for text in (
                row.get("question") or row.get("prompt"),
                *(row.get(name) for name in ("context", "completion", "text")),
            )
            if text
        ]
        if problem := problems.get(identifier):
            if isinstance(problem, Problem) and texts:
                shown = {name for text in texts for name in numbers_of(text)}
                if lacking := [n for n in problem.operands if str(n) not in shown]:
                    raise ValueError(
                        f"row {number} ({identifier}): its text lacks the number {lacking[0]} of the problem that its "
                        "id names; the corpus was made with other options or another seed, delete it and rerun"
                    )
            if problem.key in evaluation.keys:
                question = evaluation.keys[problem.key]
                found[question, "operands"] = Leak(number, identifier, question, "", "operands")
        for text in texts:
            for question, language, way in evaluation.in_text(text):
                found.setdefault((question, way), Leak(number, identifier, question, language, way))
        yield from found.values()
        if not found:
            yield None


def describe(corpus: str, found: list[Leak]) -> list[str]:
    """A line for each row of a corpus that leaks."""
    by_row: dict[int, list[Leak]] = {}
    for leak in found:
        by_row.setdefault(leak.row, []).append(leak)
    return [
        one_line(
            f"{corpus}: row {row} ({some[0].id or 'no id'}) holds "
            + ", ".join(
                f"{leak.question}{f' in {leak.language}' if leak.language else ''} (by {leak.way})" for leak in some
            )
        )
        for row, some in by_row.items()
    ]


def count(found: Iterable[Leak | None]) -> tuple[list[Leak], int]:
    """The leaks, and how many rows were looked at."""
    kept, clean, leaking = [], 0, set()
    for leak in found:
        if leak is None:
            clean += 1
        else:
            kept.append(leak)
            leaking.add(leak.row)
    return kept, clean + len(leaking)


def table_row(corpus: str, found: list[Leak], rows: int) -> dict[str, Any]:
    """`corpus/leaks.csv`: corpus, rows, and how many leaks of each way."""
    ways = Counter(leak.way for leak in found)
    return {"corpus": corpus, "rows": rows, **{way: ways[way] for way in WAYS}}
