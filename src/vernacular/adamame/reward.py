"""GRPO's reward: right answers, in traces of the query's language.

One reward function for every alignment. TRL passes it the completions of whole groups (a group never straddles two
processes) and the trainer's state, from which the schedule takes its step. Each of several processes scores its own
groups; the feedback schedule follows the groups of all processes.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from vernacular.adamame.alignment import Array, FeedbackState, adjusted, align, language_entropy
from vernacular.answers.compare import is_correct
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import Judgement, judge
from vernacular.language.languages import ENGLISH
from vernacular.language.prompts import split_completion
from vernacular.language.response import response_languages
from vernacular.language.thinking import FAMILIES
from vernacular.models.processes import gathered

STRICT_SHARE = 0.9  # `match: strict` asks for this share of the identified lines' characters


class AlignmentReward:
    """Callable for TRL: scores completions, logs metrics, and holds the state that a checkpoint must keep."""

    __name__ = "alignment"  # TRL names its metrics after it

    def __init__(
        self,
        options: dict[str, Any],
        identifier: LanguageIdentifier,
        group_size: int,
        family: str | None = "think",
        mark: str = "",
    ) -> None:
        """family: of the think tags; mark: of the answer; as in split_completion."""
        self.options, self.identifier, self.group_size = options, identifier, group_size
        self.family, self.mark = family, mark
        self.feedback = FeedbackState()
        self.last: tuple[Array, Array, float] = np.empty((0, 0)), np.empty((0, 0)), 0.0  # r, m, strength of a batch

    def __call__(
        self,
        completions: list[Any],
        language: list[str],
        answer: list[str],
        trainer_state: Any,
        log_metric: Callable[[str, float], None],
        **_: Any,
    ) -> list[float | None]:
        start = time.perf_counter()
        if len(completions) % self.group_size:
            raise ValueError(
                f"{len(completions)} completions are not whole groups of {self.group_size}: "
                "per_device_train_batch_size must be a multiple of num_generations"
            )
        texts = [completion_text(completion, self.family) for completion in completions]
        parts = [split_completion(text, self.family, self.mark) for text in texts]
        correct = [
            float(is_correct(gold, response, code))
            for gold, (_, response), code in zip(answer, parts, language, strict=True)
        ]
        judged, match = self.matches(parts, language)
        labels = [judgement.trace_language for judgement in judged]
        groups = [labels[i : i + self.group_size] for i in range(0, len(labels), self.group_size)]
        self.feedback.update(language_entropy([group for part in gathered(groups) for group in part]))
        shape = (-1, self.group_size)
        right, matched = np.reshape(correct, shape), np.reshape(match, shape).astype(np.float64)
        scores, strength = align(
            right,
            matched,
            groups,
            self.options,
            trainer_state.global_step,
            trainer_state.max_steps,
            self.feedback,
        )
        self.last = right, matched, strength
        self.feedback.control(float(np.mean([m for part in gathered(match) for m in part])), self.options["bonus"])
        log_metric("accuracy", float(np.mean(correct)))
        log_metric("match_rate", float(np.mean(match)))
        log_metric("native_rate", float(np.mean([judgement.native for judgement in judged])))
        log_metric("english_rate", labels.count(ENGLISH) / len(labels))
        log_metric("abstained_rate", labels.count(None) / len(labels))
        log_metric("alignment_strength", strength)
        log_metric("reward_seconds", time.perf_counter() - start)
        return [float(score) for score in scores.reshape(-1)]

    def matches(self, parts: list[tuple[str, str]], language: list[str]) -> tuple[list[Judgement], list[bool]]:
        """The judgement of each trace, and m, by the option `match`, of (trace, response) pairs.

        `whole`: the trace as a whole is in the query's language. `strict`: so are STRICT_SHARE of its identified lines'
        characters as well, and no run of it is of a foreign script, no clause in another language. `both`: the trace as
        a whole is, and the response is not identified as another language; to abstain (a bare box) does not fail.
        A function of the study's own decides by trace, response and language.
        """
        traces, kind = [trace for trace, _ in parts], self.options["match"]
        judged = judge(traces, language, self.identifier, "lines" if kind == "strict" else "trace")
        if callable(kind):
            return judged, [kind(*pair, code) for pair, code in zip(parts, language, strict=True)]
        if kind == "strict":
            return judged, [one.native and strictly_native(one) for one in judged]
        if kind == "both":
            answered = response_languages([response for _, response in parts], language, self.identifier)
            named = zip(judged, answered, strict=True)
            return judged, [one.native and label in (None, one.language) for one, label in named]
        return judged, [one.native for one in judged]

    def adjusted(self, advantages: list[float]) -> list[float]:
        """The advantages of the last batch, for a form that changes them after the z-score."""
        right, matched, strength = self.last
        found = adjusted(np.reshape(advantages, right.shape), right, matched, self.options["form"], strength)
        return [float(one) for one in found.reshape(-1)]

    def save(self, folder: Path) -> None:
        (folder / "alignment.json").write_text(json.dumps(asdict(self.feedback)))

    def load(self, folder: Path) -> None:
        self.feedback = FeedbackState(**json.loads((folder / "alignment.json").read_text()))


def strictly_native(judgement: Judgement) -> bool:
    """Of a native trace judged by its lines: whether they are in the language too."""
    share = identified_share(judgement.lines, judgement.language)
    return share >= STRICT_SHARE and not judgement.foreign_script and judgement.switched_lines == 0


def identified_share(lines: list[tuple[str, str | None]], language: str) -> float:
    """The share of characters, among those of the identified lines, that are in lines of `language`."""
    named = [(len(line), label) for line, label in lines if label]
    return sum(n for n, label in named if label == language) / max(sum(n for n, _ in named), 1)


def completion_text(completion: Any, family: str | None = "think") -> str:
    """TRL gives a conversation (a list of messages) for conversational prompts, else a string.

    Where the tokenizer has a schema of responses, TRL has taken the thinking out of the text; it is put back, since no
    completion would have an end of thinking.
    """
    if isinstance(completion, str):
        return completion
    message = completion[-1]
    reasoning = message.get("reasoning_content") or message.get("thinking")
    tags = FAMILIES[family or "think"]
    return f"{tags.opening}{reasoning}{tags.ending}{message['content']}" if reasoning else message["content"]
