"""Generation: the text of a sample depends on question, language, sample and seed alone, and every question is counted.

The model is a tiny Llama with random weights, spread wide enough that its next tokens are far from equally likely.
"""

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from mini import mini
from scripts import SCRIPTS

from vernacular.answers.compare import is_correct
from vernacular.corpus.miniature import question_rows
from vernacular.evaluation.generate import answers_of, decoded, stream_seed
from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.resume import all_rows
from vernacular.language.phrasebook import load_phrasebook
from vernacular.language.prompts import forced_prefix, question_messages, split_completion
from vernacular.language.thinking import FAMILIES
from vernacular.models.pretrain import build_model, train_tokenizer
from vernacular.run.code import SOURCE, closure
from vernacular.storage.records import GENERATION

LANGUAGES = ["en", "fr", "ja", "de"]
BENCHMARKS = {"mini-mgsm": mini(test=3)}
QUESTIONS = list(question_rows(BENCHMARKS, LANGUAGES, "test", 1))
OPTIONS = GenerationOptions(LANGUAGES, max_new_tokens=24, samples=3, temperature=0.8, batch_tokens=20_000)
ENDS = 12  # of the 340 tokens end a text here, so that some texts end early


@cache
def model_and_tokenizer(context: int = 512) -> tuple[Any, Any]:
    texts = [question_messages(row["question"], row["language"])[0]["content"] for row in QUESTIONS]
    tokenizer = train_tokenizer(iter(texts), 340)
    torch.set_num_threads(1)  # more of them only wait for one another here
    torch.manual_seed(0)
    architecture = {
        "model_type": "llama", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": context,
        "initializer_range": 0.2,
    }  # fmt: skip
    model: Any = build_model(architecture, tokenizer).eval()
    model.generation_config.eos_token_id = [tokenizer.eos_token_id, *range(300, 299 + ENDS)]
    return model, tokenizer


def generate(
    questions: list[dict[str, Any]], seed: int = 1, context: int = 512, **changes: Any
) -> dict[tuple, dict[str, Any]]:
    rows = list(all_rows(answers_of(*model_and_tokenizer(context), questions, replace(OPTIONS, **changes), seed)))
    found = {(row["id"], row["language"], row["sample"]): row for row in rows}
    samples = range(changes.get("samples", OPTIONS.samples))
    assert list(found) == [(row["id"], row["language"], n) for row in questions for n in samples]  # in their order
    return found


def prompt_of(row: dict[str, Any]) -> str:
    messages = question_messages(row["question"], row["language"])
    return model_and_tokenizer()[1].apply_chat_template(messages, add_generation_prompt=True, tokenize=False)


def by_hand(question: dict[str, Any], sample: int, seed: int, prefix: str = "") -> tuple[str, int, str]:
    """One sample without batch, cache or `generate`: (completion, tokens, finish_reason)."""
    model, tokenizer = model_and_tokenizer()
    start = tokenizer(prompt_of(question) + prefix, add_special_tokens=False)["input_ids"]
    draws = np.random.default_rng(stream_seed(question, sample, seed)).random(24)
    made: list[int] = []
    for draw in draws:
        with torch.inference_mode():
            logits = model(torch.tensor([start + made])).logits[0, -1].double().numpy() / OPTIONS.temperature
        chances = np.exp(logits - logits.max())
        made.append(int(np.searchsorted(np.cumsum(chances / chances.sum()), draw, side="right")))
        if made[-1] in model.generation_config.eos_token_id:
            break
    ended = made[-1] in model.generation_config.eos_token_id
    given = len(tokenizer(prefix, add_special_tokens=False)["input_ids"])
    return prefix + tokenizer.decode(made, skip_special_tokens=True), given + len(made), "stop" if ended else "length"


def test_samples_are_those_drawn_by_hand() -> None:
    rows = generate(QUESTIONS)
    assert len(rows) == len(QUESTIONS) * 3
    reasons = Counter(row["finish_reason"] for row in rows.values())
    assert reasons["stop"] > 3 and reasons["length"] > 3 and reasons.total() == len(rows)
    for question in QUESTIONS:
        for sample in range(3):
            row = rows[question["id"], question["language"], sample]
            assert (row["completion"], row["tokens"], row["finish_reason"]) == by_hand(question, sample, 1)
            assert row["prompt"] == prompt_of(question)
            assert (row["trace"], row["response"]) == split_completion(row["completion"])
            assert (row["tokens"] == 24) or row["finish_reason"] == "stop"


@pytest.mark.parametrize("batch_tokens", [1, 200, 500, 1500])
def test_batches_change_nothing(batch_tokens: int) -> None:
    assert generate(QUESTIONS, batch_tokens=batch_tokens) == generate(QUESTIONS)


@pytest.mark.parametrize("samples", [1, 3, 40])
@pytest.mark.parametrize("batch_tokens", [1, 200, 500, 1500, 10**6])
def test_batches_hold_prompts_of_like_length_and_no_more_tokens_than_allowed(batch_tokens: int, samples: int) -> None:
    options = replace(OPTIONS, batch_tokens=batch_tokens, samples=samples)
    batches = answers_of(*model_and_tokenizer(), QUESTIONS, options, 1).batches
    again = answers_of(*model_and_tokenizer(), QUESTIONS[::-1], options, 7).batches
    assert [(batch.requests, batch.samples) for batch in batches] == [(b.requests, b.samples) for b in again]
    lengths = [[len(request.ids) for request in batch.requests] for batch in batches]
    for batch, found in zip(batches, lengths, strict=True):
        assert batch.tokens == len(batch) * (max(found) + 24)
        assert batch.tokens <= batch_tokens or len(batch) == 1
    assert all(min(one) >= max(other) for one, other in pairwise(lengths))
    asked = [(id(one.question), n) for batch in batches for one in batch.requests for n in batch.samples]
    assert len(asked) == len(set(asked)) == len(QUESTIONS) * samples


@pytest.mark.parametrize("options", [{}, {"samples": 1, "temperature": 0}])
def test_a_prompt_is_read_once_and_what_has_ended_leaves_the_batch(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_and_tokenizer(512)[0]  # the one that `generate` takes from the cache
    whole, shapes = generate(QUESTIONS, **options), []
    forward = model.forward

    def recorded(*arguments: Any, **inputs: Any) -> Any:
        shapes.append(tuple(inputs["input_ids"].shape))
        return forward(*arguments, **inputs)

    monkeypatch.setattr(model, "forward", recorded)
    assert generate(QUESTIONS, **options) == whole
    (prompts, width), *steps = shapes
    assert prompts == len(QUESTIONS) and width > 10 and len(steps) == 23 and {places for _, places in steps} == {1}
    rows = [count for count, _ in steps]
    assert rows[0] <= len(whole) and rows == sorted(rows, reverse=True)
    for place, count in enumerate(rows, start=1):  # at most an eighth of the rows has ended
        assert count * 7 / 8 < sum(row["tokens"] > place for row in whole.values()) <= count


def test_order_and_other_languages_change_nothing() -> None:
    whole = generate(QUESTIONS)
    assert generate(QUESTIONS[::-1]) == whole
    french = generate([row for row in QUESTIONS if row["language"] == "fr"])
    assert french == {key: row for key, row in whole.items() if key[1] == "fr"} and french


def test_fewer_samples_are_the_first_of_more() -> None:
    assert generate(QUESTIONS, samples=2) == {key: row for key, row in generate(QUESTIONS).items() if key[2] < 2}


def test_samples_seeds_questions_and_languages_differ() -> None:
    rows, again = generate(QUESTIONS), generate(QUESTIONS, seed=2)
    texts = [row["completion"] for row in rows.values()]
    assert len(set(texts)) > 0.9 * len(texts)
    assert sum(again[key]["completion"] == row["completion"] for key, row in rows.items()) < 0.1 * len(rows)
    keys = [(code, sample, seed) for code in "ab" for sample in (0, 1) for seed in (0, 1)]
    assert len({stream_seed({"id": "q", "language": code}, sample, seed) for code, sample, seed in keys}) == 8


def test_temperature_zero_is_greedy() -> None:
    model, tokenizer = model_and_tokenizer()
    for (_, _, _), row in generate(QUESTIONS, samples=1, temperature=0).items():
        inputs = tokenizer(row["prompt"], add_special_tokens=False, return_tensors="pt")
        output = model.generate(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], max_new_tokens=24, do_sample=False,
            pad_token_id=tokenizer.pad_token_id,
        )[0, inputs["input_ids"].shape[1] :]  # fmt: skip
        assert row["completion"] == tokenizer.decode(output, skip_special_tokens=True)
        assert row["tokens"] == len(output)


def test_low_temperature_tends_to_greedy() -> None:
    cold, greedy = generate(QUESTIONS, samples=1, temperature=1e-4), generate(QUESTIONS, samples=1, temperature=0)
    assert cold == greedy


def test_prompt_too_long_is_counted_not_cut() -> None:
    tokenizer = model_and_tokenizer()[1]
    lengths = {(row["id"], row["language"]): len(tokenizer(prompt_of(row))["input_ids"]) for row in QUESTIONS}
    middle = sorted(lengths.values())[5]
    rows = generate(QUESTIONS, context=middle + 24)  # the prompt of median length just fits
    whole = generate(QUESTIONS)
    long = {key for key, length in lengths.items() if length > middle}
    assert 0 < len(long) < len(lengths) and len(rows) == len(whole)
    for (identifier, language, sample), row in rows.items():
        if (identifier, language) in long:
            assert row["prompt"] == whole[identifier, language, sample]["prompt"]
            assert (row["completion"], row["trace"], row["response"], row["tokens"]) == ("", "", "", 0)
            assert row["finish_reason"] == "prompt_too_long"
        else:
            assert row == whole[identifier, language, sample]


def test_a_context_stands_before_the_chat_and_is_read() -> None:
    told = [{**question, "context": "In English."} for question in QUESTIONS]
    plain, found = generate(QUESTIONS), generate(told)
    assert all(row["prompt"] == f"In English.\n{plain[key]['prompt']}" for key, row in found.items())
    assert any(row["completion"] != plain[key]["completion"] for key, row in found.items())


def test_forced_prefix_stands_at_the_start_of_the_trace() -> None:
    rows = generate(QUESTIONS, decoding="forced-prefix", samples=60)
    for (_, language, _), row in rows.items():
        prefix = load_phrasebook(language)["steps"][0]
        assert forced_prefix(language) == prefix and row["completion"].startswith(prefix)
        assert not row["prompt"].endswith(prefix)  # it belongs to what is scored
        assert not row["trace"] or row["trace"].startswith(prefix)
    assert any(row["trace"] for row in rows.values())
    for question in QUESTIONS[:4]:
        row = rows[question["id"], question["language"], 1]
        hand = by_hand(question, 1, 1, forced_prefix(question["language"]))
        assert (row["completion"], row["tokens"], row["finish_reason"]) == hand


def test_each_kind_is_asked_in_its_own_way() -> None:
    """A choice with its options, an entailment by its own instruction, a translated question in English."""
    settings = {"mini-xcsqa": "facts", "mini-xnli": "statements"}
    benchmarks = {name: mini(setting, test=2) for name, setting in settings.items()}
    questions = list(question_rows(benchmarks, ["en", "fr"], "test", 1))
    rows = generate(questions, samples=1, max_new_tokens=2)
    assert len(rows) == len(questions) == 8
    for question in questions:
        prompt = rows[question["id"], question["language"], 0]["prompt"]
        kind = f"{question['kind']}_instruction"
        assert load_phrasebook(question["language"])[kind] in prompt and question["question"] in prompt
        options = [f"{letter}) {choice}" for letter, choice in zip("ABCDE", question["choices"] or [], strict=False)]
        assert len(options) == 5 * (question["kind"] == "choice") and "\n".join(options) in prompt
    english = generate([{**question, "asked_in": "en"} for question in questions], samples=1, max_new_tokens=2)
    assert set(english) == set(rows)
    assert all("in English" in row["prompt"] for row in english.values())


def test_an_llm_alone_has_no_gate() -> None:
    for row in generate(QUESTIONS[:2], samples=1).values():
        assert list(row) == GENERATION.names
        assert row["told_language"] is row["gate_encoder"] is row["gate_llm"] is None


def test_a_model_whose_template_knows_no_traces_answers_in_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """As MetaMath's do: all of it is the trace. What the workflow's other parts read is the same columns as ever."""
    solution = "48/2 = 24.\n#### 24\nThe answer is: 24"
    assert split_completion(f"{solution}\n", None) == (solution, "The answer is: 24")
    assert split_completion("B", None) == ("B", "B") and split_completion("", None) == ("", "")
    assert is_correct("24", split_completion("So 1 + 23.\nThe answer is: 24", None)[1], "sw")
    tokenizer = model_and_tokenizer(512)[1]  # as `generate` asks for it, or the cache gives another
    monkeypatch.setattr(tokenizer, "chat_template", tokenizer.chat_template.replace("<think>", ""))
    for row in generate(QUESTIONS).values():
        assert (row["trace"], row["response"]) == split_completion(row["completion"], None)


@pytest.mark.parametrize("family", ["magistral", "harmony"])
def test_tags_that_are_special_tokens_stay_in_the_completion(family: str) -> None:
    tokens = {7: "<s>", 8: "[THINK]", 9: "[/THINK]", 10: "<|channel|>", 11: "<|message|>", 12: "</s>"}
    words = tokens | {20: "analysis", 21: "assistant", 22: "final", 30: "Je compte.", 31: "\\boxed{3}"}

    class Stand:
        chat_template = "".join(FAMILIES[family])
        all_special_ids, all_special_tokens = list(tokens), list(tokens.values())

        def decode(self, ids: list[int], skip_special_tokens: bool) -> str:
            return "".join(words[one] for one in ids if not (skip_special_tokens and one in tokens))

    written = {"magistral": [8, 30, 9, 31, 12], "harmony": [10, 20, 11, 30, 21, 10, 22, 11, 31, 12]}[family]
    text = decoded(written, Stand(), family)
    assert "</s>" not in text and split_completion(text, family) == ("Je compte.", "\\boxed{3}")


def test_one_end_token_of_the_tokenizer_where_the_model_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokenizer = model_and_tokenizer()
    monkeypatch.setattr(model.generation_config, "eos_token_id", None)
    rows = generate(QUESTIONS)
    assert {row["tokens"] for row in rows.values() if row["finish_reason"] == "length"} == {24}


def test_the_plain_script_reaches_neither_merges_nor_the_translator() -> None:
    """A change of theirs must not rerun the generations of every model."""
    reached = {
        path.relative_to(SOURCE).as_posix() for path in closure(SCRIPTS / "generate.py") if SOURCE in path.parents
    }
    assert "vernacular/evaluation/generate.py" in reached
    assert not {name for name in reached if "/merge/" in name or name.endswith("translate.py")}
