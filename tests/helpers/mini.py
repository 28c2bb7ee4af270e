"""A benchmark of the miniature's problems, with small numbers, as a resolved configuration has it."""

from collections import defaultdict
from typing import Any

from vernacular.corpus.miniature import question_rows
from vernacular.language.languages import load_languages

NUMBERS = {"opening": [2, 24], "term": [2, 14], "factor": [2, 4], "result": [2, 36]}


def mini(setting: str = "story", steps: int = 2, **questions: int) -> dict[str, Any]:
    """questions: of each split."""
    return {"setting": setting, "steps": steps, "numbers": NUMBERS, "questions": questions}


def by_language(benchmark: str, options: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """The questions of the split `dev`: id -> language -> row."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for row in question_rows({benchmark: options}, list(load_languages()), "dev", 1):
        found[row["id"]][row["language"]] = row
    assert len(found) == options["questions"]["dev"]
    return found
