"""A benchmark of the miniature's problems, with small numbers, as a resolved configuration has it."""

from typing import Any

NUMBERS = {"opening": [2, 24], "term": [2, 14], "factor": [2, 4], "result": [2, 36]}


def mini(setting: str = "story", steps: int = 2, **questions: int) -> dict[str, Any]:
    """questions: of each split."""
    return {"setting": setting, "steps": steps, "numbers": NUMBERS, "questions": questions}
