"""Which questions GRPO trains on (AdaMame's `3_eval/filter_for_rl.py`): those that the parent solves sometimes."""

from collections.abc import Iterable
from typing import Any

from vernacular.answers.numbers import is_correct
from vernacular.corpus.miniature import share_of
from vernacular.evaluation.engines import answer_rows


def candidate_questions(rows: Iterable[dict[str, Any]], options: dict[str, Any]) -> list[dict[str, Any]]:
    """The questions of the section `rl`: of its share of ids, each in one language, so that no two share a question.

    Where a question lacks some languages (AdaMame's own prompts have one each), one of those that it has is drawn.
    """
    low, high = options["share"]
    versions: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        if row["benchmark"] == options["benchmark"] and low <= share_of(row["id"]) < high:
            versions.setdefault(row["id"], {})[row["language"]] = row
    found = []
    for identifier, by_language in versions.items():
        if there := [language for language in options["languages"] if language in by_language]:
            found.append(by_language[there[int(share_of("language " + identifier) * len(there))]])
    return found


def count_solved(
    folder: str, questions: list[dict[str, Any]], options: dict[str, Any], seed: int
) -> list[dict[str, Any]]:
    """Rows of records.PROMPT in the order of their ids: how many of the parent's k samples (`candidates`) are right.

    folder: the parent's.
    """
    generation = {
        "samples": options["candidates"],
        "decoding": "plain",
        "dtype": "auto",
        **{key: options.get(key) for key in ("temperature", "max_new_tokens", "batch_size", "engine")},
    }
    answers = {row["id"]: row["answer"] for row in questions}
    correct = dict.fromkeys(answers, 0)
    for row in answer_rows(folder, questions, generation, seed):
        correct[row["id"]] += is_correct(answers[row["id"]], row["response"], row["language"])
    return [
        {**{key: row[key] for key in ("id", "language", "question", "answer")}, "correct": correct[row["id"]]}
        for row in sorted(questions, key=lambda row: row["id"])
    ]


def difficulty_filter(rows: list[dict[str, Any]], candidates: int) -> list[dict[str, Any]]:
    """The rows with 1 <= correct < candidates: from a group that is all right or all wrong GRPO learns nothing."""
    return [row for row in rows if 1 <= row["correct"] < candidates]
