"""AdaMame's reward for other trainers: TRL, verl, OpenRLHF, verifiers.

All judge with adamame/reward.py, as the workflow does. TRL tells a reward the step, so the schedule grows there; the
others do not, so that theirs is the reward at full strength: schedule `constant`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import groupby
from math import gcd
from types import SimpleNamespace
from typing import Any

from vernacular.adamame.alignment import ADJUSTED, SCHEDULES
from vernacular.adamame.reward import AlignmentReward, completion_text
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import check_language, load_languages
from vernacular.language.thinking import FAMILIES
from vernacular.storage.messages import nearest

CHOICES = {
    "schedule": SCHEDULES,
    "form": ("multiplicative", "additive", "sum", "gate", "all-correct"),
    "diversity": ("none", "cosine", "adaptive", "feedback"),
    "match": ("whole", "strict", "both"),
}


def _ignored(name: str, value: Any) -> None:
    """Where a trainer takes no metrics."""


@cache
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    return LanguageIdentifier(languages or tuple(load_languages()))


class AdaMameReward(AlignmentReward):
    """For TRL: GRPOTrainer(reward_funcs=AdaMameReward(), ...), with a data set that has `prompt`, `language`, `answer`.

    schedule, form, diversity, match, bonus, floor: adamame/alignment.py; the defaults are AdaMame's (arXiv 2606.15080).
    Not the forms `correct-only` and `rescaled`, which change advantages and need this project's trainer; `additive`
    needs scale_rewards="none". languages: those of the data, to which short and doubtful traces lean (None: all of
    languages.yaml). tags: of the thinking (thinking.FAMILIES; None: a model that marks none). language, answer: the
    names of the columns. num_generations: as in GRPOConfig; None takes it from the prompts, of which each comes that
    many times in a row. Columns and metrics are logged (log_completions), so that `vernacular score` reads the log.

    The schedules `feedback` and `lagrangian` keep a state that TRL's checkpoints do not hold: `save` and `load` it.
    Raises ValueError (the argument, and the nearest choice) for an unknown one.
    """

    __name__ = "adamame"  # TRL names its metrics after it

    def __init__(
        self,
        schedule: str = "cosine",
        form: str = "multiplicative",
        diversity: str = "none",
        match: str = "whole",
        bonus: float = 2.0,
        floor: float = 0.1,
        languages: Sequence[str] | None = None,
        tags: str | None = "think",
        language: str = "language",
        answer: str = "answer",
        num_generations: int | None = None,
    ) -> None:
        options: dict[str, Any] = {"schedule": schedule, "form": form, "diversity": diversity, "match": match}
        if form in ADJUSTED:
            raise ValueError(f"form: '{form}' changes advantages, which TRL keeps to itself; run it by the workflow")
        for name, known in CHOICES.items():
            if options[name] not in known:
                hint = nearest(str(options[name]), known)
                raise ValueError(f"{name}: '{options[name]}' is not a valid choice; {hint}")
        if tags is not None and tags not in FAMILIES:
            raise ValueError(f"tags: '{tags}' is not a family of think tags; {nearest(tags, FAMILIES)}")
        options |= {"bonus": bonus, "floor": floor}
        super().__init__(options, _identifier(tuple(languages or ())), num_generations or 0, tags)
        self.columns = language, answer
        self.num_generations = num_generations

    def __call__(  # type: ignore[override]
        self,
        prompts: list[Any],
        completions: list[Any],
        trainer_state: Any,
        log_metric: Callable[[str, float], None] = _ignored,
        log_extra: Callable[[str, list[Any]], None] = _ignored,
        **columns: Any,
    ) -> list[float | None]:
        """A score for each completion. Raises ValueError for a missing column, or one that is not a language."""
        for name in self.columns:
            if name not in columns:
                there = [column for column, values in columns.items() if isinstance(values, list)]
                raise ValueError(f"the data has no column '{name}'; {nearest(name, there)}")
        language, answer = ([str(value) for value in columns[name]] for name in self.columns)
        for code in set(language):
            check_language(code)
        self.group_size = self.num_generations or repeats(prompts)
        log_extra("language", language)
        log_extra("answer", answer)
        return super().__call__(
            completions, language=language, answer=answer, trainer_state=trainer_state, log_metric=log_metric
        )


def repeats(prompts: Sequence[Any]) -> int:
    """How many times in a row each prompt comes: the greatest common divisor of the runs' lengths."""
    return gcd(*[len(list(run)) for _, run in groupby(prompts)])


def score_one(
    text: str, answer: str, language: str, bonus: float, match: str, languages: Sequence[str], tags: str | None
) -> dict[str, float]:
    """`score` r (1 + bonus m), `acc` r, `match` m and `abstained` of one completion."""
    check_language(language)
    options = {"schedule": "constant", "form": "multiplicative", "diversity": "none", "match": match}
    reward = AlignmentReward(options | {"bonus": bonus, "floor": 0.0}, _identifier(tuple(languages)), 1, tags)
    found: dict[str, float] = {}
    [score] = reward(
        [text], language=[language], answer=[answer], trainer_state=SimpleNamespace(global_step=0, max_steps=1),
        log_metric=found.__setitem__,
    )  # fmt: skip
    shares = {"acc": found["accuracy"], "match": found["match_rate"], "abstained": found["abstained_rate"]}
    return {"score": float(score or 0.0), **shares}


def compute_score(
    data_source: str,
    solution_str: str,
    ground_truth: str,
    extra_info: Mapping[str, Any] | None = None,
    bonus: float = 2.0,
    match: str = "whole",
    languages: Sequence[str] = (),
    tags: str | None = "think",
    **_: Any,
) -> dict[str, float]:
    """For verl (0.9.1): reward.custom_reward_function.path=pkg://vernacular.adamame.trainers, name=compute_score.

    The question's language is `language` of extra_info; what comes after it, reward_kwargs. Raises ValueError where
    extra_info has none.
    """
    language = (extra_info or {}).get("language")
    if not language:
        raise ValueError(f"{data_source}: extra_info has no 'language'; add the question's (ISO 639-1) to the data")
    return score_one(solution_str, str(ground_truth), str(language), bonus, match, languages, tags)


def reward_func(queries: list[str], prompts: list[str], labels: list[str], **_: Any) -> dict[str, Any]:
    """For OpenRLHF (0.11.2): a file with `from vernacular.adamame.trainers import reward_func` as the reward's URL.

    A label is JSON with the question's answer and language: {"answer": "18", "language": "fr"}. Raises ValueError for
    another one.
    """
    import torch

    found = []
    for query, prompt, label in zip(queries, prompts, labels, strict=True):
        about = _json(label)
        if not about.keys() >= {"answer", "language"}:
            raise ValueError(f"label {str(label)[:60]!r}: give JSON with answer and language")
        text = query.removeprefix(prompt)
        found.append(score_one(text, str(about["answer"]), str(about["language"]), 2.0, "whole", (), "think"))
    columns = {name: torch.tensor([one[name] for one in found]) for name in ("score", "acc", "match", "abstained")}
    logs = {"accuracy": columns["acc"], "match_rate": columns["match"], "abstained_rate": columns["abstained"]}
    return {"rewards": columns["score"], "scores": columns["acc"], "extra_logs": logs}


def verifiers_reward(completion: Any, answer: str, info: Any, **_: Any) -> float:
    """For verifiers: Rubric(funcs=[verifiers_reward]); info (a mapping, or JSON) holds the question's `language`.

    Raises ValueError where it has none.
    """
    language = _json(info).get("language")
    if not language:
        raise ValueError("info has no 'language'; add the question's (ISO 639-1) to the data")
    text = completion_text(completion)
    return score_one(text, str(answer), str(language), 2.0, "whole", (), "think")["score"]


def _json(value: Any) -> Mapping[str, Any]:
    """The mapping, or that of a JSON text; empty for anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}
