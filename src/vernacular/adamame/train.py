"""What AdaMame's two stages share: the options of every run of ours."""

from typing import Any

import torch

from vernacular.models.training import Job


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
