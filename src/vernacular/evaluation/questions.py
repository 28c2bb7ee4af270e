"""Which questions an evaluation asks, and how a decoding changes them before any model sees them."""

from collections.abc import Iterable, Iterator
from typing import Any

from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.ranks import ranks
from vernacular.language.languages import ENGLISH
from vernacular.language.prompts import question_text


def chosen_questions(
    rows: Iterable[dict[str, Any]], benchmark: str, options: GenerationOptions, place: str
) -> list[dict[str, Any]]:
    """The questions of a benchmark by language: the first `questions` of each, `questions_en` in English.

    Raises ValueError for a language without questions; place: the file, for the message.
    """
    languages = options.languages
    rows = [row for row in rows if row["benchmark"] == benchmark]
    there = {row["language"] for row in rows}
    if missing := set(languages) - there:
        raise ValueError(
            f"{place}: no '{benchmark}' questions in {', '.join(sorted(missing))}, only in "
            f"{', '.join(sorted(there)) or 'no language'}; set `languages` of its evaluation"
        )
    rows = [row for row in rows if row["language"] in {*languages, ENGLISH}]
    order = ranks((row["id"], row["language"]) for row in rows)
    count = options.questions or len(order)
    count_of = {ENGLISH: options.questions_en or count}
    if options.decoding == "mixed-en":
        rows = mixed(rows)
    if options.decoding == "english-context":
        rows = with_english(rows)
    return [
        row
        for row in rows
        if row["language"] in languages and order[row["id"], row["language"]] < count_of.get(row["language"], count)
    ]


def with_english(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions with `context`: their English version, options included. Raises ValueError where there is none."""
    return [
        {**row, "context": question_text(english["question"], english["choices"])}
        for row, english in english_pairs(rows, "put before")
    ]


def mixed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Questions in two languages: the first line stays, the lines below and the options are those of the English one.

    So a premise meets an English hypothesis, and a question English options. Raises ValueError where a question has no
    English version.
    """
    found = []
    for row, english in english_pairs(rows, "mix with"):
        lines = [row["question"].split("\n")[0], *english["question"].split("\n")[1:]]
        found.append({**row, "question": "\n".join(lines), "choices": english["choices"]})
    return found


def english_pairs(rows: list[dict[str, Any]], to: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each row and the English version of its question. Raises ValueError where there is none; to: what for."""
    english = {row["id"]: row for row in rows if row["language"] == ENGLISH}
    for row in rows:
        if row["id"] not in english:
            raise ValueError(f"{row['id']}: no English version to {to} '{row['language']}'; see benchmarks")
        yield row, english[row["id"]]
