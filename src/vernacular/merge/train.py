"""Training a merge: the mapping on pairs of sentences, then everything of the connector on questions and answers.

Neither parent gets gradients of its weights; the LLM's backward pass only carries them to what it read.
"""

import random
from typing import Any

import torch
from transformers import Trainer, TrainingArguments

from vernacular.merge.anchor import anchor_mapping, drawn_sentences
from vernacular.merge.model import CONFIG, MergedModel, build_merge
from vernacular.models.encoder import encode_texts
from vernacular.models.loss import IGNORED
from vernacular.models.packed import encode_examples, supervised_arguments
from vernacular.models.training import Job, save_model, train
from vernacular.storage.files import read_json


def train_mapping(job: Job, rows: list[dict[str, Any]]) -> None:
    """MindMerger's first stage: the LLM reads [BOS; X; b] and learns to write the English sentence (task `pairs`).

    Where the recipe's `anchor` is not 0, the mapping starts at the LLM's words (merge/anchor.py).
    """
    options = {"gate": "none", "language_embedding": 0, "languages": languages_of(rows)}
    options["mapping_width"] = job.recipe["mapping_width"]
    model = build_untrained(job, options)
    if rows and job.recipe["anchor"]:
        reached = anchor_mapping(model, drawn_sentences(rows, job.recipe["anchor"], job.seed), job.seed)
        print(f"{job.out.name}: English tokens are at the LLM's words, cosine {reached:.3f}", flush=True)
    fit(model, [{**row, "prompt": None} for row in rows], job)


def train_merge(job: Job, rows: list[dict[str, Any]]) -> None:
    """The second stage: [BOS; g_X X; b; g_T T] and then the answer; from the parent's mapping where it is a merge.

    LangBridge's user turn stays empty: its LLM never sees the question's own tokens.
    """
    recipe = job.recipe
    options = {
        "gate": recipe["gate"],
        "language_embedding": recipe["language_embedding"],
        "languages": languages_of(rows),
    }
    is_merge = (job.inputs["parent"] / CONFIG).exists()
    if is_merge:
        options["mapping_width"] = read_json(job.inputs["parent"] / CONFIG).get("mapping_width", 0)
    model = build_untrained(job, options)
    if is_merge:
        model.load_connector(job.inputs["parent"])
    if recipe["gate"] == "prefix-only":
        rows = [{**row, "prompt": ""} for row in rows]
    fit(model, rows, job)


def build_untrained(job: Job, options: dict[str, Any]) -> MergedModel:
    """A merge of the job's parents, in bfloat16 where the recipe's `bf16` is on and the machine computes it."""
    parents = {name: str(job.inputs[name]) for name in ("encoder", "llm")}
    return build_merge({**options, **parents}, "auto" if job.recipe["training"].get("bf16") else "float32")


def languages_of(rows: list[dict[str, Any]]) -> list[str]:
    return sorted({row["language"] for row in rows})


def encode_rows(model: MergedModel, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Token ids of rows of records.TRAINING: of the question for the encoder, of prompt and target for the LLM.

    Raises ValueError for a row without a question (the task is neither `pairs` nor `reasoning`), and where features and
    prompt and target overflow the LLM's context.
    """
    if lacking := next((row for row in rows if row["question"] is None), None):
        raise ValueError(
            f"a row of the task '{lacking['task']}' has no question for the encoder; train on `pairs` or `reasoning`"
        )
    texts, languages = [row["question"] for row in rows], [row["language"] for row in rows]
    encoded = encode_texts(model.encoder_tokenizer, texts, languages, model.limit)
    context = getattr(model.config, "max_position_embeddings", None)
    examples = []
    for row, question, (ids, prompt) in zip(rows, encoded, encode_examples(model.tokenizer, rows), strict=True):
        if context and len(question) + len(ids) + 2 > context:
            raise ValueError(
                f"{row['id']} in '{row['language']}': {len(question)} features, {len(ids)} tokens of prompt and answer "
                f"and 2 marks overflow the LLM's context of {context}; take a longer context or shorter questions"
            )
        language = model.options["languages"].index(row["language"])
        examples.append({"encoder_input_ids": question, "input_ids": ids, "prompt": prompt, "language": language})
    return examples


def collate(examples: list[dict[str, Any]], encoder_pad: int, pad: int) -> dict[str, torch.Tensor]:
    """Tensors for MergedModel.forward, padded on the right."""

    def padded(key: str, value: int) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(len(example[key]) for example in examples)
        ids = torch.tensor([example[key] + [value] * (width - len(example[key])) for example in examples])
        real = torch.tensor([[1] * len(e[key]) + [0] * (width - len(e[key])) for e in examples])
        return ids, real

    encoder_ids, encoder_mask = padded("encoder_input_ids", encoder_pad)
    ids, mask = padded("input_ids", pad)
    place = torch.arange(ids.shape[1])[None]
    is_prompt = (place < torch.tensor([[example["prompt"]] for example in examples])) & mask.bool()
    return {
        "encoder_input_ids": encoder_ids,
        "encoder_attention_mask": encoder_mask,
        "input_ids": ids,
        "attention_mask": mask,
        "prompt_mask": is_prompt.long(),
        "labels": ids.masked_fill(is_prompt | ~mask.bool(), IGNORED),
        "language": torch.tensor([example["language"] for example in examples]),
    }


class MergeTrainer(Trainer):
    """Transformers' Trainer around a model whose forward pass gives the loss itself."""

    loss_is_scaled_for_ga = False  # a mean over one batch: the Trainer divides it among accumulated ones

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):  # type: ignore[no-untyped-def]
        with torch.autocast(inputs["labels"].device.type, dtype=torch.bfloat16, enabled=self.args.bf16):
            loss = model(**inputs)
        return (loss, {"loss": loss}) if return_outputs else loss


def drawn(rows: list[dict[str, Any]], arguments: TrainingArguments) -> list[dict[str, Any]]:
    """As many rows, drawn by the training's seed, as its steps will read: encoding all of them can take longer."""
    a_step = arguments.train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
    if not 0 < arguments.max_steps * a_step < len(rows):
        return rows
    return random.Random(arguments.seed).sample(rows, arguments.max_steps * a_step)


def fit(model: MergedModel, rows: list[dict[str, Any]], job: Job) -> None:
    if not rows:
        raise ValueError(f"{job.inputs['data']}: no rows to train on; see the section `data` of the configuration")
    pads = model.encoder_tokenizer.pad_token_id, model.tokenizer.pad_token_id
    # benchmarks/merge.py says what batches of about one length gain.
    arguments = supervised_arguments(job, "group_by_length")
    trainer = MergeTrainer(
        model=model,
        args=arguments,
        train_dataset=encode_rows(model, drawn(rows, arguments)),
        data_collator=lambda rows: collate(rows, *pads),
    )
    save_model(model, model.tokenizer, trainer, job, train(trainer, job, []))
