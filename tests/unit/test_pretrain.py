"""Pretraining's tokenizer loses nothing; examples are prompt and completion."""

from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mini import mini

from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.language.languages import load_languages
from vernacular.language.phrasebook import SECTIONS, load_phrasebook
from vernacular.language.prompts import END_OF_THINKING, THINK
from vernacular.models import packing
from vernacular.models.packing import encode_examples
from vernacular.models.pretrain import train_tokenizer

ALL = list(load_languages())
BENCHMARKS = {"mini-mgsm": mini(train=12)}

# --- Tokenizer --------------------------------------------------------------------------------------------------------


def training(task: str) -> list[dict[str, Any]]:
    data = {"task": task, "benchmarks": {"mini-mgsm": [0.0, 1.0]}, "languages": ALL, "english_trace_share": 0.5}
    return list(
        training_rows(
            TrainingDataOptions([{**data, "bilingual": 0.5, "translated": ["questions", "answers"]}], 1, BENCHMARKS)
        )
    )


@cache
def tokenizer() -> Any:
    return train_tokenizer((row["prompt"] + row["completion"] for row in training("reasoning")), 2000)


@pytest.mark.parametrize("language", ALL)
def test_every_text_of_a_phrasebook_survives_the_tokenizer(language: str) -> None:
    book = load_phrasebook(language)
    texts = [book["instruction"], book["answer"], *book["names"], *book["steps"]]
    texts += [form for thing in book["things"] for form in map(str, thing.values())]
    texts += [text for section, kinds in SECTIONS.items() for kind in kinds for text in book[section][kind]]
    texts.append("\n".join(texts) + f"\n{END_OF_THINKING}\n  ")
    for text in texts:
        assert tokenizer().decode(tokenizer()(text, add_special_tokens=False)["input_ids"]) == text


@given(st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: "<|" not in text))
def test_any_text_survives_the_tokenizer(text: str) -> None:
    assert tokenizer().decode(tokenizer()(text, add_special_tokens=False)["input_ids"]) == text


def test_digits_stand_one_by_one() -> None:
    for text in ("2026", "x12+345=", " 12 34", "३४५", "١٢٣", "๑๒"):
        pieces = tokenizer().backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)
        assert sum(piece.isnumeric() for piece in text) == sum(
            end - start == 1 and text[start].isnumeric() for _, (start, end) in pieces
        )
    for token in range(len(tokenizer())):
        assert sum(letter.isdigit() for letter in tokenizer().decode([token])) <= 1
    assert len(tokenizer()("73", add_special_tokens=False)["input_ids"]) == 2


def test_numbers_are_tokens_of_as_many_digits_as_asked() -> None:
    numbers = train_tokenizer([f"{x} + {y} = {x + y}\n" for x in range(50) for y in range(50)], 500, digits=2)
    for number in range(99):
        assert len(numbers(str(number), add_special_tokens=False)["input_ids"]) == 1, number
    assert len(numbers("2026", add_special_tokens=False)["input_ids"]) == 2


def test_thinking_tags_are_one_token_and_stay() -> None:
    for tag in (THINK, END_OF_THINKING):
        (token,) = tokenizer()(tag, add_special_tokens=False)["input_ids"]
        assert tokenizer().decode([token], skip_special_tokens=True) == tag
    assert len(tokenizer()) <= 2000


@pytest.mark.parametrize("task", ["reasoning", "translation"])
def test_examples_are_prompt_and_completion(task: str) -> None:
    prompts: Counter[str] = Counter()
    opened = f"{THINK}\n" if task == "reasoning" else ""
    rows = training(task)
    for row, (ids, prompt) in zip(rows, encode_examples(tokenizer(), rows), strict=True):
        start, rest = tokenizer().decode(ids[:prompt]), tokenizer().decode(ids[prompt:])
        assert start == f"<|user|>{row['prompt']}<|assistant|>{opened}"
        assert opened + rest == f"{row['completion']}<|end|>"
        assert ids[-1] == tokenizer().eos_token_id
        prompts[row["language"]] += 1
    assert prompts.keys() == set(ALL) - ({"en"} if task == "translation" else set())


def test_a_context_stands_before_the_chat_and_is_not_learnt() -> None:
    rows = training("context")
    assert {row["prompt"] == "" for row in rows} == {True, False}
    for row, (ids, prompt) in zip(rows, encode_examples(tokenizer(), rows), strict=True):
        before, learnt = tokenizer().decode(ids[:prompt]), tokenizer().decode(ids[prompt:])
        assert before == f"{row['context']}\n<|user|>{row['prompt']}<|assistant|>{THINK}\n"
        assert f"{THINK}\n{learnt}" == f"{row['completion']}<|end|>"


def test_rows_are_encoded_together_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row for task in ("text", "reasoning", "translation") for row in training(task)[:7]]
    rows = rows[::2] + rows[1::2]
    alone = [example for row in rows for example in encode_examples(tokenizer(), [row])]
    assert encode_examples(tokenizer(), rows) == alone and len(alone) == len(rows)
    monkeypatch.setattr(packing, "TOKENIZED", 4)
    assert encode_examples(tokenizer(), rows) == alone
    assert encode_examples(tokenizer(), []) == []


def test_plain_text_is_learnt_whole() -> None:
    rows = training("text")
    for row, (ids, prompt) in zip(rows, encode_examples(tokenizer(), rows), strict=True):
        assert prompt == 0 and tokenizer().decode(ids) == f"{row['completion']}<|end|>"
