"""A translator from scratch: a tokenizer and a small encoder-decoder, the miniature's stand-in for mT5 or NLLB."""

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSeq2SeqLM, PreTrainedTokenizerFast, Trainer

from vernacular.models.loss import IGNORED
from vernacular.models.packed import supervised_arguments
from vernacular.models.pretrain import train_tokenizer
from vernacular.models.training import Job, save_model, train


def pretrain_translator(job: Job, rows: list[dict[str, Any]]) -> None:
    """Train on rows of records.TRAINING of the task `pairs`: a question in any language, the same in English."""
    recipe = job.recipe
    if not rows:
        raise ValueError(f"{job.inputs['data']}: no rows to train on; see the section `data` of the configuration")
    texts = (text for row in rows for text in (row["question"], row["completion"]))
    tokenizer = train_tokenizer(texts, recipe["vocabulary"], recipe["digits"])
    tokenizer.model_max_length = recipe["length"]
    tokenizer.padding_side = "right"
    model = build_translator(recipe["architecture"], tokenizer)
    trainer = Trainer(
        model=model,
        args=supervised_arguments(job, "group_by_length"),
        train_dataset=encode_pairs(tokenizer, rows, recipe["length"]),
        data_collator=lambda examples: collate(examples, tokenizer.pad_token_id),
    )
    save_model(model, tokenizer, trainer, job, train(trainer, job, []))


def build_translator(architecture: dict[str, Any], tokenizer: PreTrainedTokenizerFast) -> Any:
    """An encoder-decoder with random weights from a Transformers config (`model_type` and its own keys)."""
    options = dict(architecture)
    config = AutoConfig.for_model(
        options.pop("model_type"),
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
        **options,
    )
    if not config.is_encoder_decoder:
        raise ValueError(f"architecture.model_type '{config.model_type}' is no encoder-decoder; name t5 or its like")
    return AutoModelForSeq2SeqLM.from_config(config)


def encode_pairs(tokenizer: Any, rows: list[dict[str, Any]], length: int) -> list[dict[str, list[int]]]:
    """`input_ids` of the question, `labels` of its English. Raises ValueError for one of more than `length` tokens."""
    sources = tokenizer([row["question"] for row in rows])["input_ids"]
    targets = tokenizer([row["completion"] + tokenizer.eos_token for row in rows])["input_ids"]
    for row, ids in zip(rows + rows, sources + targets, strict=True):
        if len(ids) > length:
            raise ValueError(
                f"{row['id']} in '{row['language']}' has {len(ids)} tokens but `length` is {length}: raise it"
            )
    return [{"input_ids": source, "labels": target} for source, target in zip(sources, targets, strict=True)]


def collate(examples: list[dict[str, list[int]]], pad: int) -> dict[str, torch.Tensor]:
    """(batch, length) int64 tensors, padded on the right."""

    def padded(key: str, value: int) -> torch.Tensor:
        width = max(len(example[key]) for example in examples)
        return torch.tensor([example[key] + [value] * (width - len(example[key])) for example in examples])

    ids = padded("input_ids", pad)
    return {"input_ids": ids, "attention_mask": (ids != pad).long(), "labels": padded("labels", IGNORED)}
