"""What AdaMame's two stages share: the parent, the options of every run of ours, adapters and how they are merged."""

from typing import Any

import torch
from peft import LoraConfig, get_peft_model

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
    """Save the whole model: an adapter is merged with its own scale (lora_alpha / r), never one given by hand."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    save_model(model.merge_and_unload() if job.recipe.get("lora") else model, tokenizer, trainer, job, measured)


def adapted(model: Any, recipe: dict[str, Any]) -> Any:
    return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **recipe["lora"])) if recipe.get("lora") else model
