"""Evaluations of checkpoints: each step of a GRPO training that is evaluated becomes a model of the study."""

from typing import Any

from vernacular.storage.messages import nearest
from vernacular.study.schema import StudyError

FREE = {"gpu": 0, "mem_mb": 8000, "runtime": 60}


def add_checkpoints(study: dict[str, Any]) -> None:
    """In each evaluation with `checkpoints`, replace each GRPO model by the models `<model>@<step>`, and by
    `<parent>@0`, where all models with that parent start. The recipe's `checkpoint_steps` tell the training which to
    keep.

    Raises StudyError for a model whose checkpoints cannot be had, and for questions that are not of the dev split.
    """
    models = study["models"]
    for number, evaluation in enumerate(study["evaluations"]):
        if not evaluation["checkpoints"]:
            continue
        place = f"evaluations.{number}"
        if evaluation["split"] != "dev" or evaluation["default"] or evaluation["decoding"] != "plain":
            raise StudyError(
                f"{place}.checkpoints: evaluates trainings, so set split: dev and default: false, and no decoding"
            )
        named: dict[str, None] = {}
        for name in evaluation["models"]:
            steps = steps_of(models, name, f"{place}.models")
            models[name]["checkpoint_steps"] = steps
            for source, step in [(models[name]["from"], 0), *((name, step) for step in steps)]:
                models[f"{source}@{step}"] = {"recipe": "checkpoint", "from": source, "step": step, "resources": FREE}
                named[f"{source}@{step}"] = None
        evaluation["models"] = list(named)


def steps_of(models: dict[str, Any], name: str, place: str) -> list[int]:
    """The steps after which a GRPO training writes a checkpoint: every `save_steps`, and the last one."""
    recipe = models[name]
    if recipe["recipe"] != "grpo":
        able = [other for other, options in models.items() if options["recipe"] == "grpo"]
        raise StudyError(f"{place}: '{name}' has the recipe '{recipe['recipe']}', not grpo; {nearest(name, able)}")
    if recipe.get("launch", {}).get("strategy") in ("fsdp2", "zero3"):
        raise StudyError(f"{place}: the checkpoints of '{name}' are shards (launch.strategy); use ddp or zero2")
    training = recipe["training"]
    last = training.get("max_steps", 0)
    if not isinstance(last, int) or last < 1:
        raise StudyError(f"{place}: the steps of '{name}' are not known in advance; set its training.max_steps")
    return [*range(training.get("save_steps", 500), last, training.get("save_steps", 500)), last]


def checkpoint_paths(models: dict[str, Any], names: list[str]) -> dict[str, dict[str, str]]:
    """GRPO model -> step -> the name of its checkpoint, in the order of the steps; the first is the parent's.

    names: the models of evaluations with `checkpoints`.
    """
    found: dict[str, dict[str, str]] = {}
    for name in names:
        source, step = models[name]["from"], models[name]["step"]
        if step:
            found.setdefault(source, {"0": f"{models[source]['from']}@0"})[str(step)] = name
    return found
