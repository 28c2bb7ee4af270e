"""What the tests of the reward share: problems of the phrasebooks, completions of them, a reward called as TRL does."""

from functools import cache
from types import SimpleNamespace
from typing import Any

from mini import mini

from vernacular.adamame.reward import AlignmentReward
from vernacular.corpus.miniature import make_problems, render_completion
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import join_completion, split_completion

PROBLEMS = make_problems("mini-mgsm", mini(train=12), "train", 1)
LANGUAGES = ["fr", "ja", "de"]
KEY = "mini-mgsm-train-00003"
GOLD = str(PROBLEMS[KEY].answer)
OPTIONS = {
    "schedule": "cosine", "form": "multiplicative", "diversity": "none", "match": "whole", "bonus": 2.0, "floor": 0.1
}  # fmt: skip


@cache
def identifier() -> LanguageIdentifier:
    return LanguageIdentifier(["en", *LANGUAGES])


class Trainer:
    """Calls a reward as TRL does and keeps what it logs."""

    def __init__(self, group: int, **changes: Any) -> None:
        self.reward = AlignmentReward(OPTIONS | changes, identifier(), group)
        self.metrics: dict[str, float] = {}

    def __call__(
        self, completions: list[Any], language: str, answer: str, step: int = 50, total: int = 100
    ) -> list[float | None]:
        n = len(completions)
        state = SimpleNamespace(global_step=step, max_steps=total)
        return self.reward(
            completions=completions, prompts=[None] * n, completion_ids=[[1]] * n, language=[language] * n,
            answer=[answer] * n, trainer_state=state, log_metric=self.metrics.__setitem__, log_extra=None,
        )  # fmt: skip


def completion(language: str, identifier: str = KEY, answer: int | None = None) -> str:
    problem = PROBLEMS[identifier]
    text = render_completion(language, identifier, problem, 1)
    return text if answer is None else text.replace(f"{{{problem.answer}}}", f"{{{answer}}}")


def trace_of(language: str) -> list[str]:
    return split_completion(completion(language))[0].split("\n")


def boxed(lines: list[str], answer: str = "") -> str:
    return join_completion("\n".join(lines), f"\\boxed{{{answer or GOLD}}}")
