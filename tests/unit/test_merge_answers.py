"""Merges that answer: parents, the language that a gate is told, clamps, generation, limits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from merges import (
    CLOSE,
    EXAMPLES,
    LANGUAGES,
    M2M,
    OPTIONS,
    QUESTIONS,
    answers,
    by_hand,
    greedy_by_hand,
    logits_of,
    prompts_of,
    write_parent,
)

from vernacular.evaluation.generate import answers_of
from vernacular.evaluation.resume import all_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import question_messages, question_text
from vernacular.merge.answer import merge_extras
from vernacular.merge.model import MergedModel, build_merge
from vernacular.merge.train import encode_rows
from vernacular.models.extras import Extras
from vernacular.study.check import CHAT_TEMPLATES

# --- Parents ----------------------------------------------------------------------------------------------------------


def test_models_of_the_wrong_kind_are_named(parents: Path, tmp_path: Path) -> None:
    options = {"gate": "none", "language_embedding": 0, "languages": LANGUAGES}
    with pytest.raises(ValueError, match="llama: a model of the type 'llama' has no encoder to merge with; use") as e:
        build_merge({**options, "encoder": str(parents / "llama"), "llm": str(parents / "llama")})
    assert "\n" not in str(e.value)
    write_parent(tmp_path / "bart", "bart", M2M)  # it has a decoder that AutoModelForCausalLM would take
    for llm in (parents / "t5", parents / "nllb", tmp_path / "bart"):
        with pytest.raises(ValueError, match=f"{llm.name}: a model of the type '.*' is not a causal LM; name one") as e:
            build_merge({**options, "encoder": str(parents / "t5"), "llm": str(llm)})
        assert "\n" not in str(e.value)


# --- The language -----------------------------------------------------------------------------------------------------


def test_an_unknown_language_gets_the_mean_embedding(build: Callable[..., MergedModel]) -> None:
    model = build("cross-attention", embedding=4)
    asked = {n: prompts_of(model, [{**EXAMPLES[0], "language": n}]) for n in (-1, 0, 1, 2)}
    weights = {n: model.inputs(**prompts)[3] for n, prompts in asked.items()}
    assert len({tuple(row.flatten().tolist()) for row in weights.values()}) == 4
    table: Any = model.connector.gate.language.weight.data  # type: ignore[union-attr]
    table[:] = table.mean(0, keepdim=True).clone()
    for n in (0, 1, 2):
        torch.testing.assert_close(model.inputs(**asked[n])[3], weights[-1], **CLOSE)


def test_each_question_is_told_the_language_of_its_text(
    build: Callable[..., MergedModel], capsys: pytest.CaptureFixture
) -> None:
    model = build("cross-attention", embedding=4, languages=["en", "ja"])
    signs = {**QUESTIONS[0], "id": "signs", "question": "12 + 4 = ?"}
    identifier = LanguageIdentifier(LANGUAGES)

    def told(extras: Extras, row: dict[str, Any]) -> tuple[str | None, int]:
        return extras.columns(row)["told_language"], int(extras.inputs([row])["language"])

    extras = merge_extras(model, [*QUESTIONS, signs], "plain", identifier)
    assert "4 of 10 questions get the mean language embedding" in capsys.readouterr().out
    assert not extras.hides_question
    expected = {"en": ("en", 0), "ja": ("ja", 1), "fr": (None, -1)}  # no training knew French
    for row in QUESTIONS:
        assert told(extras, row) == expected[row["language"]]
        ids = model.encoder_tokenizer(question_text(row["question"]))["input_ids"]
        assert extras.inputs([row])["encoder_input_ids"].tolist() == [ids]
        assert extras.context_tokens(row) == len(ids) + 2
    assert told(extras, signs) == (None, -1)  # the identifier abstains
    mislabelled = [{**row, "language": "ja"} for row in QUESTIONS]
    for decoding, said in (("oracle", ("ja", 1)), ("english-embedding", ("en", 0))):
        extras = merge_extras(model, mislabelled, decoding, identifier)
        assert {told(extras, row) for row in mislabelled} == {said}
    assert "0 of 9 questions get the mean" in capsys.readouterr().out


def test_options_of_a_choice_are_read_by_the_encoder_too(build: Callable[..., MergedModel]) -> None:
    model = build("none")
    row = {**QUESTIONS[0], "kind": "choice", "choices": ["a well", "a mill"]}
    extras = merge_extras(model, [row], "plain", LanguageIdentifier(LANGUAGES))
    (ids,) = extras.inputs([row])["encoder_input_ids"]
    assert model.encoder_tokenizer.decode(ids) == f"{row['question']}\nA) a well\nB) a mill"


@pytest.mark.parametrize("gate", ["cross-attention", "vector", "attention-bias"])
def test_clamps_change_what_they_say_and_nothing_else(build: Callable[..., MergedModel], gate: str) -> None:
    model = build(gate, embedding=4)
    plain = answers(model, QUESTIONS)
    for decoding, encoder, llm in (("encoder-off", 0.0, None), ("llm-off", None, 0.0), ("gates-one", 1.0, 1.0)):
        for key, row in answers(model, QUESTIONS, decoding=decoding).items():
            assert row["gate_encoder"] == (plain[key]["gate_encoder"] if encoder is None else encoder)
            assert row["gate_llm"] == (plain[key]["gate_llm"] if llm is None else llm)
            assert row["told_language"] == plain[key]["told_language"] == key[1]
    assert answers(model, QUESTIONS) == plain  # the next decoding is free of the last one's clamp
    weights = {(row["gate_encoder"], row["gate_llm"]) for row in plain.values()}
    assert len(weights) == len(plain) and not {0.0, 1.0} & {value for pair in weights for value in pair}
    told = answers(model, QUESTIONS, decoding="english-embedding")
    assert {row["told_language"] for row in told.values()} == {"en"}
    assert all((told[key]["gate_llm"] == plain[key]["gate_llm"]) == (key[1] == "en") for key in plain)


@pytest.mark.parametrize("gate", ["fixed", "vector"])
def test_what_is_clamped_off_is_not_read(build: Callable[..., MergedModel], gate: str) -> None:
    model = build(gate)
    one, other = EXAMPLES[0], {**EXAMPLES[0], "encoder_input_ids": EXAMPLES[0]["encoder_input_ids"][::-1]}
    asked = {**EXAMPLES[0], "input_ids": EXAMPLES[0]["input_ids"][::-1], "prompt": 12}

    def same(first: dict, second: dict) -> bool:
        return torch.equal(
            logits_of(model, **prompts_of(model, [first])), logits_of(model, **prompts_of(model, [second]))
        )

    assert not same(one, other) and not same(one, asked)
    model.clamped = {"encoder": 0.0, "llm": 1.0}  # a gate that reads both would tell of one in the other's weight
    assert same(one, other) and not same(one, asked)
    model.clamped = {"encoder": 1.0, "llm": 0.0}
    assert not same(one, other) and same(one, asked)


@pytest.mark.parametrize("gate", ["cross-attention", "vector", "attention-bias"])
def test_gates_clamped_to_one_are_mindmerger(build: Callable[..., MergedModel], gate: str) -> None:
    plain, gated = build("none"), build(gate, embedding=4)
    gated.connector.load_state_dict(plain.connector.state_dict(), strict=False)
    prompts = prompts_of(plain, EXAMPLES)
    real = plain.inputs(**prompts)[1].bool()
    assert not torch.allclose(logits_of(gated, **prompts)[real], logits_of(plain, **prompts)[real], atol=1e-2)
    gated.clamped = {"encoder": 1.0, "llm": 1.0}
    assert torch.equal(logits_of(gated, **prompts)[real], logits_of(plain, **prompts)[real])
    ones = answers(gated, QUESTIONS, decoding="gates-one")
    assert {key: row["completion"] for key, row in ones.items()} == {
        key: row["completion"] for key, row in answers(plain, QUESTIONS).items()
    }


# --- Generation -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gate", ["cross-attention", "attention-bias"])
def test_answers_are_those_by_hand_in_any_batch(build: Callable[..., MergedModel], gate: str) -> None:
    model = build(gate, "m2m_100", "qwen3", 4)  # nine questions, nine answers
    whole = answers(model, QUESTIONS)
    for row in QUESTIONS:
        answer = whole[row["id"], row["language"]]
        ids = model.tokenizer(answer["prompt"], add_special_tokens=False)["input_ids"]
        one = {
            "encoder_input_ids": model.encoder_tokenizer(question_text(row["question"]))["input_ids"],
            "input_ids": ids,
            "prompt": len(ids),
            "language": LANGUAGES.index(row["language"]),
        }
        made = greedy_by_hand(model, one, OPTIONS.max_new_tokens)
        assert answer["completion"] == model.tokenizer.decode(made, skip_special_tokens=True)
        assert answer["tokens"] == len(made)
        assert [answer["gate_encoder"], answer["gate_llm"]] == pytest.approx(by_hand(model, one)[1], abs=1e-5)
    assert len({row["completion"] for row in whole.values()}) > len(whole) / 2
    for batch_tokens in (1, 200):
        again = answers(model, QUESTIONS[::-1], batch_tokens=batch_tokens)
        assert {key: row["completion"] for key, row in again.items()} == {k: r["completion"] for k, r in whole.items()}


def test_samples_of_a_merge_do_not_depend_on_the_batch(build: Callable[..., MergedModel]) -> None:
    model = build("cross-attention", embedding=4)
    options = replace(OPTIONS, samples=3, temperature=0.8)
    extras = merge_extras(model, QUESTIONS, "plain", LanguageIdentifier(LANGUAGES))
    found = []
    for batch_tokens in (20_000, 200):
        changed = replace(options, batch_tokens=batch_tokens)
        rows = all_rows(answers_of(model, model.tokenizer, QUESTIONS, changed, 1, extras))
        found.append({(row["id"], row["language"], row["sample"]): row["completion"] for row in rows})
    assert found[0] == found[1] and len(set(found[0].values())) > 20


def test_langbridge_never_shows_its_llm_the_question(build: Callable[..., MergedModel]) -> None:
    model = build("prefix-only")
    extras = merge_extras(model, QUESTIONS, "plain", LanguageIdentifier(LANGUAGES))
    assert extras.hides_question
    same = replace(extras, inputs=lambda batch: extras.inputs(QUESTIONS[:1] * len(batch)))
    for one, different in ((same, False), (extras, True)):
        found = list(all_rows(answers_of(model, model.tokenizer, QUESTIONS, OPTIONS, 1, one)))
        assert {row["prompt"] for row in found} == {"<|user|><|assistant|><think>\n"}
        assert (len({row["completion"] for row in found}) > 1) == different


@pytest.mark.parametrize("llm", ["gpt_neox", "llama"])
def test_langbridge_in_raw_text(build: Callable[..., MergedModel], llm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty turn is then an empty prompt, or one of the beginning mark alone; training has the same."""
    model = build("prefix-only", llm=llm)
    plain = (CHAT_TEMPLATES / "plain.jinja").read_text(encoding="utf-8")
    monkeypatch.setattr(model.tokenizer, "chat_template", plain)
    found = answers(model, QUESTIONS)
    assert {row["prompt"] for row in found.values()} == {model.tokenizer.bos_token or ""}
    assert len({row["completion"] for row in found.values()}) > 1
    examples, _ = encode_rows(model, [{**training_row(row), "prompt": ""} for row in QUESTIONS])
    assert {one["prompt"] for one in examples} == {int(model.tokenizer.bos_token is not None)}
    key, row = next(iter(found.items()))
    [one] = [e for e, q in zip(examples, QUESTIONS, strict=True) if (q["id"], q["language"]) == key]
    made = greedy_by_hand(model, {**one, "input_ids": [], "prompt": 0}, OPTIONS.max_new_tokens)
    assert row["completion"] == model.tokenizer.decode(made, skip_special_tokens=True)


# --- Limits -----------------------------------------------------------------------------------------------------------


def training_row(row: dict[str, Any], completion: str = "12") -> dict[str, Any]:
    asked = question_messages(row["question"], row["language"])[0]["content"]
    return {**row, "task": "reasoning", "context": None, "prompt": asked, "completion": completion}


def test_questions_that_the_encoder_cannot_read(
    build: Callable[..., MergedModel], capsys: pytest.CaptureFixture
) -> None:
    """Training cuts them or leaves them out; generation records them and leaves the others as they were."""
    model = build("none")
    whole = answers(model, QUESTIONS)
    sizes = {
        (row["id"], row["language"]): len(model.encoder_tokenizer(row["question"])["input_ids"]) for row in QUESTIONS
    }
    model.limit = sorted(sizes.values())[4]
    long = {key for key, size in sizes.items() if size > model.limit}
    assert 0 < len(long) < len(QUESTIONS)
    capsys.readouterr()
    for key, row in answers(model, QUESTIONS).items():
        if key in long:
            assert (row["finish_reason"], row["completion"], row["tokens"]) == ("prompt_too_long", "", 0)
            assert row["prompt"] == whole[key]["prompt"] and row["gate_encoder"] is None
        else:
            assert row == whole[key]
    assert capsys.readouterr().out.count(f"but the encoder reads at most {model.limit}") == len(long)
    rows = [training_row(row) for row in QUESTIONS]
    fitting = [row for row in rows if (row["id"], row["language"]) not in long]
    examples, cut = encode_rows(model, fitting)
    assert len(examples) == len(QUESTIONS) - len(long) and cut == 0
    assert encode_rows(model, rows, "drop") == (examples, 0)
    several, cut = encode_rows(model, rows, "truncate")
    assert cut == len(long) and [one for one in several if one in examples] == examples
    assert max(len(one["encoder_input_ids"]) for one in several) == model.limit


def test_features_and_prompt_that_overflow_the_context(build: Callable[..., MergedModel]) -> None:
    model = build("none")
    whole = answers(model, QUESTIONS)
    read = {
        key: len(model.encoder_tokenizer(row["question"])["input_ids"])
        + len(model.tokenizer(whole[key]["prompt"], add_special_tokens=False)["input_ids"])
        + 2
        for key, row in (((row["id"], row["language"]), row) for row in QUESTIONS)
    }
    middle = sorted(read.values())[4]
    long = {key for key, size in read.items() if size > middle}
    assert 0 < len(long) < len(QUESTIONS)
    model.config.max_position_embeddings = middle + OPTIONS.max_new_tokens  # the question in the middle just fits
    for key, row in answers(model, QUESTIONS).items():
        assert row == whole[key] if key not in long else row["finish_reason"] == "prompt_too_long"
    key, row = next(((r["id"], r["language"]), r) for r in QUESTIONS if read[r["id"], r["language"]] == middle)
    model.config.max_position_embeddings -= 1
    assert answers(model, [row])[key]["finish_reason"] == "prompt_too_long"
    [fitting], _ = encode_rows(model, [training_row(row)])
    model.config.max_position_embeddings = len(fitting["encoder_input_ids"]) + len(fitting["input_ids"]) + 2
    assert encode_rows(model, [training_row(row)]) == ([fitting], 0)
    model.config.max_position_embeddings -= 1
    assert encode_rows(model, [training_row(row)], "drop") == ([], 0)
    shorter = {**fitting, "input_ids": fitting["input_ids"][:-1]}
    assert encode_rows(model, [training_row(row)], "truncate") == ([shorter], 1)
    model.config.max_position_embeddings -= len(fitting["input_ids"]) - 1 - fitting["prompt"]  # the prompt alone fits
    assert encode_rows(model, [training_row(row)], "truncate") == ([], 0)


@pytest.mark.parametrize("overlong", ["truncate", "drop"])
def test_caps_on_the_question_on_the_prompt_and_on_the_target(build: Callable[..., MergedModel], overlong: str) -> None:
    """MindMerger's max_seq_len and max_gen_len: prompt and target are cut each by itself."""
    model = build("none")
    rows = [training_row(row, "12 + 30 = 42, so that is what is left of it in the end") for row in QUESTIONS]
    whole, cut = encode_rows(model, rows, overlong)
    assert cut == 0 and len(whole) == len(rows)
    longest = sorted(len(one["encoder_input_ids"]) for one in whole)[4]
    found, cut = encode_rows(model, rows, overlong, question_tokens=longest)
    long = sum(len(one["encoder_input_ids"]) > longest for one in whole)
    assert (cut, len(found)) == ((long, len(rows)) if overlong == "truncate" else (0, len(rows) - long)) and long
    assert max(len(one["encoder_input_ids"]) for one in found) == longest
    target = len(whole[0]["input_ids"]) - whole[0]["prompt"]
    most = target - 2
    found, cut = encode_rows(model, rows, overlong, text_tokens=most)
    if overlong == "drop":
        assert (found, cut) == ([], 0)
        return
    assert cut == len(rows)
    for one, before in zip(found, whole, strict=True):
        prompt = min(before["prompt"], most)
        kept = before["input_ids"][: before["prompt"]][:most] + before["input_ids"][before["prompt"] :][:most]
        assert (one["prompt"], one["input_ids"]) == (prompt, kept)
    assert any(before["prompt"] > most for before in whole)
