"""Encoders of every kind: how far they read, and how each is told the language of a text."""

from pathlib import Path

import pytest
import torch
from merges import (
    ENCODERS,
    write_parent,
)
from transformers import NllbTokenizer

from vernacular.models.encoder import encode_texts, encoder_limit, language_token, load_encoder


@pytest.mark.parametrize("kind", ENCODERS)
def test_encoders_read_up_to_their_limit(parents: Path, kind: str, tmp_path: Path) -> None:
    """Texts of exactly as many tokens pass through the model; RoBERTa's kind would break on the next."""
    limits = {} if "t5" in kind else {"max_position_embeddings": 40}
    folder = write_parent(tmp_path / kind, kind, {**ENCODERS[kind], **limits})
    encoder, own = load_encoder(folder, torch.float32)
    assert own.padding_side == "right" and not hasattr(encoder, "lm_head")
    own.model_max_length = 30 if "t5" in kind else own.model_max_length
    limit = encoder_limit(encoder.config, own)
    expected = {"t5": 30, "mt5": 30, "m2m_100": 40, "nllb": 40, "xlm-roberta": 40 - own.pad_token_id - 1}
    assert limit is not None and limit == expected[kind]
    marks = len(own("1")["input_ids"]) - 1  # NLLB's language, beginning of a word and end
    assert marks == (3 if kind == "nllb" else 0)
    text = "1" * (limit - marks)
    (ids,) = encode_texts(own, [text], ["en"], limit)
    assert len(ids) == limit
    assert encoder(input_ids=torch.tensor([ids])).last_hidden_state.shape == (1, limit, 12)
    wanted = rf"a question in 'en' has {limit + 1} tokens but the encoder reads at most {limit} \('.*'\.\.\.\); leave"
    with pytest.raises(ValueError, match=wanted):
        encode_texts(own, ["12", text + "1"], ["en", "en"], limit)
    assert len(encode_texts(own, [text + "1"], ["en"], None)[0]) == limit + 1
    if kind == "xlm-roberta":
        with pytest.raises((IndexError, RuntimeError)):
            encoder(input_ids=torch.tensor([[*ids, ids[0]]]))


def test_relative_positions_without_a_tokenizers_limit_are_unlimited(parents: Path) -> None:
    encoder, own = load_encoder(parents / "t5", torch.float32)
    own.model_max_length = int(1e30)
    assert encoder_limit(encoder.config, own) is None
    assert encode_texts(own, [], [], None) == []


def test_nllb_texts_begin_with_their_language(parents: Path) -> None:
    """`en` and `fr` are ordinary pieces of its vocabulary, and must not be taken for the languages."""
    own = load_encoder(parents / "nllb", torch.float32)[1]
    assert {"en", "fr"} <= own.get_vocab().keys() and isinstance(own, NllbTokenizer)
    texts, languages = ["12 en", "12 fr", "12", "12"], ["en", "fr", "sw", "en"]
    ids = encode_texts(own, texts, languages, None)
    assert [own.convert_ids_to_tokens(row[0]) for row in ids] == ["eng_Latn", "fra_Latn", "swh_Latn", "eng_Latn"]
    assert ids[2][1:] == ids[3][1:] and ids[2][-1] == own.eos_token_id


class Codes:
    """What language_token asks of a tokenizer: M2M100's own class needs sentencepiece, which is not installed."""

    unk_token_id = 3

    def __init__(self, tokens: list[str]) -> None:
        self.ids = {token: place for place, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *tokens])}

    def convert_tokens_to_ids(self, token: str) -> int:
        return self.ids.get(token, self.unk_token_id)


def test_m2m100_names_languages_by_their_short_code() -> None:
    own = Codes(["en", "de", "sw", "__en__", "__sw__"])
    assert [language_token(own, language)[0] for language in ("en", "sw")] == ["en", "sw"]
    with pytest.raises(ValueError, match=r"the encoder's tokenizer does not know 'de' \(or 'deu_Latn'\)"):
        language_token(own, "de")
