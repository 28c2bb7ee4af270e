"""Supervised training on packed rows: what pretraining, fine-tuning and SLAM share.

Sequences are packed whole, the loss is over completions alone, and the output layer runs on those tokens alone, since
for a vocabulary of thousands it costs as much as the layers below it. On a CPU, without compiling, this
was 2.8 times as fast as padded batches with the logits of every token; models/like_lengths.py is faster still.
"""

import os
import random
import shutil
import sys
from collections.abc import Iterator
from os.path import commonprefix
from typing import Any

import torch
from transformers import Trainer, TrainingArguments

from vernacular.models.launch import strategy
from vernacular.models.like_lengths import apart, saves
from vernacular.models.load import computes_bfloat16
from vernacular.models.loss import IGNORED, head_loss
from vernacular.models.training import Job

TOGETHER = 1000  # rows that are encoded in one call: what the tokenizer holds of them takes 10 MB or so


def encode_examples(tokenizer: Any, rows: list[dict[str, Any]]) -> list[tuple[list[int], int]]:
    """Token ids of rows of records.TRAINING, and how many of them are prompt (none in plain text).

    TOGETHER rows go through template and tokenizer in one call, since a call for each takes most of the time.
    """
    return [example for n in range(0, len(rows), TOGETHER) for example in encoded(tokenizer, rows[n : n + TOGETHER])]


def encoded(tokenizer: Any, rows: list[dict[str, Any]]) -> Iterator[tuple[list[int], int]]:
    asked = [[{"role": "user", "content": row["prompt"]}] for row in rows if row["prompt"] is not None]
    answers = [{"role": "assistant", "content": row["completion"]} for row in rows if row["prompt"] is not None]
    talks = [[*talk, answer] for talk, answer in zip(asked, answers, strict=True)]
    wholes = iter(tokenizer.apply_chat_template(talks, tokenize=False) if talks else [])
    openings = iter(tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False) if asked else [])
    starts: list[str] = []
    rests: list[str] = []
    for row in rows:
        whole, opened = (row["completion"] + tokenizer.eos_token, "")
        if row["prompt"] is not None:
            whole, opened = next(wholes), next(openings)
        # A template may open the assistant's turn with more than every turn holds: a translation has no `<think>`.
        prompt = commonprefix([whole, opened])
        starts.append(f"{row['context']}\n{prompt}" if row["context"] else prompt)
        rests.append(whole.removeprefix(prompt))
    ids = (tokenizer(texts, add_special_tokens=False)["input_ids"] for texts in (starts, rests))
    for start, rest in zip(*ids, strict=True):
        yield start + rest, len(start)


def pack(examples: list[tuple[list[int], int]], length: int, pad: int, seed: int) -> list[dict[str, list[int]]]:
    """Shuffle examples and pack them whole into rows of `length` tokens.

    Each row holds `input_ids`, `labels` (IGNORED on prompts, on padding and on the first token of an example, which
    nothing of its own predicts) and `position_ids`, which start at 0 with each example: from these Transformers derives
    a mask that keeps examples from seeing each other. Best of the open rows first, among the last 32; our choice, it
    leaves 3 to 6 % of padding where a row holds three examples or more.
    """
    order = list(range(len(examples)))
    random.Random(seed).shuffle(order)
    done: list[dict[str, list[int]]] = []
    rows: list[dict[str, list[int]]] = []
    for index in order:
        ids, prompt = examples[index]
        if len(ids) > length:
            raise ValueError(f"an example has {len(ids)} tokens but rows hold {length}: raise `length` of the recipe")
        fitting = [row for row in rows if len(row["input_ids"]) + len(ids) <= length]
        row = max(fitting, key=lambda row: len(row["input_ids"])) if fitting else None
        if row is None:
            row = {"input_ids": [], "labels": [], "position_ids": []}
            rows.append(row)
            if len(rows) > 32:
                done.append(rows.pop(max(range(32), key=lambda i: len(rows[i]["input_ids"]))))
        row["input_ids"] += ids
        row["labels"] += [IGNORED] * max(prompt, 1) + ids[max(prompt, 1) :]
        row["position_ids"] += range(len(ids))
    done += rows
    for row in done:
        missing = length - len(row["input_ids"])
        row["input_ids"] += [pad] * missing
        row["labels"] += [IGNORED] * missing
        row["position_ids"] += range(missing)
    return done


def collate(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    """(batch, length) int64 tensors."""
    return {key: torch.tensor([row[key] for row in rows]) for key in rows[0]}


class PackedTrainer(Trainer):
    """Transformers' Trainer with a loss that runs the output layer on labelled tokens only."""

    loss_is_scaled_for_ga = False  # a mean over one batch: the Trainer divides it among accumulated ones
    body: Any  # the decoder without its output layer, compiled where that is possible
    head: Any  # the output layer
    is_apart: bool  # whether a batch is taken apart into examples of about one length

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):  # type: ignore[no-untyped-def]
        loss = model(**inputs)
        return (loss, {"loss": loss}) if return_outputs else loss

    def masked_loss(self, labels, **inputs):  # type: ignore[no-untyped-def]
        hidden, wanted = [], []
        with torch.autocast(labels.device.type, dtype=torch.bfloat16, enabled=self.args.bf16):
            for asked, part in apart(labels, inputs) if self.is_apart else [(labels, inputs)]:
                states = self.body(**part, use_cache=False).last_hidden_state
                is_wanted = asked[:, 1:] != IGNORED
                hidden.append(states[:, :-1][is_wanted])
                wanted.append(asked[:, 1:][is_wanted])
            return head_loss(self.head, torch.cat(hidden), torch.cat(wanted))


def packed_trainer(model: Any, tokenizer: Any, decoder: Any, rows: list[dict[str, Any]], job: Job) -> PackedTrainer:
    """A trainer of `model` on rows of records.TRAINING, by `length`, `compile` and `training` of the job's recipe.

    decoder: the layers of `model` without the output layer; with adapters it is not `model.base_model`.
    Raises ValueError where there are no rows, or one is longer than `length`.
    """
    if not rows:
        raise ValueError(f"{job.inputs['data']}: no rows to train on; see the section `data` of the configuration")
    packed = pack(encode_examples(tokenizer, rows), job.recipe["length"], tokenizer.pad_token_id, job.seed)
    arguments = supervised_arguments(job, "random")
    trainer = PackedTrainer(model=model, args=arguments, train_dataset=packed, data_collator=collate)
    # A GPU is faster with a few large kernels than with many small ones; shards need as many calls in every process.
    is_alone = not torch.cuda.is_available() and strategy(job.recipe) == "ddp"
    trainer.is_apart = is_alone and saves(collate(packed[: arguments.train_batch_size]), model)
    trainer.body = decoder
    if job.recipe["compile"] and can_compile():
        trainer.body = torch.compile(decoder, dynamic=trainer.is_apart or None)  # every group has a shape of its own
    trainer.head = model.get_output_embeddings()
    # Several processes share gradients and shards in what wraps the model's own call, so the loss is that call; as no
    # bound method, which accelerate would bind to the model anew.
    model.forward = lambda **inputs: trainer.masked_loss(**inputs)
    return trainer


def supervised_arguments(job: Job, sampling: str) -> TrainingArguments:
    """What every supervised training sets, and `training` of the job's recipe.

    sampling: `random`, or `group_by_length` for rows of many lengths, each batch then holding those of about one.
    """
    options = dict(job.recipe["training"])
    if options.get("bf16") and not computes_bfloat16():
        print(f"{job.out.name}: this CPU has no bfloat16 arithmetic: training in float32", file=sys.stderr)
        options["bf16"] = False
    return TrainingArguments(
        output_dir=str(job.folder),
        use_cpu=not torch.cuda.is_available(),
        seed=job.seed,
        remove_unused_columns=False,
        include_num_input_tokens_seen="all",
        report_to=[],
        disable_tqdm=True,
        save_total_limit=2,
        train_sampling_strategy=sampling,
        **options,
    )


def can_compile() -> bool:
    """torch.compile needs a C++ compiler on the CPU; without one training runs eagerly, slower, after one warning."""
    if torch.cuda.is_available() or shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++"):
        return True
    print("no C++ compiler found (g++): training runs eagerly, two to three times slower", file=sys.stderr)
    return False
