"""What AdaMame's two stages share: the options of every run of ours, and how a training ends."""

from typing import Any

import torch

from vernacular.models.lora import merged
from vernacular.models.training import Job, save_model


def common_arguments(job: Job) -> dict[str, Any]:
    """The trainer's options: ours, then the recipe's, which win."""
    on_cpu = not torch.cuda.is_available()
    return {
        "output_dir": str(job.folder),
        "use_cpu": on_cpu,
        "bf16": not on_cpu,
        "seed": job.seed,
        "report_to": [],
        "disable_tqdm": True,
        "save_total_limit": 2,
        "gradient_checkpointing": not on_cpu,
        "logging_steps": 1,
        **job.recipe["training"],
    }


def finish(trainer: Any, tokenizer: Any, job: Job, measured: dict[str, float]) -> None:
    """Save the whole model."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    save_model(merged(model, job.recipe), tokenizer, trainer, job, measured)
