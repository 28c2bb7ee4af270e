"""What a model takes and returns in addition to prompts and completions when it answers questions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Question = dict[str, Any]  # a row of records.QUESTION


@dataclass(frozen=True)
class Extras:
    """The defaults are a plain LLM's; a merge has its own (merge/answer.py).

    hides_question: the prompt leaves the question out, since the model reads it elsewhere;
    context_tokens: places that a question takes in the LLM's context in addition to the prompt, infinite if it cannot
    be read; inputs: tensors for the model's `generate`, by argument, for a batch of questions;
    columns: more columns of records.GENERATION for a question; answer_columns: those known only after `generate`, for
    each question of the batch.
    """

    hides_question: bool = False
    context_tokens: Callable[[Question], float] = lambda question: 0
    inputs: Callable[[list[Question]], dict[str, Any]] = lambda questions: {}
    columns: Callable[[Question], dict[str, Any]] = lambda question: {}
    answer_columns: Callable[[list[Question]], list[dict[str, Any]]] = lambda questions: [{} for _ in questions]


PLAIN = Extras()
