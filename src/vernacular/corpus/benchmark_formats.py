"""Readers of benchmarks. A broken file is a ValueError: one line with file, row and column."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vernacular.corpus.readers import (
    Example,
    json_rows,
    shown,
    table_rows,
    text_lines,
    text_of,
    text_or_number,
    whole,
)
from vernacular.language.languages import ENGLISH
from vernacular.language.phrasebook import LABELS


def mgsm(path: Path, language: str) -> Iterator[Example]:
    """MGSM and MGSM-Rev2 (Shi et al., 2022; arXiv 2511.05162): question, tab, answer; line n is the same question.

    Empty lines at the end do not count.
    """
    blank = 0
    for number, line in enumerate(text_lines(path), 1):
        if not line.strip():
            blank = blank or number
            continue
        place, columns = f"{path}: line {number}", line.split("\t")
        if blank:
            place, columns = f"{path}: line {blank}", []
        if len(columns) > 2:
            raise ValueError(f"{place} has {len(columns)} columns, not two (question, tab, answer); cut the others off")
        if len(columns) < 2 or not columns[0].strip() or not columns[1].strip():
            raise ValueError(f"{place} is not of the form question, tab, answer")
        if number == 1 and is_header(*columns):
            raise ValueError(f"{place} is a header, not a question; delete it: line n is the same in every language")
        answer = columns[1].strip()
        if language != ENGLISH and THOUSANDS.fullmatch(answer):
            meant = answer.replace(".", "")
            raise ValueError(f"{place}, column 2: '{answer}' may be {meant}; write it as 1250 or 1,250")
        yield Example(f"{number:05d}", language, columns[0], answer, place=place)
    if blank == 1:
        raise ValueError(f"{path}: line 1 is not of the form question, tab, answer")


THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")  # as German writes them, or a number with three decimals


def is_header(question: str, answer: str) -> bool:
    """Whether a first line names its columns, in any language: a word or two, and a word (our choice)."""
    return len(question.split()) <= 2 and answer.strip().isalpha() and (len(answer) > 1 or question in ("q", "Q"))


def mgsm_json_lines(path: Path, language: str) -> Iterator[Example]:
    """MGSM with Korean (dayeonki/multilingual_reasoning): id (from 1), question, answer, replaced."""
    for place, row in json_rows(path, ("id", "question", "answer")):
        number = whole(row["id"], f"{place}: id")
        if number < 0:
            raise ValueError(f"{place}: id is {number}, not a number of at least 0")
        question, answer = text_of(row, "question", place), text_or_number(row, "answer", place)
        yield Example(f"{number:05d}", language, question, answer, place=place)


def msvamp(path: Path, language: str) -> Iterator[Example]:
    """MSVAMP (Chen et al., arXiv 2310.20246): query (English), equation, response (a number), m_query.

    Line n is the same question in every language.
    """
    for number, (place, row) in enumerate(json_rows(path, ("m_query", "response")), 1):
        question, answer = text_of(row, "m_query", place), text_or_number(row, "response", place)
        yield Example(f"{number:05d}", language, question, answer, place=place)


def gsm8k(path: Path, _: str | None) -> Iterator[Example]:
    """GSM8K (Cobbe et al., arXiv 2110.14168): question, answer (a solution that ends in `#### 18`); English."""
    for number, (place, row) in enumerate(table_rows(path, ("question", "answer")), 1):
        question, solution = text_of(row, "question", place), text_of(row, "answer", place)
        answer = final_number(solution)
        if answer is None:
            raise ValueError(f"{place}: 'answer' does not end in #### and a number")
        yield Example(f"{number:05d}", ENGLISH, question, answer, completion=solution, place=place)


def final_number(solution: str) -> str | None:
    """What follows the last `####` (GSM8K) or `The answer is:` (MetaMath); None if there is neither."""
    found = re.findall(r"(?:####|[Tt]he answer is:?)\s*([^\n]+)", solution)
    return (found[-1].strip().rstrip(".").strip() or None) if found else None


def x_csqa(path: Path, language: str) -> Iterator[Example]:
    """X-CSQA (Lin et al., 2021): id, question {stem, choices {label, text}}, answerKey. Some options are empty."""
    for place, row in table_rows(path, ("id", "question", "answerKey")):
        stem, labels, texts = choice_of(row["question"], place)
        if labels != list("ABCDE")[: len(labels)]:  # what verdicts know
            raise ValueError(f"{place}: the choices are labelled {shown(labels)}, not A, B, C, at most to E")
        key = text_of(row, "answerKey", place).strip()
        if key not in labels:
            advice = "the keys of the test split are withheld, take dev"
            raise ValueError(f"{place}: the key '{key}' is not one of the choices; {advice}")
        if not (name := text_or_number(row, "id", place)):
            raise ValueError(f"{place}: 'id' is empty; restore it")
        yield Example(name, language, stem, key, completion=key, choices=texts, place=place)


def choice_of(question: Any, place: str) -> tuple[str, list[str], list[str]]:
    """(stem, labels, texts) of X-CSQA's column `question`; ValueError where it is anything else."""
    if not isinstance(question, dict):
        raise ValueError(f"{place}: 'question' is {shown(question)}, not a stem and its choices")
    choices = question.get("choices")
    if isinstance(choices, list):  # JSON lines have a list of pairs, Parquet a pair of lists
        pairs = [choice if isinstance(choice, dict) else {} for choice in choices]
        choices = {key: [choice.get(key) for choice in pairs] for key in ("label", "text")}
    found = choices if isinstance(choices, dict) else {}
    labels, texts = found.get("label") or [], found.get("text") or []
    told = isinstance(labels, list) and isinstance(texts, list) and len(labels) == len(texts) > 1
    if not told or not all(isinstance(one, str) for one in [*labels, *texts]):
        raise ValueError(f"{place}: 'choices' is {shown(choices)}, not two or more labels with their texts")
    return text_of(question, "stem", place), labels, texts


def xnli(path: Path, language: str) -> Iterator[Example]:
    """XNLI (Conneau et al., 2018): premise, hypothesis, label (0 to 2); row n is the same in every language."""
    for number, (place, row) in enumerate(table_rows(path, ("premise", "hypothesis", "label")), 1):
        label = whole(row["label"], f"{place}: label")
        if label not in range(3):
            raise ValueError(f"{place}: the label is {label}, not 0, 1 or 2")
        parts = [" ".join(text_of(row, part, place).split()) for part in ("premise", "hypothesis")]
        if not all(parts):
            raise ValueError(f"{place}: premise or hypothesis is blank; restore it")
        yield Example(f"{number:06d}", language, "\n".join(parts), LABELS[label], completion=LABELS[label], place=place)
