"""GRPO's reward on real completions of the phrasebooks, judged by the real identifier and answer check."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from vernacular.adamame.reward import AlignmentReward
from vernacular.corpus.miniature import make_problems, render_completion, render_question
from vernacular.identify import LanguageIdentifier
from vernacular.prompts import join_completion, question_messages, split_completion

NUMBERS = {"opening": [2, 24], "term": [2, 14], "factor": [2, 4], "result": [2, 36]}
BENCHMARK = {"setting": "story", "questions": {"train": 12}, "steps": 2, "numbers": NUMBERS}
PROBLEMS = make_problems("mini-mgsm", BENCHMARK, "train", 1)
LANGUAGES = ["fr", "ja", "de"]
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


def completion(language: str, identifier: str = "mini-mgsm-train-00003", answer: int | None = None) -> str:
    problem = PROBLEMS[identifier]
    text = render_completion(language, identifier, problem, 1)
    return text if answer is None else text.replace(f"{{{problem.answer}}}", f"{{{answer}}}")


def trace_of(language: str) -> list[str]:
    return split_completion(completion(language))[0].split("\n")


def boxed(lines: list[str], answer: str = "", thing: str = "mini-mgsm-train-00003") -> str:
    return join_completion("\n".join(lines), f"\\boxed{{{answer or PROBLEMS[thing].answer}}}")


GOLD = str(PROBLEMS["mini-mgsm-train-00003"].answer)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("match", ["whole", "strict"])
def test_right_and_native_is_worth_most(language: str, match: str) -> None:
    for key, problem in PROBLEMS.items():
        gold = problem.answer
        group = [
            completion(language, key),
            completion("en", key),
            completion(language, key, gold + 1),
            completion("en", key, gold + 1),
        ]
        assert Trainer(4, match=match)(group, language, str(gold)) == [2.0, 1.0, 0.0, 0.0]  # g(T/2) = 1/2, bonus 2


@pytest.mark.parametrize("step, native", [(0, 1.2), (50, 2.0), (100, 3.0)])
def test_the_schedule_takes_its_step_from_the_trainer(step: int, native: float) -> None:
    trainer = Trainer(2)
    assert trainer([completion("fr"), completion("en")], "fr", GOLD, step) == [pytest.approx(native), 1.0]
    assert trainer.metrics["alignment_strength"] == pytest.approx(native - 1)


def test_conversations_are_read_like_strings() -> None:
    texts = [completion("ja"), completion("en")]
    conversations = [[{"role": "assistant", "content": text}] for text in texts]
    assert Trainer(2)(conversations, "ja", GOLD) == Trainer(2)(texts, "ja", GOLD) == [2.0, 1.0]


def test_no_end_of_thinking_earns_nothing() -> None:
    endless = completion("fr").replace("</think>", "")
    assert "\\boxed" in endless
    trainer = Trainer(2)
    assert trainer([endless, ""], "fr", GOLD) == [0.0, 0.0]
    assert trainer.metrics["match_rate"] == 0 and trainer.metrics["abstained_rate"] == 1


def test_empty_trace_earns_the_answer_alone() -> None:
    assert Trainer(2)([f"</think>\n\\boxed{{{GOLD}}}", boxed(["3 + 4 = 7"])], "fr", GOLD) == [1.0, 1.0]


def test_a_box_in_the_trace_alone_earns_nothing() -> None:
    trace, _ = split_completion(completion("fr"))
    inside = f"{trace}\nLa réponse est \\boxed{{{GOLD}}}.\n</think>\nVoilà."
    assert Trainer(2)([inside, inside], "fr", GOLD) == [0.0, 0.0]


def test_boxed_lists_and_several_answers_earn_nothing() -> None:
    other = str(int(GOLD) + 1)
    lists = [boxed(trace_of("fr"), f"{GOLD}, {other}"), boxed(trace_of("fr"), " ".join(map(str, range(2, 40))))]
    last_counts = completion("fr") + f"\nNon : \\boxed{{{other}}}"
    assert Trainer(3)([*lists, last_counts], "fr", GOLD) == [0.0, 0.0, 0.0]


def test_the_answer_in_many_languages_is_no_native_trace_when_strict() -> None:
    lines = [f"The answer is {GOLD}.", f"La réponse est {GOLD}.", f"Die Antwort lautet {GOLD}.", f"答えは{GOLD}です。"]
    for language in ("en", *LANGUAGES):
        assert Trainer(1, match="strict")([boxed(lines * 2)], language, GOLD) == [1.0]
    whole = [Trainer(1)([boxed(lines * 2)], language, GOLD)[0] for language in ("en", *LANGUAGES)]
    assert sum(score > 1 for score in whole) <= 1  # it cannot count for several languages at once


@pytest.mark.parametrize("language", LANGUAGES)
def test_filler_around_an_english_trace(language: str) -> None:
    """Native words before and after do not turn an English trace into a native one; for a native trace with one short
    English line `whole` is lenient and `strict` is not."""
    native, english = trace_of(language), trace_of("en")
    wrapped = boxed([native[0], *english, *english, *english, native[1]])
    sprinkled = boxed([*native, *native, english[0]])
    assert Trainer(2)([wrapped, sprinkled], language, GOLD) == [1.0, 2.0]
    assert Trainer(2, match="strict")([wrapped, sprinkled], language, GOLD) == [1.0, 1.0]
    assert Trainer(1, match="strict")([boxed([*native * 20, english[0]])], language, GOLD) == [2.0]  # below a tenth


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_echoed_prompt_is_no_answer(language: str) -> None:
    """The instruction holds an empty box; the question's numbers are not its answer."""
    key = "mini-mgsm-train-00003"
    question = render_question(language, key, PROBLEMS[key], "story", 1)
    prompt = question_messages(question, language)[0]["content"]
    assert "\\boxed{}" in prompt
    assert Trainer(2)([join_completion(prompt, prompt), join_completion(prompt, question)], language, GOLD) == [
        0.0,
        0.0,
    ]


def test_whole_groups_only() -> None:
    with pytest.raises(ValueError, match="5 completions are no whole groups of 4: .*num_generations"):
        Trainer(4)([completion("fr")] * 5, "fr", GOLD)


def test_groups_do_not_mix() -> None:
    """The additive form is centred within each group: one that is all alike gets nothing, whatever the other holds."""
    alike, mixed = [completion("fr")] * 2, [completion("fr"), completion("en")]
    scores = Trainer(2, form="additive")([*alike, *mixed], "fr", GOLD)
    assert scores[:2] == [0.0, 0.0] and scores[2] == -scores[3] > 0


def test_what_it_logs() -> None:
    trainer = Trainer(5)
    right, wrong = completion("fr"), completion("fr", answer=int(GOLD) + 1)
    trainer([right, wrong, completion("en"), "", boxed(["3 + 4 = 7"])], "fr", GOLD)
    seconds = trainer.metrics.pop("reward_seconds")
    assert 0 < seconds < 5
    assert trainer.metrics == pytest.approx(
        {"accuracy": 0.6, "match_rate": 0.4, "english_rate": 0.2, "abstained_rate": 0.4, "alignment_strength": 1.0}
    )


def test_feedback_state_goes_with_the_checkpoint(tmp_path: Path) -> None:
    same, mixed = [completion("fr")] * 4, [completion(code) for code in ("fr", "en", "de", "ja")]
    trainer = Trainer(4, schedule="feedback")
    assert trainer(mixed, "fr", GOLD) == [3.0, 1.0, 1.0, 1.0]  # entropy 1: full strength
    trainer(same, "fr", GOLD)
    assert trainer.metrics["alignment_strength"] == pytest.approx(2 * (0.9 - 0.4) / 0.6)
    trainer.reward.save(tmp_path)
    resumed, fresh = Trainer(4, schedule="feedback"), Trainer(4, schedule="feedback")
    resumed.reward.load(tmp_path)
    for other in (trainer, resumed, fresh):
        other(same, "fr", GOLD)
    assert (
        resumed.metrics["alignment_strength"]
        == trainer.metrics["alignment_strength"]
        == pytest.approx(2 * (0.81 - 0.4) / 0.6)
    )
    assert fresh.metrics["alignment_strength"] == 0


def test_state_before_the_first_batch_is_saved_too(tmp_path: Path) -> None:
    Trainer(4).reward.save(tmp_path)
    trainer = Trainer(4)
    trainer.reward.load(tmp_path)
    assert trainer.reward.feedback.entropy is None
