"""Tokens, seconds and bytes of one training or answering, by formula; docs/resources.md explains them.

Everything here is an estimate, from counts of parameters (planning/sizes.py) and assumptions (resources/sizes.yaml).
"""

import math
from typing import Any

from vernacular.models.launch import processes
from vernacular.planning.memory import (
    checkpointed,
    engine_rows,
    longest_row,
    prompt_length,
    rollout_count,
    weight_width,
)
from vernacular.planning.sizes import cache_bytes_a_token, load_sizes, parameters, shape_of, trained_parameters
from vernacular.study.compile import Study
from vernacular.study.graph import Model, training_parts


def machine(gpus: int) -> dict[str, Any]:
    return load_sizes()["assumptions"]["gpu" if gpus else "cpu"]


# --- tokens


def known_rows(config: dict[str, Any], source: str) -> int:
    """Rows of a source's files, by the name of its data set or file; 0 where resources/sizes.yaml has none."""
    options, known = config["sources"][source], load_sizes()["datasets"]
    names = [options.get("dataset"), *(entry["url"].rsplit("/", 1)[-1] for entry in options.get("urls", []))]
    return sum(known[name]["rows"] for name in names if name in known)


def rows_of(config: dict[str, Any], model: Model) -> int:
    """Examples in a training set, by the questions, rows and languages of its parts; without any, `rows` in all."""
    if model.recipe.reads == "prompts":
        return model.options["prompts"]
    total = 0.0
    for part in training_parts(config, model):
        if "source" in part:
            known_set = known_rows(config, part["source"])
            limited = part["limit"] * len(part["languages"]) if part.get("limit") else math.inf
            total += min(limited, known_set or (math.inf if part.get("limit") else 0))
            continue
        shares = part.get("benchmarks") or {part.get("benchmark"): part.get("hash_range")}
        known = {n: s for n, s in shares.items() if n and s and "questions" in config["benchmarks"][n]}
        questions = sum(
            config["benchmarks"][n]["questions"]["train"] * (high - low) for n, (low, high) in known.items()
        )
        languages = part["languages"]
        total += questions * sum(part.get("shares", {}).get(language, 1.0) for language in languages)
    return round(total) or load_sizes()["assumptions"]["rows"]


def batch_of(recipe: dict[str, Any]) -> int:
    """Sequences (GRPO: completions) in one step of all processes."""
    training = recipe["training"]
    each = training.get("per_device_train_batch_size", 8) * training.get("gradient_accumulation_steps", 1)
    return each * processes(recipe)


def steps_of(config: dict[str, Any], model: Model) -> int:
    recipe, training = model.options, model.options["training"]
    if training.get("max_steps", -1) > 0:
        return training["max_steps"]
    group = training.get("num_generations", 8) if recipe["recipe"] == "grpo" else 1
    return math.ceil(training.get("num_train_epochs", 3) * rows_of(config, model) * group / batch_of(recipe))


def length_of(recipe: dict[str, Any]) -> int:
    """Tokens of a usual training sequence: of a packed row, or a share of what the trainer allows."""
    training, assumed = recipe["training"], load_sizes()["assumptions"]
    if recipe["recipe"] == "merge-mapping":
        return assumed["pair"]
    if recipe["recipe"] == "grpo":
        return assumed["prompt"] + round(training.get("max_completion_length", 512) * assumed["decoded_share"])
    if recipe["recipe"] == "sft" and "max_length" in training:
        return round(training["max_length"] * assumed["decoded_share"])
    return recipe.get("length") or training.get("max_length") or assumed["length"]


# --- seconds


def decoding(shape: dict[str, Any], prompts: int, count: int, new: int, gpus: int, side: int, width: int) -> float:
    """Seconds to read the prompts and to decode `new` tokens of each of `count` sequences, `side` by side, with weights
    of `width` bytes."""
    power, assumed = machine(gpus), load_sizes()["assumptions"]
    token = 2 * parameters(shape) / (power["flops"] * power["training_share"])
    used = round(new * assumed["decoded_share"])
    read = parameters(shape) * width + side * (assumed["prompt"] + used / 2) * cache_bytes_a_token(shape, width)
    step = read / (power["bandwidth"] * power["decoding_share"])
    step = max(step, token * side) + power["step_overhead"]
    return prompts * assumed["prompt"] * token + math.ceil(count / side) * used * step


def training_seconds(study: Study, name: str, width: int) -> float:
    """2 FLOPs a parameter and token forward, 2 backward to the activations and 2 to each weight that is trained; 2 more
    where activations are computed again. Attention is left out."""
    models, model = study.models, study.models[name]
    recipe, training, shape = model.options, model.options["training"], shape_of(models, name)
    gpus = recipe["resources"]["gpu"]
    power, total = machine(gpus), parameters(shape)
    again = 2 if checkpointed(recipe) else 0
    flops = (4 + again) * total + 2 * min(trained_parameters(models, name), total)
    if model.parts:
        flops += 2 * parameters(shape_of(models, model.parts["encoder"]), True)
    if recipe["recipe"] == "grpo":
        flops += 2 * total * ((training.get("beta", 0.0) > 0) + old_probabilities(training))
    steps, count = steps_of(study.config, model), processes(recipe)
    tokens = steps * batch_of(recipe) * length_of(recipe)
    threads = 1 if gpus else recipe["threads"]
    faster = power["bf16_speedup"] if training.get("bf16") else 1
    seconds = flops * tokens / (power["flops"] * power["training_share"] * faster * count * threads)
    seconds += steps * power["step_overhead"]
    if recipe["recipe"] == "grpo":
        each, new = rollout_count(recipe), training.get("max_completion_length", 512)
        side = each
        if training.get("use_vllm"):
            share = training.get("vllm_gpu_memory_utilization", 0.3)
            mean = prompt_length(recipe) + round(new * load_sizes()["assumptions"]["decoded_share"])
            side = min(each, engine_rows(study, name, share, recipe["resources"], mean, width))
        elif recipe.get("batch_tokens"):
            side = min(each, max(recipe["batch_tokens"] // longest_row(recipe), 1))
        rollouts = steps * batch_of(recipe) / count / each / training.get("num_iterations", 1)
        seconds += rollouts * decoding(shape, each, each, new, gpus, side, width)
    return seconds


def old_probabilities(training: dict[str, Any]) -> bool:
    """Whether TRL computes the log-probabilities of the rollouts before it trains on them: where a generation batch
    lasts longer than a step, and to correct for vLLM's rounding."""
    accumulated = training.get("gradient_accumulation_steps", 1)
    lasts = (training.get("steps_per_generation") or accumulated) * training.get("num_iterations", 1)
    corrected = training.get("use_vllm") and training.get("vllm_importance_sampling_correction", True)
    return bool(accumulated % lasts or corrected)


# --- bytes on disk


def saved_bytes(study: Study, name: str) -> float:
    """A model folder, with weights that are kept for trajectories; its training's checkpoints come on top."""
    models, recipe = study.models, study.models[name].options
    trained = trained_parameters(models, name) * 4 if "training" in recipe else 0
    if models[name].parts:
        return trained
    whole = parameters(shape_of(models, name)) * weight_width({"resources": {"gpu": 0}, **recipe})
    return whole + len(recipe.get("checkpoint_steps", [])) * (trained if recipe.get("lora") else whole)


def checkpoint_bytes(study: Study, name: str) -> float:
    """While it trains: two checkpoints and one that is being written, each of what is trained, or of the whole model
    without adapters, and AdamW's two moments."""
    models, recipe = study.models, study.models[name].options
    trained = trained_parameters(models, name)
    small = bool(recipe.get("lora") or models[name].parts)
    width = 4 if small else weight_width(recipe)
    weights = trained if small else parameters(shape_of(models, name))
    return 3 * width * (weights + 2 * trained)
