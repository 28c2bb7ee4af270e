"""Readers of today's multilingual benchmarks of choices, all among four options. A broken file is a ValueError: one
line with file, row and column."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vernacular.corpus.readers import Example, json_rows, parquet_rows, shown, text_of, text_or_number, whole

LETTERS = "ABCD"
OPTIONS = tuple(f"option_{letter}" for letter in "abcd")


def include(path: Path, language: str) -> Iterator[Example]:
    """INCLUDE (Romanou et al., arXiv 2411.19799): question, option_a to option_d, answer (0 to 3).

    Its questions are from each language's own exams, none a translation of another: ids are a language's own.
    """
    for number, (place, row) in enumerate(parquet_rows(path, ("question", *OPTIONS, "answer")), 1):
        index = whole(row["answer"], f"{place}: answer")
        if index not in range(4):
            raise ValueError(f"{place}: the answer is {index}, not 0, 1, 2 or 3")
        yield choice(f"{language}-{number:05d}", language, row, OPTIONS, LETTERS[index], place)


def global_mmlu(path: Path, language: str) -> Iterator[Example]:
    """Global-MMLU-Lite (Singh et al., arXiv 2412.03304): sample_id (shared by translations), question, option_a to
    option_d, answer (A to D)."""
    for place, row in parquet_rows(path, ("sample_id", "question", *OPTIONS, "answer")):
        key = text_of(row, "answer", place).strip()
        if key not in tuple(LETTERS):
            raise ValueError(f"{place}: the answer is {shown(key)}, not A, B, C or D")
        yield choice(text_or_number(row, "sample_id", place), language, row, OPTIONS, key, place)


def belebele(path: Path, language: str) -> Iterator[Example]:
    """Belebele (Bandarkar et al., arXiv 2308.16884): link, question_number, flores_passage, question, mc_answer1 to
    mc_answer4, correct_answer_num (1 to 4).

    The passage comes before the question. link and question_number make the id; where two passages have one link, a
    further number tells them apart in the order of the file, which is the same in every language.
    """
    options = tuple(f"mc_answer{number}" for number in range(1, 5))
    seen: Counter[str] = Counter()
    for place, row in json_rows(path, ("link", "question_number", "flores_passage", "question", *options)):
        index = whole(row.get("correct_answer_num"), f"{place}: correct_answer_num")
        if index not in range(1, 5):
            raise ValueError(f"{place}: correct_answer_num is {index}, not 1, 2, 3 or 4")
        name = f"{text_of(row, 'link', place)}#{whole(row['question_number'], f'{place}: question_number')}"
        seen[name] += 1
        name = name if seen[name] == 1 else f"{name}-{seen[name]}"
        passage = text_of(row, "flores_passage", place).strip()
        found = choice(name, language, row, options, LETTERS[index - 1], place)
        yield found._replace(question=f"{passage}\n{found.question}")


def choice(name: str, language: str, row: dict[str, Any], columns: Sequence[str], key: str, place: str) -> Example:
    """A question whose options are in columns of their own; key: the letter of the right one."""
    question, options = text_of(row, "question", place).strip(), [text_of(row, column, place) for column in columns]
    if not question:
        raise ValueError(f"{place}: 'question' is blank; restore it")
    return Example(name, language, question, key, choices=options, place=place)
