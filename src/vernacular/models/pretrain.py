"""Pretraining from scratch: a tokenizer and a small decoder on word problems with their traces.

The miniature's stand-in for a hub model. Sequences are packed, the loss is over completions alone, and the output
layer runs on those tokens alone, since for a vocabulary of thousands it costs as much as the layers below it.
"""

import os
import random
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers import models as tokenizer_models
from tokenizers.trainers import BpeTrainer
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast, Trainer, TrainingArguments

from vernacular.models.training import Job, save_model, train
from vernacular.prompts import CHAT_TEMPLATE, END_OF_THINKING, THINK, answer_message, question_messages

SPECIAL = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>"]
# Words with their combining marks (GPT-2's pattern breaks Bengali, Telugu and Thai words at every vowel sign, which
# doubles their tokens), single digits, runs of signs, blanks.
WORDS = r" ?[\p{L}\p{M}\u200c\u200d']+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+|\s+"
IGNORED = -100  # the label of tokens without a loss


def train_tokenizer(texts: Iterator[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE of at most `vocabulary` tokens; digits stand one by one, so that arithmetic is learnable."""
    tokenizer = Tokenizer(tokenizer_models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        BpeTrainer(
            vocab_size=vocabulary - 2,
            special_tokens=SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.add_tokens([THINK, END_OF_THINKING])  # not special: decoding keeps them
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        eos_token="<|end|>",
        padding_side="left",
        chat_template=CHAT_TEMPLATE,
        model_max_length=1024,
        clean_up_tokenization_spaces=False,
    )


def encode_example(tokenizer: PreTrainedTokenizerFast, row: dict[str, Any]) -> tuple[list[int], int]:
    """Token ids of one conversation, and how many of them are prompt."""
    messages = question_messages(row["question"], row["language"])
    prompt = str(tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
    whole = str(tokenizer.apply_chat_template([*messages, answer_message(row["completion"])], tokenize=False))
    start = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    rest = tokenizer(whole.removeprefix(prompt), add_special_tokens=False)["input_ids"]
    return start + rest, len(start)


def pack(examples: list[tuple[list[int], int]], length: int, pad: int, seed: int) -> list[dict[str, list[int]]]:
    """Shuffle examples and pack them whole into rows of `length` tokens.

    Each row holds `input_ids`, `labels` (IGNORED on prompts and padding) and `position_ids`, which start at 0 with each
    example: from these Transformers derives a mask that keeps examples from seeing each other. Best of the open rows
    first, among the last 32; our choice, it leaves 3 to 6 % of padding where a row holds three examples or more.
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
        row["labels"] += [IGNORED] * prompt + ids[prompt:]
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


def build_model(architecture: dict[str, Any], tokenizer: PreTrainedTokenizerFast) -> Any:
    """A decoder with random weights from a Transformers config (`model_type` and its own keys)."""
    options = dict(architecture)
    config = AutoConfig.for_model(
        options.pop("model_type"),
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
        **options,
    )
    return AutoModelForCausalLM.from_config(config)


class PackedTrainer(Trainer):
    """Transformers' Trainer with a loss that runs the output layer on labelled tokens only."""

    body: Any = None  # the compiled layers

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):  # type: ignore[no-untyped-def]
        labels = inputs.pop("labels")
        with torch.autocast(labels.device.type, dtype=torch.bfloat16, enabled=self.args.bf16):
            loss = self.masked_loss(model, inputs, labels)
        return (loss, {"loss": loss}) if return_outputs else loss

    def masked_loss(self, model, inputs, labels):  # type: ignore[no-untyped-def]
        hidden = (model.base_model if self.body is None else self.body)(**inputs, use_cache=False).last_hidden_state
        wanted = labels[:, 1:] != IGNORED
        logits = model.get_output_embeddings()(hidden[:, :-1][wanted])
        return torch.nn.functional.cross_entropy(logits.float(), labels[:, 1:][wanted])


def pretrain(job: Job, rows: list[dict[str, Any]]) -> None:
    """Train the tokenizer and the model that `job.recipe` describes on rows of records.PRETRAINING, and save them."""
    recipe = job.recipe
    contents = (question_messages(row["question"], row["language"])[0]["content"] for row in rows)
    texts = (text for content, row in zip(contents, rows, strict=True) for text in (content, row["completion"]))
    tokenizer = train_tokenizer(texts, recipe["vocabulary"])
    examples = [encode_example(tokenizer, row) for row in rows]
    packed = pack(examples, recipe["length"], tokenizer.pad_token_id, job.seed)
    arguments = TrainingArguments(
        output_dir=str(job.folder),
        use_cpu=not torch.cuda.is_available(),
        seed=job.seed,
        remove_unused_columns=False,
        include_num_input_tokens_seen="all",
        report_to=[],
        disable_tqdm=True,
        save_total_limit=2,
        **recipe["training"],
    )
    model = build_model(recipe["architecture"], tokenizer)
    trainer = PackedTrainer(model=model, args=arguments, train_dataset=packed, data_collator=collate)
    if can_compile():
        trainer.body = torch.compile(model.base_model)
    measured = train(trainer, job, [])
    save_model(model, tokenizer, trainer, job, measured)


def can_compile() -> bool:
    """torch.compile needs a C++ compiler on the CPU; without one training runs eagerly, slower, after one warning."""
    if torch.cuda.is_available() or shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++"):
        return True
    print("no C++ compiler found (g++): training runs eagerly, two to three times slower", file=sys.stderr)
    return False
