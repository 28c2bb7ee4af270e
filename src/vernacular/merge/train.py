"""Training a merge: first the mapping on pairs of sentences, then the whole connector on questions and answers.

Neither parent's weights get gradients; the LLM's backward pass only carries them to its inputs.
"""

import math
import random
import sys
from typing import Any

import torch
from transformers import TrainingArguments

from vernacular.language.prompts import prompt_set
from vernacular.merge.anchor import anchor_mapping, sample_sentences
from vernacular.merge.model import MergedModel, build_merge
from vernacular.merge.saved import CONFIG, read_options
from vernacular.models.encoder import encode_texts
from vernacular.models.folders import computes_bfloat16
from vernacular.models.job import Job
from vernacular.models.loop import supervised_arguments, train
from vernacular.models.packing import IGNORED, Example, encode_examples, fitted, padded
from vernacular.models.record import note, note_overlong, save_model
from vernacular.models.supervised import LossTrainer


def train_mapping(job: Job, rows: list[dict[str, Any]]) -> None:
    """MindMerger's first stage: the LLM reads [BOS; X; b] and learns to write the English sentence (task `pairs`).

    If the recipe's `anchor` is not 0, the mapping starts at the LLM's embeddings of words (merge/anchor.py).
    """
    width = job.recipe["mapping_width"]
    model = build_untrained(job, rows, gate="none", language_embedding=0, mapping_width=width)
    if job.recipe["anchor"]:
        cosine = anchor_mapping(model, sample_sentences(rows, job.recipe["anchor"], job.seed), job.seed)
        print(f"{job.out.name}: English tokens are at the LLM's words, cosine {cosine:.3f}", flush=True)
    fit(model, [{**row, "prompt": None} for row in rows], job)


def train_merge(job: Job, rows: list[dict[str, Any]]) -> None:
    """The second stage: [BOS; g_X X; b; g_T T], then the answer; from the parent's mapping if the parent is a merge.

    LangBridge's user turn stays empty: its LLM never sees the tokens of the question.
    """
    parent, options = job.inputs["parent"], {key: job.recipe[key] for key in ("gate", "language_embedding")}
    options["encoder_weight"] = job.recipe.get("encoder_weight", 1)
    is_merge = (parent / CONFIG).exists()
    if is_merge:
        options["mapping_width"] = read_options(parent).get("mapping_width", 0)
    model = build_untrained(job, rows, **options)
    if is_merge:
        model.load_connector(parent)
    if prompt_set(job.recipe.get("prompt_set")).encoder == "prompt":
        rows = [{**row, "question": row["prompt"]} for row in rows]
    if options["gate"] == "prefix-only":
        rows = [{**row, "prompt": ""} for row in rows]
    fit(model, rows, job)


def build_untrained(job: Job, rows: list[dict[str, Any]], **options: Any) -> MergedModel:
    """A merge of the job's parents, in bfloat16 if the recipe's `bf16` is on and the machine computes in it."""
    options |= {name: str(job.inputs[name]) for name in ("encoder", "llm")}
    options["languages"] = sorted({row["language"] for row in rows})
    return build_merge(options, "bfloat16" if job.recipe["training"].get("bf16") and computes_bfloat16() else "float32")


def encode_rows(
    model: MergedModel,
    rows: list[dict[str, Any]],
    overlong: str = "truncate",
    question_tokens: int | None = None,
    text_tokens: int | None = None,
) -> tuple[list[dict[str, Any]], int]:
    """Token ids of rows of records.TRAINING: of the question for the encoder, of prompt and target for the LLM; and how
    many of these rows were truncated.

    overlong: what becomes of a question of more tokens than the encoder reads, and of features, prompt and target that
    overflow the LLM's context; see packing.fitted. question_tokens: the most that the encoder is given, if fewer;
    text_tokens: the most of the prompt, and of the target; as MindMerger's max_seq_len and max_gen_len. Raises
    ValueError for a row without a question (its task is neither `pairs` nor `reasoning`).
    """
    if lacking := next((row for row in rows if row["question"] is None), None):
        raise ValueError(
            f"a row of the task '{lacking['task']}' has no question for the encoder; train on `pairs` or `reasoning`"
        )
    texts, languages = [row["question"] for row in rows], [row["language"] for row in rows]
    encoded = encode_texts(model.encoder_tokenizer, texts, languages, None)
    context = getattr(model.config, "max_position_embeddings", None) or sys.maxsize
    limit = min(filter(None, (model.limit, question_tokens)), default=None)
    examples, cut = [], 0
    for row, question, whole in zip(rows, encoded, encode_examples(model.tokenizer, rows), strict=True):
        is_long = limit is not None and len(question) > limit
        if is_long and overlong == "drop":
            continue
        if is_long:
            asked = [row["question"]], [row["language"]]
            [question] = encode_texts(model.encoder_tokenizer, *asked, limit, truncate=True)
        short = whole if text_tokens is None else shortened(whole, text_tokens)
        if short != whole and overlong == "drop":
            continue
        # Before the tokens come the beginning, the features and the boundary.
        example = fitted(short, context - len(question) - 2, overlong)
        if example is None:
            continue
        cut += is_long or example != whole
        ids, prompt = example
        language = model.options["languages"].index(row["language"])
        examples.append({"encoder_input_ids": question, "input_ids": ids, "prompt": prompt, "language": language})
    return examples, cut


def shortened(example: Example, most: int) -> Example:
    """Prompt and target with at most so many tokens each: their ends are cut off, the target's end mark too."""
    ids, prompt = example
    return ids[:prompt][:most] + ids[prompt:][:most], min(prompt, most)


def collate(examples: list[dict[str, Any]], encoder_pad: int, pad: int) -> dict[str, torch.Tensor]:
    """Tensors for MergedModel.forward, padded on the right."""
    questions, texts = ([example[key] for example in examples] for key in ("encoder_input_ids", "input_ids"))
    ids, mask = padded(texts, pad), padded([[1] * len(text) for text in texts], 0)
    place = torch.arange(ids.shape[1])[None]
    is_prompt = (place < torch.tensor([[example["prompt"]] for example in examples])) & mask.bool()
    return {
        "encoder_input_ids": padded(questions, encoder_pad),
        "encoder_attention_mask": padded([[1] * len(question) for question in questions], 0),
        "input_ids": ids,
        "attention_mask": mask,
        "prompt_mask": is_prompt.long(),
        "labels": ids.masked_fill(is_prompt | ~mask.bool(), IGNORED),
        "language": torch.tensor([example["language"] for example in examples]),
    }


def sample_rows(rows: list[dict[str, Any]], arguments: TrainingArguments) -> list[dict[str, Any]]:
    """As many rows as the steps will read, sampled by the training's seed: encoding all of them can take longer."""
    count = arguments.max_steps * arguments.train_batch_size
    count *= arguments.gradient_accumulation_steps * arguments.world_size
    return random.Random(arguments.seed).sample(rows, count) if 0 < count < len(rows) else rows


def fit(model: MergedModel, rows: list[dict[str, Any]], job: Job) -> None:
    pads = model.encoder_tokenizer.pad_token_id, model.tokenizer.pad_token_id
    # benchmarks/merge.py measures what batches of similar length gain.
    dev, rows = dev_and_train(rows, job.recipe.get("dev_rows", 0), job.seed)
    keeps_best = job.recipe.get("keep") == "best"
    arguments = supervised_arguments(job, "group_by_length", **(dev_arguments(job, keeps_best) if dev else {}))
    rows = sample_rows(rows, arguments)
    caps = {key: job.recipe.get(key) for key in ("question_tokens", "text_tokens")}
    examples, cut = encode_rows(model, rows, job.recipe["overlong"], **caps)
    limit = "`question_tokens`, `text_tokens`, what the encoder reads or the LLM's context holds"
    note_overlong(job, limit, len(rows), cut, len(rows) - len(examples))
    trainer = LossTrainer(
        model=model,
        args=arguments,
        train_dataset=examples,
        eval_dataset=encode_rows(model, dev, job.recipe["overlong"], **caps)[0] if dev else None,
        data_collator=lambda rows: collate(rows, *pads),
    )
    measured = train(trainer, job)
    if keeps_best and trainer.state.best_metric is not None:
        step, perplexity = trainer.state.best_global_step, math.exp(trainer.state.best_metric)
        note(job, f"Kept are the weights after step {step}, of the lowest perplexity on dev rows, {perplexity:.4f}.")
    save_model(model, model.tokenizer, trainer, job, measured)


def dev_and_train(
    rows: list[dict[str, Any]], count: int, seed: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """`count` rows drawn for dev, and the others, in their order. Raises ValueError if none is left to train on."""
    if count >= len(rows):
        raise ValueError(
            f"`dev_rows` takes {count:,} of {len(rows):,} rows, so that none is left to train on: lower it"
        )
    chosen = {*random.Random(f"dev {seed}").sample(range(len(rows)), count)}
    return [rows[n] for n in sorted(chosen)], [row for n, row in enumerate(rows) if n not in chosen]


def dev_arguments(job: Job, keeps_best: bool) -> dict[str, Any]:
    """The loss on dev rows is measured where a checkpoint is written, so that the best weights are in one."""
    training = job.recipe["training"]
    return {
        "eval_strategy": "steps",
        "eval_steps": training.get("save_steps", 500),
        "per_device_eval_batch_size": training.get("per_device_train_batch_size", 8),
        "prediction_loss_only": True,
        "metric_for_best_model": "loss",
        "greater_is_better": False,
        "load_best_model_at_end": keeps_best,
    }
