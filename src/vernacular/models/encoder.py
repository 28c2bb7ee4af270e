"""The multilingual encoder of a merge: mT5 and T5, NLLB and M2M100, or XLM-R and similar."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForSeq2SeqLM, AutoTokenizer
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from vernacular.language.languages import about
from vernacular.models.folders import loading

UNLIMITED = 10**6  # tokenizers without a limit state one of 10^30


def load_encoder(folder: str | Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """(encoder, tokenizer padding on the right). Raises ValueError for a model that has no encoder."""
    with loading(folder):
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="right", trust_remote_code=False)
        if config.is_encoder_decoder:
            model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=dtype, trust_remote_code=False)
            return model.get_encoder(), tokenizer
        if config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
            return AutoModel.from_pretrained(folder, dtype=dtype, trust_remote_code=False), tokenizer
    raise ValueError(
        f"{folder}: a model of the type '{config.model_type}' has no encoder to merge with; "
        "use an encoder-decoder (T5, mT5, NLLB, M2M100) or an encoder (XLM-R, BERT)"
    )


def encoder_limit(config: Any, tokenizer: Any) -> int | None:
    """The most tokens that the encoder reads; None if its positions are relative and the tokenizer states no limit.

    RoBERTa and similar models count positions from the padding index on, so two of them are never used.
    """
    limits = [tokenizer.model_max_length] if tokenizer.model_max_length < UNLIMITED else []
    positions = getattr(config, "max_position_embeddings", None)
    if positions and config.model_type not in ("t5", "mt5", "umt5"):
        offset = config.pad_token_id + 1 if "roberta" in config.model_type else 0
        limits.append(positions - offset)
    return min(limits, default=None)


def encode_texts(
    tokenizer: Any, texts: list[str], languages: list[str], limit: int | None, truncate: bool = False
) -> list[list[int]]:
    """Token ids of each text. languages: ISO 639-1; NLLB and M2M100 begin a text with a token for its language.

    Raises ValueError for a text of more than `limit` tokens, since cutting it could cut the question off, unless
    `truncate` is on: then its end is cut off, except the special tokens that the tokenizer puts there.
    """
    cut: dict[str, Any] = {"truncation": True, "max_length": limit} if truncate and limit is not None else {}
    if hasattr(tokenizer, "src_lang"):
        ids = []
        for text, language in zip(texts, languages, strict=True):
            tokenizer.src_lang = language_token(tokenizer, language)[0]
            ids.append(tokenizer(text, **cut)["input_ids"])
    else:
        ids = tokenizer(texts, **cut)["input_ids"] if texts else []
    for text, tokens, language in zip(texts, ids, languages, strict=True):
        if limit is not None and len(tokens) > limit:
            raise ValueError(
                f"a question in '{language}' has {len(tokens)} tokens but the encoder reads at most {limit} "
                f"({text[:40]!r}...); leave it out or use another encoder"
            )
    return ids


def language_token(tokenizer: Any, language: str) -> tuple[str, int]:
    """How the tokenizer names a language (NLLB `eng_Latn`, FLORES-200; M2M100 `en`, ISO 639-1), and its token's id."""
    flores = about(language).get("flores", "")
    # The token decides, not the bare code: `en` is an ordinary piece of NLLB's vocabulary.
    for code, token in ((flores, flores), (language, f"__{language}__")):
        number = tokenizer.convert_tokens_to_ids(token)
        if number not in (None, tokenizer.unk_token_id):
            return code, number
    names = f"'{language}' (or '{flores}')" if flores else f"'{language}'"
    raise ValueError(f"the encoder's tokenizer does not know {names}; leave the language out")
