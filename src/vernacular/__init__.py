"""What the library offers: the names of `__all__`, documented in docs/library.md. All else may change.

Each is imported when it is first used, so that `import vernacular` takes no time and needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vernacular.adamame.trainers import AdaMameReward, compute_score, reward_func, verifiers_reward
    from vernacular.answers.compare import extract_answer, is_correct
    from vernacular.command.score import score_logs
    from vernacular.evaluation.logs import Reading
    from vernacular.language.identify import LanguageIdentifier
    from vernacular.language.judge import judge
    from vernacular.language.prompts import split_completion

_PLACES = {
    "AdaMameReward": "adamame.trainers",
    "LanguageIdentifier": "language.identify",
    "Reading": "evaluation.logs",
    "compute_score": "adamame.trainers",
    "extract_answer": "answers.compare",
    "is_correct": "answers.compare",
    "judge": "language.judge",
    "reward_func": "adamame.trainers",
    "score_logs": "command.score",
    "split_completion": "language.prompts",
    "verifiers_reward": "adamame.trainers",
}
__all__ = [
    "AdaMameReward",
    "LanguageIdentifier",
    "Reading",
    "compute_score",
    "extract_answer",
    "is_correct",
    "judge",
    "reward_func",
    "score_logs",
    "split_completion",
    "verifiers_reward",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'vernacular' has no attribute '{name}'")
    return getattr(import_module(f"vernacular.{_PLACES[name]}"), name)
