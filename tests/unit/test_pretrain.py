"""Pretraining's data: examples packed whole, and a tokenizer that loses nothing."""

from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernacular.corpus.miniature import pretraining_rows
from vernacular.corpus.phrasebook import SECTIONS, load_phrasebook
from vernacular.languages import load_languages
from vernacular.models.pretrain import IGNORED, collate, encode_example, pack, train_tokenizer
from vernacular.prompts import END_OF_THINKING, THINK, question_messages

ALL = list(load_languages())
NUMBERS = {"opening": [2, 24], "term": [2, 14], "factor": [2, 4], "result": [2, 36]}
BENCHMARKS = {"mini-mgsm": {"questions": {"train": 12}, "steps": 2, "numbers": NUMBERS, "setting": "story"}}

# --- Packing ----------------------------------------------------------------------------------------------------------

EXAMPLES = st.lists(st.integers(2, 16).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1))), max_size=80)


@settings(max_examples=60)
@given(EXAMPLES, st.integers(16, 40), st.integers(0, 3))
def test_packing_keeps_every_example_whole(sizes: list[tuple[int, int]], length: int, seed: int) -> None:
    """Tokens are numbered through, so that each can be told apart; padding is 0."""
    examples, number = [], 1
    for size, prompt in sizes:
        examples.append((list(range(number, number + size)), prompt))
        number += size
    found = []
    for row in pack(examples, length, 0, seed):
        assert {len(values) for values in row.values()} == {length}
        starts = [i for i, place in enumerate(row["position_ids"]) if place == 0] + [length]
        for start, end in zip(starts, starts[1:], strict=False):
            ids, labels = row["input_ids"][start:end], row["labels"][start:end]
            assert row["position_ids"][start:end] == list(range(end - start))
            prompt = labels.count(IGNORED)
            if ids[0] == 0:
                assert set(ids) == {0} and prompt == end - start and end == length
            else:
                assert labels == [IGNORED] * prompt + ids[prompt:]
                found.append((ids, prompt))
    assert sorted(found) == sorted(examples)


def test_packing_wastes_little_and_follows_the_seed() -> None:
    examples = [(list(range(1, 40 + n % 60)), 20) for n in range(500)]
    rows = pack(examples, 512, 0, 1)
    assert sum(row["input_ids"].count(0) for row in rows) < 0.04 * 512 * len(rows)
    assert rows == pack(examples, 512, 0, 1) != pack(examples, 512, 0, 2)
    assert {key: tuple(value.shape) for key, value in collate(rows[:3]).items()} == dict.fromkeys(rows[0], (3, 512))
    with pytest.raises(ValueError, match="98 tokens but rows hold 90: raise `length`"):
        pack(examples, 90, 0, 1)


# --- Tokenizer --------------------------------------------------------------------------------------------------------


@cache
def rows() -> list[dict[str, Any]]:
    data = {"benchmarks": {"mini-mgsm": [0.0, 1.0]}, "languages": ALL, "english_trace_share": 0.5}
    return list(pretraining_rows(BENCHMARKS, data, 1))


@cache
def tokenizer() -> Any:
    return train_tokenizer((row["question"] + row["completion"] for row in rows()), 2000)


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


def test_thinking_tags_are_one_token_and_stay() -> None:
    for tag in (THINK, END_OF_THINKING):
        (token,) = tokenizer()(tag, add_special_tokens=False)["input_ids"]
        assert tokenizer().decode([token], skip_special_tokens=True) == tag
    assert len(tokenizer()) <= 2000


def test_examples_are_prompt_and_completion() -> None:
    prompts: Counter[str] = Counter()
    for row in rows():
        ids, prompt = encode_example(tokenizer(), row)
        start, rest = tokenizer().decode(ids[:prompt]), tokenizer().decode(ids[prompt:])
        content = question_messages(row["question"], row["language"])[0]["content"]
        assert start == f"<|user|>{content}<|assistant|><think>\n" and rest == f"{row['completion']}<|end|>"
        assert ids[-1] == tokenizer().eos_token_id
        prompts[row["language"]] += 1
    assert len(prompts) == len(ALL)
