"""GRPO's reward on real completions of the phrasebooks, judged by the real identifier and answer check."""

from pathlib import Path
from typing import Any

import pytest
from rewards import GOLD, LANGUAGES, PROBLEMS, Trainer, boxed, completion, trace_of

from vernacular.adamame import reward as module
from vernacular.language.judge import judge
from vernacular.language.prompts import join_completion, split_completion
from vernacular.language.thinking import FAMILIES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("match", ["whole", "strict", "both"])
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
def test_the_language_of_the_response(language: str) -> None:
    """It counts in `both` alone, and box and mathematics do not count in it."""
    trace, own = split_completion(completion(language))
    english = split_completion(completion("en"))[1]
    responses = [own, english, f"\\boxed{{{GOLD}}}", f"\\boxed{{{GOLD} \\text{{ stamps in the album}}}}"]
    group = [join_completion(trace, response) for response in responses]
    for match in ("whole", "strict"):
        assert Trainer(4, match=match)(group, language, GOLD) == [2.0] * 4
    assert Trainer(4, match="both")(group, language, GOLD) == [2.0, 1.0, 2.0, 2.0]
    in_english = join_completion("\n".join(trace_of("en")), own)
    assert Trainer(1, match="both")([in_english], language, GOLD) == [1.0]


def test_shares_of_traces_and_of_matches_are_logged_apart() -> None:
    trainer = Trainer(2, match="both")
    answered_in_english = join_completion("\n".join(trace_of("fr")), split_completion(completion("en"))[1])
    trainer([completion("fr"), answered_in_english], "fr", GOLD)
    assert (trainer.metrics["native_rate"], trainer.metrics["match_rate"]) == (1.0, 0.5)


@pytest.mark.parametrize("found", [{"foreign_script": True}, {"switched_lines": 1}])
def test_strict_fails_on_a_foreign_run_and_on_a_switched_clause(
    found: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "judge", lambda *asked: [one._replace(**found) for one in judge(*asked)])
    assert Trainer(1, match="strict")([completion("fr")], "fr", GOLD) == [1.0]
    assert Trainer(1, match="whole")([completion("fr")], "fr", GOLD) == [2.0]


def test_whole_groups_only() -> None:
    with pytest.raises(ValueError, match="5 completions are not whole groups of 4: .*num_generations"):
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
        {
            "accuracy": 0.6,
            "match_rate": 0.4,
            "native_rate": 0.4,
            "english_rate": 0.2,
            "abstained_rate": 0.4,
            "alignment_strength": 1.0,
        }
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


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tags_of_the_models_template(family: str) -> None:
    """Each family's tags end the thinking of a model that has them, and TRL's messages are put together again."""
    opening, ending = FAMILIES[family]
    trace, response = split_completion(completion("fr"))
    english = split_completion(completion("en"))[0]
    reward = Trainer(1)
    reward.reward.family = family

    def earned(text: Any) -> float | None:
        return reward([text], "fr", GOLD)[0]

    honest = earned(f"{opening}\n{trace}\n{ending}\n{response}")
    assert honest == Trainer(1)([completion("fr")], "fr", GOLD)[0] == earned(f"{trace}{ending}{response}")
    assert earned([{"role": "assistant", "reasoning_content": trace, "content": response}]) == honest
    assert earned([{"role": "assistant", "content": f"{trace}{ending}{response}"}]) == honest
    assert 0 < (earned(f"{opening}{english}{ending}{response}") or 0) < (honest or 0)
    assert earned(f"{opening}{trace} {response}") == earned(response) == 0


def test_a_model_that_marks_no_trace_is_rewarded_for_its_last_line() -> None:
    trace, response = split_completion(completion("fr"))
    english, said = split_completion(completion("en"))
    reward = Trainer(1)
    reward.reward.family = None
    (native,) = reward([f"{trace}\n{response}"], "fr", GOLD)
    (other,) = reward([f"{english}\n{said}"], "fr", GOLD)
    assert native is not None and other is not None and native > other > 0
    assert reward([f"{response}\n{trace}\nVoilà."], "fr", "0") == [0]


def test_a_match_of_ones_own_decides_by_trace_response_and_language() -> None:
    asked = []

    def match(trace: str, response: str, language: str) -> bool:
        asked.append((trace, response, language))
        return language == "fr" and trace.startswith("x")

    trainer = Trainer(2, match=match, schedule="constant")
    right = f"\\boxed{{{GOLD}}}"
    scores = trainer([f"x\n</think>\n{right}", f"y\n</think>\n{right}"], "fr", GOLD)
    assert scores == [3.0, 1.0] and asked == [("x", right, "fr"), ("y", right, "fr")]


def test_a_schedule_of_ones_own_gives_the_strength() -> None:
    trainer = Trainer(2, schedule=lambda step, total: step / total)
    trainer([f"x\n</think>\n\\boxed{{{GOLD}}}"] * 2, "fr", GOLD, step=25)
    assert trainer.metrics["alignment_strength"] == 0.5
