"""Trajectories: the checkpoints of GRPO that an evaluation asks for, as models of the study of their own."""

from typing import Any

from vernacular.storage.messages import nearest
from vernacular.study.schema import StudyError

TARGET = "trajectories"
CHECKPOINT = "checkpoint"  # the recipe of those models
FREE = {"gpu": 0, "mem_mb": 8000, "runtime": 60}


def add_checkpoints(study: dict[str, Any], file: str) -> None:
    """Put the checkpoints of each evaluation of the target into its place: models `<model>@<step>`, and `<parent>@0`,
    where all paths of a parent start. What is asked for is kept in training: `kept` of the recipe, a list of steps.

    Raises StudyError for a model whose checkpoints are not to be had, and for questions that are not of dev.
    """
    models = study["models"]
    for number, evaluation in enumerate(study["evaluations"]):
        if evaluation["target"] != TARGET:
            continue
        place = f"{file}: evaluations.{number}"
        if evaluation["split"] != "dev" or evaluation["default"] or evaluation["decoding"] != "plain":
            raise StudyError(
                f"{place}: the target '{TARGET}' looks into trainings: set split: dev, default: false, no decoding"
            )
        named: dict[str, None] = {}
        for name in evaluation["models"]:
            kept = steps_of(models, name, f"{place}.models")
            models[name]["kept"] = kept
            parent = models[name]["from"]
            for source, step in [(parent, 0), *((name, step) for step in kept)]:
                models[f"{source}@{step}"] = {"recipe": CHECKPOINT, "from": source, "step": step, "resources": FREE}
                named[f"{source}@{step}"] = None
        evaluation["models"] = list(named)


def steps_of(models: dict[str, Any], name: str, place: str) -> list[int]:
    """The steps after which a GRPO training writes a checkpoint: every `save_steps`, and the last one."""
    recipe = models[name]
    if recipe["recipe"] != "grpo":
        able = [other for other, options in models.items() if options["recipe"] == "grpo"]
        raise StudyError(f"{place}: '{name}' has the recipe '{recipe['recipe']}', not grpo; {nearest(name, able)}")
    if recipe.get("launch", {}).get("strategy") in ("fsdp2", "zero3"):
        raise StudyError(f"{place}: the checkpoints of '{name}' are shards (launch.strategy); take ddp or zero2")
    training = recipe["training"]
    last = training.get("max_steps", 0)
    if not isinstance(last, int) or last < 1:
        raise StudyError(f"{place}: the steps of '{name}' are not known beforehand; set its training.max_steps")
    return [*range(training.get("save_steps", 500), last, training.get("save_steps", 500)), last]


def paths_of(study: dict[str, Any]) -> dict[str, dict[str, str]]:
    """GRPO model -> step -> what it is evaluated as there, in the order of the steps; the first is the parent."""
    paths: dict[str, dict[str, str]] = {}
    for evaluation in study["evaluations"]:
        for name in evaluation["models"] if evaluation["target"] == TARGET else []:
            source, step = study["models"][name]["from"], study["models"][name]["step"]
            if step:
                start = {"0": f"{study['models'][source]['from']}@0"}
                paths.setdefault(source, start)[str(step)] = name
    return paths
