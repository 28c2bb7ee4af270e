"""Tokens, seconds and bytes of one training or answering, by formula; docs/resources.md explains them.

Everything here is an estimate, from counts of parameters (planning/sizes.py) and assumptions (resources/sizes.yaml).
"""

import math
from typing import Any

from vernacular.models.launch import processes, strategy
from vernacular.planning.sizes import (
    cache_bytes_a_token,
    load_sizes,
    meta_model,
    parameters,
    shape_of,
    trained_parameters,
)
from vernacular.study.compile import Study
from vernacular.study.graph import Model, training_parts
from vernacular.study.recipes import CONNECTORS

GB = 1e9


def machine(gpus: int) -> dict[str, Any]:
    return load_sizes()["assumptions"]["gpu" if gpus else "cpu"]


# --- tokens


def rows_of(config: dict[str, Any], model: Model) -> int:
    """Examples in a training set, by the questions, rows and languages of its parts; without any, `rows` in all."""
    if model.recipe.reads == "prompts":
        return model.options["prompts"]
    total = 0.0
    for part in training_parts(config, model):
        if "source" in part:
            known_set = load_sizes()["datasets"].get(config["sources"][part["source"]].get("dataset"), {})
            limited = part["limit"] * len(part["languages"]) if part.get("limit") else math.inf
            total += min(limited, known_set.get("rows", math.inf if part.get("limit") else 0))
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
    """Tokens of a training sequence: of a packed row, or the longest that the trainer allows."""
    training, assumed = recipe["training"], load_sizes()["assumptions"]
    if recipe["recipe"] == "grpo":
        return assumed["prompt"] + round(training.get("max_completion_length", 512) * assumed["decoded_share"])
    return recipe.get("length") or training.get("max_length") or assumed["length"]


# --- seconds


def decoding(shape: dict[str, Any], count: int, new: int, gpus: int, side: int, width: int) -> float:
    """Seconds to decode `new` tokens of each of `count` sequences, `side` by side, with weights of `width` bytes."""
    power, assumed = machine(gpus), load_sizes()["assumptions"]
    used = round(new * assumed["decoded_share"])
    read = parameters(shape) * width + side * (assumed["prompt"] + used / 2) * cache_bytes_a_token(shape, width)
    step = read / (power["bandwidth"] * power["decoding_share"])
    step = max(step, 2 * parameters(shape) * side / (power["flops"] * power["training_share"])) + power["step_overhead"]
    return math.ceil(count / side) * used * step


def checkpointed(recipe: dict[str, Any]) -> bool:
    """Whether activations are computed again in the backward pass; on by default in TRL's trainers on GPUs."""
    names = ("activation_checkpointing", "gradient_checkpointing")
    said = [recipe["training"][name] for name in names if name in recipe["training"]]
    return bool(said[0] if said else recipe["recipe"] in ("sft", "grpo") and recipe["resources"]["gpu"])


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
        flops += 2 * total * ((training.get("beta", 0.0) > 0) + (training.get("num_iterations", 1) > 1))
    steps, count = steps_of(study.config, model), processes(recipe)
    tokens = steps * batch_of(recipe) * length_of(recipe)
    threads = 1 if gpus else recipe["threads"]
    seconds = flops * tokens / (power["flops"] * power["training_share"] * count * threads)
    seconds += steps * power["step_overhead"]
    if recipe["recipe"] == "grpo":
        each = batch_of(recipe) // count
        side = min(each, power.get("sequences", each)) if training.get("use_vllm") else each
        rollouts = steps / training.get("num_iterations", 1)
        seconds += rollouts * decoding(shape, each, training.get("max_completion_length", 512), gpus, side, width)
    return seconds


# --- bytes


def weight_width(recipe: dict[str, Any]) -> int:
    """Bytes of a trained weight (for a merge, of a weight of its parents): those of float32 in supervised trainings, on
    CPUs, and where a merge does not ask for bfloat16; otherwise those of bfloat16."""
    halved = recipe["recipe"] in ("sft", "grpo") or (recipe["recipe"] in CONNECTORS and recipe["training"].get("bf16"))
    return 2 if halved and recipe["resources"]["gpu"] else 4


def training_memory(study: Study, name: str) -> float:
    """Bytes that one process needs: weights, gradients, AdamW's two moments, activations, logits of one micro-batch.

    Activations: 34 x tokens x width x layers (Korthikanti et al., arXiv 2205.05198, without the attention matrix, which
    fused attention never stores); with checkpoints 2 x tokens x width x layers and one layer's 34.
    """
    models, model = study.models, study.models[name]
    recipe, shape = model.options, shape_of(models, name)
    total, trained, width = parameters(shape), trained_parameters(models, name), weight_width(recipe)
    how, count, training = strategy(recipe), processes(recipe), recipe["training"]
    config = meta_model(shape).config
    weights: float = total * (0.55 if recipe.get("load_in_4bit") else width)
    if model.parts:
        weights += parameters(shape_of(models, model.parts["encoder"]), True) * width
    held: float = trained * (4 if recipe.get("lora") else width)
    gradients, moments = held, 2 * held
    if how in ("fsdp2", "zero3"):
        weights /= count
    if how in ("fsdp2", "zero2", "zero3"):
        gradients, moments = gradients / count, moments / count
    tokens = training.get("per_device_train_batch_size", 8) * length_of(recipe)
    layers = config.num_hidden_layers
    activations = tokens * config.hidden_size * (2 * layers + 34 if checkpointed(recipe) else 34 * layers)
    logits = tokens * config.vocab_size * 6
    needed = weights + gradients + moments + activations + logits
    if training.get("use_vllm"):
        needed += training.get("vllm_gpu_memory_utilization", 0.3) * machine(1)["memory_gb"] * GB
    return needed


def saved_bytes(study: Study, name: str) -> float:
    """A model folder, with weights that are kept for trajectories; two checkpoints while it trains come on top."""
    models, recipe = study.models, study.models[name].options
    trained = trained_parameters(models, name) * 4 if "training" in recipe else 0
    if models[name].parts:
        return trained
    whole = parameters(shape_of(models, name)) * weight_width({"resources": {"gpu": 0}, **recipe})
    return whole + len(recipe.get("checkpoint_steps", [])) * (trained if recipe.get("lora") else whole)
