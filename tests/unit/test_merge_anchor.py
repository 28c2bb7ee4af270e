"""The start of a mapping: the words that features are sent to, whatever cuts the tokens; parents stay as they are."""

from collections.abc import Callable

import pytest
import torch
from merges import QUESTIONS

from vernacular.merge import anchor
from vernacular.merge.anchor import anchor_mapping, english_tokens, sample_sentences
from vernacular.merge.model import MergedModel

ENGLISH = [row["question"] for row in QUESTIONS if row["language"] == "en"]


@pytest.mark.parametrize("encoder", ["t5", "m2m_100", "nllb", "xlm-roberta"])
def test_a_token_is_sent_to_the_words_at_its_place(build: Callable[..., MergedModel], encoder: str) -> None:
    """By hand: every token of the encoder that holds a letter, in the order of the text, and what the LLM has there."""
    model = build("none", encoder)
    features, aims = english_tokens(model, ENGLISH)
    assert features.shape[1] == 12 and aims.shape[1] == 16 and len(features) == len(aims)
    words, wanted = model.llm.get_input_embeddings().weight, []
    for text in ENGLISH:
        owner = [0] * len(text)  # the LLM's token at each character
        told = model.tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
        for token, (start, end) in zip(told["input_ids"], told["offset_mapping"], strict=True):
            owner[start:end] = [token] * (end - start)
        for start, end in model.encoder_tokenizer(text, return_offsets_mapping=True)["offset_mapping"]:
            if end > start:
                wanted.append(words[list(dict.fromkeys(owner[start:end]))].mean(0))
    torch.testing.assert_close(aims, torch.stack(wanted))
    alone = english_tokens(model, ENGLISH[:1])[0]
    torch.testing.assert_close(features[: len(alone)], alone, atol=1e-5, rtol=1e-4)  # padding of a batch tells nothing


def test_a_mapping_learns_where_the_words_are_and_nothing_else_moves(
    build: Callable[..., MergedModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anchor, "STEPS", 300)
    model = build("none")
    before = {name: tensor.clone() for name, tensor in model.named_parameters()}
    reached = anchor_mapping(model, ENGLISH, 1)
    moved = {name for name, tensor in model.named_parameters() if not torch.equal(tensor, before[name])}
    assert moved == {f"connector.mapping.{n}.{part}" for n in (0, 2) for part in ("weight", "bias")}
    features, aims = english_tokens(model, ENGLISH)
    by_chance = torch.nn.functional.cosine_similarity(build("none").connector.mapping(features), aims).mean()
    assert reached > float(by_chance.detach()) + 0.3
    again, other = build("none"), build("none")
    assert anchor_mapping(again, ENGLISH, 1) == reached != anchor_mapping(other, ENGLISH, 2)


def test_a_tokenizer_that_tells_no_places_is_refused(build: Callable[..., MergedModel]) -> None:
    model = build("none")
    model.encoder_tokenizer = type("Slow", (), {"is_fast": False})()
    with pytest.raises(
        ValueError, match="the tokenizer of the encoder does not report token positions; set `anchor: 0`"
    ) as error:
        anchor_mapping(model, ENGLISH, 1)
    assert "\n" not in str(error.value)


def test_sentences_are_drawn_once_each_by_the_seed() -> None:
    rows = [{"completion": text} for text in ENGLISH for _ in range(3)]
    assert sorted(sample_sentences(rows, 100, 1)) == sorted(set(ENGLISH))
    assert len(sample_sentences(rows, 2, 1)) == 2 and sample_sentences(rows, 2, 1) == sample_sentences(rows, 2, 1)
