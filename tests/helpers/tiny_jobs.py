"""A tiny LLaMA to start from, and a job that trains it."""

from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from vernacular.models.job import Job
from vernacular.models.pretrain import train_tokenizer

SHAPE = {
    "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "max_position_embeddings": 512, "initializer_range": 0.2,
}  # fmt: skip


def write_llama(folder: Path, rows: list[dict[str, Any]], vocabulary: int, **shape: Any) -> Path:
    """With a tokenizer of what the rows say."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    tokenizer = train_tokenizer((row["prompt"] + row["completion"] for row in rows), vocabulary)
    config = LlamaConfig(vocab_size=len(tokenizer), eos_token_id=tokenizer.eos_token_id, **SHAPE | shape)
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def job_of(recipe: dict[str, Any], folder: Path, **inputs: Path) -> Job:
    """Writes to `folder`; inputs: where what it reads is, without `data`, which the caller hands over."""
    read, checkpoints = {"data": folder / "data", **inputs}, folder / "checkpoints"
    job = Job(recipe, "code", 1, read, folder / "tuned", folder / "costs.csv", checkpoints, {}, "key", 2)
    job.folder.mkdir(parents=True)
    return job
