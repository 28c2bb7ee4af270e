"""Translate, then ask: the baseline `translate-en`."""

from typing import Any

import torch

from vernacular.language.languages import ENGLISH
from vernacular.language.prompts import question_text
from vernacular.models.encoder import encode_texts, encoder_limit, language_token, load_translator


def translated(rows: list[dict[str, Any]], folder: str, batch_size: int, dtype: str = "auto") -> list[dict[str, Any]]:
    """`translate-en`: each question with its options, translated into English greedily by an encoder-decoder.

    The model is asked the translation as it is, whatever of the options survived in it. English questions are
    translated as well: nothing says what language a question is in.
    """
    translator, tokenizer = load_translator(folder, dtype)
    limit = encoder_limit(translator.config, tokenizer)
    texts = [question_text(row["question"], row["choices"]) for row in rows]
    ids = encode_texts(tokenizer, texts, [row["language"] for row in rows], limit)
    into = {"forced_bos_token_id": language_token(tokenizer, ENGLISH)[1]} if hasattr(tokenizer, "src_lang") else {}
    order = sorted(range(len(rows)), key=lambda n: len(ids[n]))
    english: dict[int, str] = {}
    for start in range(0, len(order), batch_size):
        part = order[start : start + batch_size]
        batch = tokenizer.pad({"input_ids": [ids[n] for n in part]}, return_tensors="pt").to(translator.device)
        with torch.inference_mode():
            out = translator.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                max_new_tokens=min(limit or 512, 2 * batch["input_ids"].shape[1] + 16),
                do_sample=False,
                num_beams=1,
                **into,
            )
        for n, text in zip(part, tokenizer.batch_decode(out, skip_special_tokens=True), strict=True):
            english[n] = text.strip()
    return [{**row, "question": english[n], "choices": None, "asked_in": ENGLISH} for n, row in enumerate(rows)]
