"""A translator from scratch: a tokenizer and a small encoder-decoder, used by the miniature in place of mT5 or NLLB."""

from typing import Any

import torch
from transformers import AutoModelForSeq2SeqLM, PreTrainedTokenizerFast, Trainer

from vernacular.models.job import Job
from vernacular.models.loop import supervised_arguments, train
from vernacular.models.packing import IGNORED, padded
from vernacular.models.pretrain import build_config, train_tokenizer
from vernacular.models.record import note_overlong, save_model


def pretrain_translator(job: Job, rows: list[dict[str, Any]]) -> None:
    """Train on rows of records.TRAINING of the task `pairs`: a question in any language, the same in English."""
    recipe = job.recipe
    texts = (text for row in rows for text in (row["question"], row["completion"]))
    tokenizer = train_tokenizer(texts, recipe["vocabulary"], recipe["digits"])
    tokenizer.model_max_length = recipe["length"]
    tokenizer.padding_side = "right"
    model = build_translator(recipe["architecture"], tokenizer)
    examples = encode_pairs(tokenizer, rows, recipe["length"])
    note_overlong(job, f"{recipe['length']:,} tokens", len(rows), 0, len(rows) - len(examples))
    trainer = Trainer(
        model=model,
        args=supervised_arguments(job, "group_by_length"),
        train_dataset=examples,
        data_collator=lambda examples: collate(examples, tokenizer.pad_token_id),
    )
    save_model(model, tokenizer, trainer, job, train(trainer, job))


def build_translator(architecture: dict[str, Any], tokenizer: PreTrainedTokenizerFast) -> Any:
    """An encoder-decoder with random weights from a Transformers config (`model_type` and its own keys)."""
    config = build_config(architecture, tokenizer, decoder_start_token_id=tokenizer.pad_token_id)
    if not config.is_encoder_decoder:
        raise ValueError(f"architecture.model_type '{config.model_type}' is not an encoder-decoder; use t5 or similar")
    return AutoModelForSeq2SeqLM.from_config(config)


def encode_pairs(tokenizer: Any, rows: list[dict[str, Any]], length: int) -> list[dict[str, list[int]]]:
    """`input_ids` of the question, `labels` of its English. A pair of which one has more than `length` tokens is left
    out, as fairseq leaves it out for NLLB and M2M100: cut off, it would teach to leave things out."""
    sources = tokenizer([row["question"] for row in rows])["input_ids"]
    targets = tokenizer([row["completion"] + tokenizer.eos_token for row in rows])["input_ids"]
    pairs = zip(sources, targets, strict=True)
    return [{"input_ids": one, "labels": two} for one, two in pairs if max(len(one), len(two)) <= length]


def collate(examples: list[dict[str, list[int]]], pad: int) -> dict[str, torch.Tensor]:
    """(batch, length) int64 tensors, padded on the right."""
    ids = padded([example["input_ids"] for example in examples], pad)
    labels = padded([example["labels"] for example in examples], IGNORED)
    return {"input_ids": ids, "attention_mask": (ids != pad).long(), "labels": labels}
