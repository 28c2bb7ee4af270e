"""Checks `launch` and the other options for GPUs against a recipe's other options, its resources and its trainer."""

from typing import Any

from vernacular.study.recipes import CONNECTORS
from vernacular.study.schema import StudyError

SHARDED = ("fsdp2", "zero2", "zero3")


def check_gpu_options(name: str, recipe: dict[str, Any]) -> None:
    """Refuse options with which a training on GPUs could not start; drop those that change nothing."""
    check_launch(name, recipe)
    place = f"models.{name}"
    if "load_in_4bit" in recipe and not recipe["load_in_4bit"]:
        del recipe["load_in_4bit"]
    if "load_in_4bit" in recipe:
        if not recipe.get("lora"):
            raise StudyError(f"{place}.load_in_4bit: four-bit weights cannot be trained, only adapters; set lora")
        if recipe.get("launch", {}).get("strategy") in ("fsdp2", "zero3"):
            raise StudyError(f"{place}.load_in_4bit: four-bit weights cannot be sharded; use ddp or zero2")
    training = recipe.get("training", {})
    for key in ("gradient_checkpointing", "activation_checkpointing"):
        if recipe["recipe"] in CONNECTORS and training.get(key):
            raise StudyError(
                f"{place}.training.{key}: a merge's frozen parents stay in evaluation mode, where Transformers "
                "checkpoints nothing; leave it out"
            )
    if training.get("use_vllm") and training.get("vllm_mode", "colocate") != "colocate":
        raise StudyError(
            f"{place}.training.vllm_mode: the workflow starts no vLLM server, so vLLM must run in the trainer's "
            "process; set colocate"
        )


def check_launch(name: str, recipe: dict[str, Any]) -> None:
    """Refuse options with which the processes of a training could not start, or would stop. One process needs no
    launcher: `launch` is then left out, so that it does not count as a change of the recipe."""
    if "launch" not in recipe:
        if "training" in recipe and (gpus := recipe["resources"]["gpu"]) > 1:
            raise StudyError(
                f"models.{name}.resources.gpu: {gpus} for one process, which trains on one: set "
                f"launch: {{processes: {gpus}}} (recipes from scratch have one process), or gpu to 1"
            )
        return
    processes, strategy = recipe["launch"]["processes"], recipe["launch"]["strategy"]
    place = f"models.{name}"
    if processes == 1:
        if strategy != "ddp":
            raise StudyError(f"{place}.launch.strategy: one process has nothing to share; leave '{strategy}' out")
        del recipe["launch"]
        return
    gpus = recipe["resources"]["gpu"]
    if gpus not in (0, processes):
        raise StudyError(
            f"{place}.resources.gpu: {gpus} for {processes} processes (`launch`): each has its own GPU; "
            f"set it to {processes}, or to 0 for CPUs"
        )
    if strategy in SHARDED:
        if recipe.get("batch_tokens"):
            raise StudyError(
                f"{place}.batch_tokens: processes that share a model's weights ('{strategy}') generate in step, all at "
                "once; leave it out, or use ddp"
            )
        if gpus == 0:
            raise StudyError(f"{place}.launch.strategy: '{strategy}' needs GPUs; set resources.gpu to {processes}")
        if recipe["recipe"] in CONNECTORS:
            raise StudyError(
                f"{place}.launch.strategy: a merge trains a small connector between frozen models, so '{strategy}' has "
                "nothing to shard; use ddp"
            )
        if recipe.get("compile"):
            raise StudyError(
                f"{place}.compile: the layers of a shared model ('{strategy}') are not compiled; set false"
            )
