"""The multilingual encoder of a merge: mT5 and T5, NLLB and M2M100, or XLM-R and similar."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, AutoModelForSeq2SeqLM
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from vernacular.language.languages import about
from vernacular.models.folders import load_checked, loading, torch_dtype
from vernacular.models.sound import check_numbers, trial

UNLIMITED = 10**6  # tokenizers without a limit state one of 10^30


def load_encoder(folder: str | Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """(encoder, tokenizer padding on the right). Raises ValueError as `load_checked` does, and for a model that has no
    encoder or whose encoder computes no numbers."""

    def maker(config: Any) -> Any:
        if config.is_encoder_decoder:
            return AutoModelForSeq2SeqLM
        if config.model_type in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
            return AutoModel
        raise ValueError(
            f"{folder}: a model of the type '{config.model_type}' has no encoder to merge with; "
            "use an encoder-decoder (T5, mT5, NLLB, M2M100) or an encoder (XLM-R, BERT)"
        )

    model, tokenizer = load_checked(folder, maker, "right", dtype, used=is_of_encoder)
    with loading(folder):
        encoder = model.get_encoder() if model.config.is_encoder_decoder else model
        check_reader(folder, model, tokenizer)
        check_numbers(folder, encoder(input_ids=torch.tensor([trial(tokenizer)])).last_hidden_state)
    return encoder, tokenizer


def load_translator(folder: str | Path, dtype: str = "auto") -> tuple[Any, Any]:
    """(encoder-decoder on a GPU if there is one, tokenizer padding on the right). Raises ValueError as `load_checked`
    does, and for a model that cannot translate."""

    def maker(config: Any) -> Any:
        if config.is_encoder_decoder:
            return AutoModelForSeq2SeqLM
        raise ValueError(
            f"{folder}: a model of the type '{config.model_type}' cannot translate; name another translator"
        )

    model, tokenizer = load_checked(folder, maker, "right", torch_dtype(dtype))
    model = model.to("cuda") if torch.cuda.is_available() else model
    with loading(folder):
        check_reader(folder, model, tokenizer)
        ids = torch.tensor([trial(tokenizer)], device=model.device)
        options = {"max_new_tokens": 1, "do_sample": False, "num_beams": 1, "return_dict_in_generate": True}
        check_numbers(folder, model.generate(input_ids=ids, output_logits=True, **options).logits[0])
    return model, tokenizer


def is_of_encoder(name: str) -> bool:
    """Whether a merge uses this tensor: no decoder, no head and no pooling over a text."""
    return not any(part in name.split(".") for part in ("decoder", "lm_head", "cls", "classifier", "pooler"))


def check_reader(folder: str | Path, model: Any, tokenizer: Any) -> None:
    """Raises ValueError for a tokenizer that cannot pad, and for a limit that is not a number."""
    if type(tokenizer.pad_token_id) is not int:
        raise ValueError(f"{folder}: the tokenizer has no token that pads; fix it")
    if (limit := encoder_limit(model.config, tokenizer)) is not None and limit < 1:
        raise ValueError(f"{folder}: it reads at most {limit} tokens, by its config; make the model again")


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
