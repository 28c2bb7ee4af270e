"""Supervised training of models that return their loss; on packed rows for pretraining, fine-tuning and SLAM."""

import os
import shutil
import sys
from typing import Any

import torch
from transformers import Trainer

from vernacular.models.job import Job
from vernacular.models.launch import strategy
from vernacular.models.loop import supervised_arguments
from vernacular.models.packing import (
    IGNORED,
    are_groups_cheaper,
    collate,
    encode_examples,
    fitted,
    head_loss,
    pack,
    take_apart,
)
from vernacular.models.record import note_overlong


class LossTrainer(Trainer):
    """Transformers' Trainer for a model whose forward pass returns the loss."""

    loss_is_scaled_for_ga = False  # a mean over one batch: the Trainer divides it among accumulated ones

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):  # type: ignore[no-untyped-def]
        with torch.autocast(inputs["labels"].device.type, dtype=torch.bfloat16, enabled=self.args.bf16):
            loss = model(**inputs)
        return (loss, {"loss": loss}) if return_outputs else loss


class PackedTrainer(LossTrainer):
    """A trainer on packed rows, whose loss runs the output layer on labelled tokens only."""

    body: Any  # the decoder without its output layer, compiled where that is possible
    head: Any  # the output layer
    is_apart: bool  # whether a batch is taken apart into examples of similar length

    def masked_loss(self, labels, **inputs):  # type: ignore[no-untyped-def]
        hidden, wanted = [], []
        for targets, part in take_apart(labels, inputs) if self.is_apart else [(labels, inputs)]:
            states = self.body(**part, use_cache=False).last_hidden_state
            is_wanted = targets[:, 1:] != IGNORED
            hidden.append(states[:, :-1][is_wanted])
            wanted.append(targets[:, 1:][is_wanted])
        return head_loss(self.head, torch.cat(hidden), torch.cat(wanted))


def packed_trainer(model: Any, tokenizer: Any, decoder: Any, rows: list[dict[str, Any]], job: Job) -> PackedTrainer:
    """A trainer of `model` on rows of records.TRAINING, by `length`, `compile` and `training` of the job's recipe.

    decoder: the layers of `model` without the output layer; with adapters it is not `model.base_model`.
    A row of more than `length` tokens is truncated or dropped, as `overlong` says.
    """
    length = job.recipe["length"]
    examples = encode_examples(tokenizer, rows)
    kept = [one for example in examples if (one := fitted(example, length, job.recipe["overlong"]))]
    cut = len(kept) - sum(len(ids) <= length for ids, _ in examples)
    note_overlong(job, f"{length:,} tokens", len(rows), cut, len(rows) - len(kept))
    packed = pack(kept, length, tokenizer.pad_token_id, job.seed)
    arguments = supervised_arguments(job, "random")
    trainer = PackedTrainer(model=model, args=arguments, train_dataset=packed, data_collator=collate)
    # A GPU is faster with a few large kernels than with many small ones; shards need as many calls in every process.
    is_alone = not torch.cuda.is_available() and strategy(job.recipe) == "ddp"
    trainer.is_apart = is_alone and are_groups_cheaper(collate(packed[: arguments.train_batch_size]), model)
    trainer.body = decoder
    if job.recipe["compile"] and can_compile():
        trainer.body = torch.compile(decoder, dynamic=trainer.is_apart or None)  # every group has a shape of its own
    trainer.head = model.get_output_embeddings()
    # Several processes share gradients and shards in what wraps the model's own call, so the loss is that call; not a
    # bound method, which accelerate would bind to the model again.
    model.forward = lambda **inputs: trainer.masked_loss(**inputs)
    return trainer


def can_compile() -> bool:
    """torch.compile needs a C++ compiler on the CPU; without one training runs eagerly, slower, after one warning."""
    if torch.cuda.is_available() or shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++"):
        return True
    print("no C++ compiler found (g++): training runs eagerly, two to three times slower", file=sys.stderr)
    return False
