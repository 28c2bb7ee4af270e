"""Readers of today's multilingual benchmarks with mathematical answers. A broken file is a ValueError: one line with
file, row and column."""

from collections.abc import Iterator
from pathlib import Path

from vernacular.corpus.question_lines import csv_rows
from vernacular.corpus.readers import (
    Example,
    check_columns,
    json_rows,
    parquet_rows,
    shown,
    table_rows,
    text_of,
    text_or_number,
    whole,
)
from vernacular.language.languages import code_of


def mmath(path: Path, language: str) -> Iterator[Example]:
    """MMATH (Luo et al., arXiv 2505.19126), a list: question, answer (a number, or a formula in `$`), gid (shared by
    translations), data_source, lang."""
    for place, row in json_rows(path, ("gid", "question", "answer")):
        number = whole(row["gid"], f"{place}: gid")
        question, answer = text_of(row, "question", place), text_or_number(row, "answer", place)
        yield Example(f"{number:05d}", language, question, answer, place=place)


def polymath(path: Path, language: str) -> Iterator[Example]:
    """PolyMath (Wang et al., arXiv 2504.18428): id (`top-fr-7`), question, answer; a file for each of four levels."""
    for place, row in table_rows(path, ("id", "question", "answer")):
        level, _, number = text_of(row, "id", place).partition(f"-{language}-")
        if not number:
            raise ValueError(f"{place}: id is {shown(row['id'])}, not of the form {path.stem}-{language}-0")
        question, answer = text_of(row, "question", place), text_or_number(row, "answer", place)
        yield Example(f"{level}-{whole(number, f'{place}: id'):05d}", language, question, answer, place=place)


def mclm(path: Path, _: str | None) -> Iterator[Example]:
    """MT-MATH100 and MT-AIME2024 of MCLM (Son et al., arXiv 2502.17407): answer, and a column for each language.

    Columns that name no language, and traditional Chinese, are left out; a null is a translation that is not there.
    """
    for number, (place, row) in enumerate(parquet_rows(path, ()), 1):
        check_columns(row, ("answer",), place)
        answer = text_or_number(row, "answer", place)
        for column in row:
            if (language := code_of(column)) and row[column] is not None:
                question = text_of(row, column, place)
                yield Example(f"{path.stem}-{number:05d}", language, question, answer, place=place)


def global_mgsm(path: Path, language: str) -> Iterator[Example]:
    """Global-MGSM (CohereLabs): question, answer, instruction, answer_prefix; row n is the same in every language."""
    for number, (place, row) in enumerate(parquet_rows(path, ("question", "answer")), 1):
        question, answer = text_of(row, "question", place), text_or_number(row, "answer", place)
        yield Example(f"{number:05d}", language, question, answer, place=place)


def afrimgsm(path: Path, language: str) -> Iterator[Example]:
    """AfriMGSM (Adelani et al., IrokoBench, arXiv 2406.03368), with a header: question, answer, answer_number.

    In `answer` is a solution or nothing where there is an `answer_number`. Line n is the same in every language.
    """
    for number, (place, row) in enumerate(csv_rows(path, ()), 1):
        gold = "answer" if row.get("answer_number") is None else "answer_number"
        check_columns(row, ("question", gold), place)
        question, answer = text_of(row, "question", place), text_or_number(row, gold, place)
        yield Example(f"{number:05d}", language, question, answer, place=place)


def aime(path: Path, language: str) -> Iterator[Example]:
    """AIME in several languages, a file for each: problem or question, and answer or expected_answer.

    XReasoning's (Qi et al., arXiv 2505.22888) and NVIDIA's AIME24-X have these columns. Row n is the same problem in
    every language.
    """
    for number, (place, row) in enumerate(table_rows(path, ()), 1):
        asked = "problem" if "problem" in row else "question"
        gold = "expected_answer" if "expected_answer" in row else "answer"
        check_columns(row, (asked, gold), place)
        question, answer = text_of(row, asked, place), text_or_number(row, gold, place)
        yield Example(f"{number:05d}", language, question, answer, place=place)
