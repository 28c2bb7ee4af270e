"""The leak check: no evaluation question, nor a translation of one, in what a model is trained on.

Questions are found in four ways that complement each other: by id, by operands (the problem behind an id, whatever its
wording), by text (in any language that the question is asked in), and by near duplicates. All our choice.

The miniature's facts are the same in all splits by design, since nobody can answer what was never told. What is split,
and looked for here, is how they are combined: the same question about the same five options.
"""

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from vernacular.corpus.miniature import AnyProblem, Problem, make_problems
from vernacular.corpus.options import LeaksOptions
from vernacular.storage.messages import one_line
from vernacular.storage.records import read_rows

WAYS = ("id", "operands", "text", "near-duplicate")
COLUMNS = ("corpus", "rows", *WAYS)
NEAR = 0.9  # of the 4-grams of two lines with the same numbers
GRAM = 4  # letters and digits
LINES = 20_000  # that are cached: the same ones are in many rows and corpora

_NOT_WORDS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_DIGITS = {place: str(int(chr(place))) for place in range(128, sys.maxunicode + 1) if chr(place).isdecimal()}


class Leak(NamedTuple):
    """An evaluation question in a row of a corpus."""

    question: str  # its id
    language: str  # empty for all of its languages
    way: str  # of WAYS

    def __str__(self) -> str:
        return f"{self.question}{f' in {self.language}' if self.language else ''} (by {self.way})"


@lru_cache(LINES)
def plain(text: str) -> str:
    """Letters and digits alone, in one case and form; digits of all scripts become ASCII."""
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text).translate(_DIGITS).casefold())


@lru_cache(LINES)
def numbers_of(text: str) -> tuple[str, ...]:
    return tuple(_NUMBER.findall(text.translate(_DIGITS)))


def grams(text: str) -> frozenset[str]:
    return frozenset(text[i : i + GRAM] for i in range(max(len(text) - GRAM + 1, 1)))


def is_near(own: frozenset[str], other: str) -> bool:
    """Whether a line with the 4-grams `own` and another share NEAR of all their 4-grams.

    The other's are looked up one by one until too many of them are not in `own`, since nearly all lines differ.
    """
    bound = (1 - NEAR) / NEAR * len(own) + 1  # 1 for rounding; what is within it is counted exactly
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

    questions: rows with `id`, `language`, `question` and perhaps `choices` (records.QUESTION). problems: id -> problem,
    for the miniature's questions.
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

        Near duplicates are lines with the same two or more numbers in the same order that share NEAR of their 4-grams.
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


def row_leaks(row: Mapping[str, Any], evaluation: Evaluation, problems: Mapping[str, AnyProblem]) -> list[Leak]:
    """The evaluation questions that a row of a corpus holds, each once for each way that it is found in.

    row: `id` and texts in `question` (else `prompt`), `context`, `completion`, `text`, whichever it has: a
    record of a training set, of traces, of RL prompts, or anyone's. problems: id -> problem of the training questions.
    Raises ValueError for what should be text and is not (such as a list of messages), and for a text without the
    numbers of its id's problem: the check by operands relies on the id.
    """
    identifier = "" if row.get("id") is None else str(row["id"])
    found: dict[tuple[str, str], Leak] = {}
    if identifier in evaluation.ids:
        found[identifier, "id"] = Leak(identifier, "", "id")
    texts = []
    for key in ("question" if row.get("question") else "prompt", "context", "completion", "text"):
        if not isinstance(text := row.get(key) or "", str):
            raise ValueError(f"'{key}' is {type(text).__name__}, not text; give its text alone")
        texts += [text] if text else []
    if problem := problems.get(identifier):
        if isinstance(problem, Problem) and texts:
            told = {number for text in texts for number in numbers_of(text)}
            if lacking := [number for number in problem.operands if str(number) not in told]:
                made = "the corpus was made with other options or another seed, delete it and rerun"
                raise ValueError(f"its text lacks the number {lacking[0]} of the problem with this id; {made}")
        if question := evaluation.keys.get(problem.key):
            found[question, "operands"] = Leak(question, "", "operands")
    for text in texts:
        for question, language, way in evaluation.in_text(text):
            found.setdefault((question, way), Leak(question, language, way))
    return list(found.values())


def check_corpus(
    name: str, rows: Iterable[Mapping[str, Any]], evaluation: Evaluation, problems: Mapping[str, AnyProblem]
) -> tuple[dict[str, Any], list[str]]:
    """(its row of `corpus/leaks.csv`: corpus, rows, leaks found in each way; a line for each row of it that leaks).

    Raises ValueError (one line) as row_leaks does.
    """
    ways, lines, number = Counter[str](), [], 0
    for number, row in enumerate(rows, 1):
        identifier = row.get("id")  # 0 is one
        place = f"{name}: row {number} ({'no id' if identifier in (None, '') else identifier})"
        try:
            found = row_leaks(row, evaluation, problems)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
        if found:
            ways.update(leak.way for leak in found)
            lines.append(one_line(f"{place} holds {', '.join(map(str, found))}"))
    return {"corpus": name, "rows": number, **{way: ways[way] for way in WAYS}}, lines


def check_files(
    corpora: Iterable[str], questions: Iterable[str], options: LeaksOptions
) -> tuple[list[dict[str, Any]], list[str]]:
    """check_corpus for Parquet files; prints a line after each. questions: files of the evaluated splits."""
    asked = (row for path in questions for row in read_rows(path) if row["benchmark"] in options.evaluated)
    evaluation = Evaluation(asked, problems_of(options.evaluated, options.splits, options))
    trained = problems_of(options.benchmarks, ["train"], options)
    table, lines = [], []
    for path in corpora:
        row, leaking = check_corpus(path, read_rows(path), evaluation, trained)
        print(f"{path}: {row['rows']} rows, {sum(row[way] for way in WAYS)} leaks", flush=True)
        table.append(row)
        lines += leaking
    return table, lines


def problems_of(names: Iterable[str], splits: list[str], options: LeaksOptions) -> dict[str, AnyProblem]:
    """id -> problem of those benchmarks that come from phrasebooks and have questions of the splits."""
    found: dict[str, AnyProblem] = {}
    for name, split in product(names, splits):
        if (benchmark := options.benchmarks.get(name)) and benchmark["questions"][split]:
            found |= make_problems(name, benchmark, split, options.seed)
    return found
