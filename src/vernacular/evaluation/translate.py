"""Translate, then ask: the baseline `translate-en`."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import torch

from vernacular.evaluation.progress import Progress
from vernacular.evaluation.resume import made
from vernacular.language.languages import ENGLISH
from vernacular.language.prompts import question_text
from vernacular.models.batches import Part, by_length
from vernacular.models.encoder import encode_texts, encoder_limit, language_token, load_translator
from vernacular.storage.partial import row_at

NEW = 512  # tokens of a translation at most, by a model that states no limit


def translated(
    rows: list[dict[str, Any]], folder: str, batch_tokens: int, dtype: str, file: BinaryIO, progress: Progress
) -> list[dict[str, Any]]:
    """`translate-en`: each question with its options, translated into English greedily by an encoder-decoder.

    The model is asked the translation as it is, whatever of the options survived in it. English questions are
    translated as well: nothing says what language a question is in. batch_tokens: those that are read
    and written, padding included. file, progress: as of `made`; translations are kept.
    """
    translator, tokenizer = load_translator(folder, dtype)
    limit = encoder_limit(translator.config, tokenizer)
    texts = [question_text(row["question"], row["choices"]) for row in rows]
    ids = encode_texts(tokenizer, texts, [row["language"] for row in rows], limit)
    into = {"forced_bos_token_id": language_token(tokenizer, ENGLISH)[1]} if hasattr(tokenizer, "src_lang") else {}

    most = [min(limit or NEW, 2 * len(one) + 16) for one in ids]  # tokens of each translation

    def translate(part: Part) -> Iterator[dict[str, Any]]:
        given = {"input_ids": [ids[n] for n in part.numbers]}
        batch = tokenizer.pad(given, return_tensors="pt").to(translator.device)
        with torch.inference_mode():
            out = translator.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                max_new_tokens=max(most[n] for n in part.numbers),
                do_sample=False,
                num_beams=1,
                **into,
            )
        for n, tokens in zip(part.numbers, out.tolist(), strict=True):
            text = tokenizer.decode(tokens[: 1 + most[n]], skip_special_tokens=True)  # the first one is given
            yield {"english": str(text).strip(), "tokens": sum(token != tokenizer.pad_token_id for token in tokens[1:])}

    sizes = [len(one) + new for one, new in zip(ids, most, strict=True)]
    parts = by_length(sizes, batch_tokens, max(most, default=0))
    places: dict[int, int] = {}
    for part, starts in made(file, parts, translate, progress):
        places |= zip(part.numbers, starts, strict=True)
    english = [row_at(file, places[n])["english"] for n in range(len(rows))]
    return [
        {**row, "question": text, "choices": None, "asked_in": ENGLISH} for row, text in zip(rows, english, strict=True)
    ]
