"""Which questions an evaluation asks, and what a decoding makes of them before any model sees them."""

from collections.abc import Iterable, Iterator
from typing import Any

from vernacular.language.prompts import question_text

ENGLISH = "en"


def chosen_questions(
    rows: Iterable[dict[str, Any]], benchmark: str, options: dict[str, Any], place: str
) -> list[dict[str, Any]]:
    """The questions of a benchmark by language: the first `questions` of each, `questions_en` in English.

    Raises ValueError for a language without questions; place: the file, for the message.
    """
    languages = options["languages"]
    rows = [row for row in rows if row["benchmark"] == benchmark and row["language"] in {*languages, ENGLISH}]
    if missing := set(languages) - {row["language"] for row in rows}:
        raise ValueError(f"{place}: no '{benchmark}' questions in {', '.join(sorted(missing))}; see evaluations")
    order = {identifier: n for n, identifier in enumerate(sorted({row["id"] for row in rows}))}
    least = options["questions"] or len(order)
    most = {ENGLISH: options["questions_en"] or least}
    if options["decoding"] == "mixed-en":
        rows = mixed(rows)
    if options["decoding"] == "english-context":
        rows = with_english(rows)
    return [row for row in rows if row["language"] in languages and order[row["id"]] < most.get(row["language"], least)]


def with_english(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions with `context`: their English version, options and all. Raises ValueError where a question has none."""
    return [
        {**row, "context": question_text(other["question"], other["choices"])}
        for row, other in beside_english(rows, "put before")
    ]


def beside_english(rows: list[dict[str, Any]], to: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each row and the English one of its question. Raises ValueError where there is none; to: what for."""
    english = {row["id"]: row for row in rows if row["language"] == ENGLISH}
    for row in rows:
        if row["id"] not in english:
            raise ValueError(f"{row['id']}: no English version to {to} '{row['language']}'; see benchmarks")
        yield row, english[row["id"]]


def mixed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions in two languages: the first line stays, the lines below and the options are those of the English one.

    So a premise is met by an English hypothesis, a question by English options. Raises ValueError where a question has
    no English version.
    """
    found = []
    for row, other in beside_english(rows, "mix with"):
        lines = [row["question"].split("\n")[0], *other["question"].split("\n")[1:]]
        found.append({**row, "question": "\n".join(lines), "choices": other["choices"]})
    return found
