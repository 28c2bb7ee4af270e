"""Which questions GRPO trains on (AdaMame's `3_eval/filter_for_rl.py`): those that the parent solves sometimes."""

from collections.abc import Iterable
from typing import Any

from transformers import AutoTokenizer

from vernacular.adamame.options import PromptsOptions
from vernacular.answers.compare import is_correct
from vernacular.corpus.miniature import share_of
from vernacular.evaluation.engines import folder_answers
from vernacular.evaluation.generate import Answers
from vernacular.evaluation.options import GenerationOptions
from vernacular.language.prompts import prompt_set
from vernacular.models.chats import prompt_sizes
from vernacular.models.folders import loading


def candidate_questions(rows: Iterable[dict[str, Any]], options: PromptsOptions) -> list[dict[str, Any]]:
    """The questions of the section `rl`: ids in its `hash_range`, each in one language, so that none comes twice.

    Where a question lacks some languages (AdaMame's own prompts have one each), one of those that it has is drawn.
    """
    low, high = options.hash_range
    versions: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        if row["benchmark"] == options.benchmark and low <= share_of(row["id"]) < high:
            versions.setdefault(row["id"], {})[row["language"]] = row
    found = []
    for identifier, by_language in versions.items():
        if languages := [language for language in options.languages if language in by_language]:
            found.append(by_language[languages[int(share_of("language " + identifier) * len(languages))]])
    return found


def fitting_questions(folder: str, questions: list[dict[str, Any]], options: PromptsOptions) -> list[dict[str, Any]]:
    """The questions whose prompts have at most `prompt_tokens` tokens: no model that starts from this parent takes
    longer ones, so nobody need answer them."""
    if options.prompt_tokens is None:
        return questions
    with loading(folder):
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    sizes = prompt_sizes(tokenizer, questions, prompt_set(options.prompts))
    return [row for row, size in zip(questions, sizes, strict=True) if size <= options.prompt_tokens]


def candidate_answers(folder: str, questions: list[dict[str, Any]], options: PromptsOptions, seed: int) -> Answers:
    """The parent's k samples (`candidates`) of each question. folder: the parent's."""
    generation = GenerationOptions(
        languages=options.languages,
        max_new_tokens=options.max_new_tokens,
        samples=options.candidates,
        temperature=options.temperature,
        batch_tokens=options.batch_tokens,
        engine=options.engine,
        prompts=options.prompts,
    )
    return folder_answers(folder, questions, generation, seed)


def count_solved(questions: list[dict[str, Any]], rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of records.PROMPT in the order of their ids: how many of the samples are right. rows: of
    records.GENERATION."""
    answers = {row["id"]: row["answer"] for row in questions}
    correct = dict.fromkeys(answers, 0)
    for row in rows:
        correct[row["id"]] += is_correct(answers[row["id"]], row["response"], row["language"])
    return [
        {**{key: row[key] for key in ("id", "language", "question", "answer")}, "correct": correct[row["id"]]}
        for row in sorted(questions, key=lambda row: row["id"])
    ]


def difficulty_filter(rows: list[dict[str, Any]], candidates: int) -> list[dict[str, Any]]:
    """The rows with 1 <= correct < candidates: from a group that is all right or all wrong GRPO learns nothing."""
    return [row for row in rows if 1 <= row["correct"] < candidates]
