"""Memory of a GPU by part, in bytes: what a training or an answering holds at its peak; see docs/resources.md."""

import json
from dataclasses import dataclass, fields
from typing import Any

from vernacular.models.launch import processes, strategy
from vernacular.planning.live import Batch, activation_bytes, head_bytes
from vernacular.planning.sizes import (
    cache_bytes_a_token,
    load_sizes,
    meta_model,
    parameters,
    shape_of,
    trained_parameters,
)
from vernacular.storage.messages import one_line
from vernacular.study.batches import answering
from vernacular.study.compile import Study
from vernacular.study.graph import Graph
from vernacular.study.recipes import CONNECTORS

GB, MB = 1e9, 1e6
TILE = 4096 * 32768 * 2  # bytes of the piece of its logits that TRL's fused output layer holds; a test reads TRL's own


@dataclass(frozen=True)
class Memory:
    """Bytes of one GPU by part. cache: keys and values of what is generated together; engine: vLLM's share, which it
    gives back between rollouts if it `sleeps`.

    Backward pass and rollouts take turns, and while there are rollouts there are no gradients. `at_once`: nothing takes
    turns, as while answering, when logits and a layer's activations come on top of the cache.
    """

    weights: float = 0.0
    gradients: float = 0.0
    optimizer: float = 0.0
    activations: float = 0.0
    logits: float = 0.0
    cache: float = 0.0
    engine: float = 0.0
    sleeps: bool = False
    at_once: bool = False

    @property
    def parts(self) -> dict[str, float]:
        return {field.name: getattr(self, field.name) for field in fields(self) if field.type is float}

    @property
    def peak(self) -> float:
        if self.at_once:
            return sum(self.parts.values())
        backward = self.gradients + self.activations + self.logits + (0 if self.sleeps else self.engine)
        return self.weights + self.optimizer + max(backward, self.cache + self.engine)


def gpu_bytes(resources: dict[str, Any]) -> float:
    """What a job may use of the GPU that it asks for; the rest is CUDA's and lost between blocks."""
    return resources["gpu_mem_mb"] * MB * load_sizes()["assumptions"]["gpu"]["usable"]


# --- trainings


def checkpointed(recipe: dict[str, Any]) -> bool:
    """Whether activations are computed again in the backward pass; on by default in TRL's trainers on GPUs."""
    names = ("activation_checkpointing", "gradient_checkpointing")
    said = [recipe["training"][name] for name in names if name in recipe["training"]]
    return bool(said[0] if said else recipe["recipe"] in ("sft", "grpo") and recipe["resources"]["gpu"])


def weight_width(recipe: dict[str, Any]) -> int:
    """Bytes of a weight while it trains (for a merge, of a weight of its parents): of float32, but on a GPU of bfloat16
    under the adapters of SFT and GRPO (parents.trained_dtype) and in a merge that asks for it."""
    under_adapters = recipe["recipe"] in ("sft", "grpo") and recipe.get("lora")
    halved = under_adapters or (recipe["recipe"] in CONNECTORS and recipe["training"].get("bf16"))
    return 2 if halved and recipe["resources"]["gpu"] else 4


def prompt_length(recipe: dict[str, Any]) -> int:
    """Tokens of GRPO's longest prompt; where no `prompt_tokens` limits it, of a usual one."""
    return recipe.get("prompt_tokens") or load_sizes()["assumptions"]["prompt"]


def longest_row(recipe: dict[str, Any]) -> int:
    """Tokens of the longest sequence of a micro-batch, in which GRPO's completions have their full length."""
    training = recipe["training"]
    if recipe["recipe"] == "grpo":
        return prompt_length(recipe) + training.get("max_completion_length", 512)
    return recipe.get("length") or training.get("max_length") or load_sizes()["assumptions"]["length"]


def rollout_count(recipe: dict[str, Any]) -> int:
    """Completions that one process generates together: TRL makes a whole generation batch in one call."""
    training = recipe["training"]
    each = training.get("per_device_train_batch_size", 8)
    if size := training.get("generation_batch_size"):
        return size // processes(recipe)
    return each * (training.get("steps_per_generation") or training.get("gradient_accumulation_steps", 1))


def micro_batch(recipe: dict[str, Any]) -> Batch:
    """What one process of a training computes at once."""
    training, kind = recipe["training"], recipe["recipe"]
    trl = kind in ("sft", "grpo")
    trained = "lora" if recipe.get("lora") else {"slam": "mlp"}.get(kind, "inputs" if kind in CONNECTORS else "all")
    return Batch(
        rows=training.get("per_device_train_batch_size", 8),
        length=longest_row(recipe),
        trained=trained,
        width=weight_width(recipe),
        autocast=bool(recipe["resources"]["gpu"] if trl else training.get("bf16")),
        checkpoints=checkpointed(recipe),
        lora=json.dumps(recipe["lora"], sort_keys=True) if recipe.get("lora") else "",
    )


def logit_bytes(recipe: dict[str, Any], shape: dict[str, Any], batch: Batch) -> float:
    """Of the output layer and the loss. TRL's fused layer makes logits in tiles, and holds the gradient of the hidden
    states, and of its own weights where they train, in float32; ours makes them whole, of the tokens with a label."""
    config = meta_model(shape).config
    width, tokens = config.hidden_size, batch.rows * batch.length
    if recipe["recipe"] in ("sft", "grpo"):
        return TILE + 4 * width * (tokens + (config.vocab_size if batch.trained == "all" else 0))
    return head_bytes(tokens, width, config.vocab_size, batch.autocast, batch.trained == "all")


def training_memory(study: Study, name: str) -> Memory:
    """Of one process of a training, with a micro-batch of the longest rows.

    zero2 shares gradients and moments among the processes, zero3 and fsdp2 weights too, of which they gather two layers
    at a time.
    """
    models, recipe = study.models, study.models[name].options
    shape = shape_of(models, name)
    total, trained, width = parameters(shape), trained_parameters(models, name), weight_width(recipe)
    how, count, training, batch = strategy(recipe), processes(recipe), recipe["training"], micro_batch(recipe)
    held = trained * (4 if recipe.get("lora") or models[name].parts else width)  # adapters and connectors: float32
    weights: float = total * (0.55 if recipe.get("load_in_4bit") else width)
    if recipe.get("lora") or models[name].parts:
        weights += held
    if models[name].parts:
        weights += parameters(shape_of(models, models[name].parts["encoder"]), True) * width
    gradients, moments = float(held), 2.0 * held
    if how in ("fsdp2", "zero3"):
        weights = weights / count + 2 * weights / meta_model(shape).config.num_hidden_layers
    if how in ("fsdp2", "zero2", "zero3"):
        gradients, moments = gradients / count, moments / count
    cache, engine = 0.0, 0.0
    if recipe["recipe"] == "grpo":
        if training.get("use_vllm"):
            engine = training.get("vllm_gpu_memory_utilization", 0.3) * recipe["resources"]["gpu_mem_mb"] * MB
        else:
            tokens = rollout_count(recipe) * longest_row(recipe)
            together = min(tokens, max(recipe.get("batch_tokens") or tokens, longest_row(recipe)))
            cache = together * cache_bytes_a_token(shape, width)
        if training.get("beta", 0.0) > 0 and not recipe.get("lora"):
            weights += total * width  # the reference model; with adapters it is the model without them
    try:
        backward = (activation_bytes(shape, batch), logit_bytes(recipe, shape, batch))
    except (ValueError, TypeError) as error:
        if not recipe.get("lora"):
            raise
        raise ValueError(f"models.{name}.lora: {one_line(error)}") from None
    sleeps = bool(training.get("vllm_enable_sleep_mode"))
    return Memory(weights, gradients, moments, *backward, cache, engine, sleeps)


# --- answers


def answer_memory(models: Graph, name: str, rows: int, prompt: int, new: int, width: int) -> Memory:
    """Of answering with a model through Transformers. rows: sequences side by side, of so many tokens of prompt and of
    room for the answer; width: bytes of a weight and of a number in the cache."""
    shape = shape_of(models, name)
    weights: float = parameters(shape) * width
    if models[name].parts:
        weights += parameters(shape_of(models, models[name].parts["encoder"]), True) * width
    held = answering(shape, width)
    cache, reading = rows * (prompt + new) * held.cache, rows * prompt * held.reading
    return Memory(weights=weights, activations=reading, logits=rows * held.logits, cache=cache, at_once=True)


def engine_memory(resources: dict[str, Any]) -> Memory:
    """Of answering through vLLM, which takes 0.9 of the GPU, whatever there is to do."""
    return Memory(engine=0.9 * resources["gpu_mem_mb"] * MB)


def engine_rows(study: Study, name: str, share: float, resources: dict[str, Any], tokens: int, width: int) -> int:
    """Sequences of so many tokens whose keys and values fit vLLM's share of the GPU, next to the weights."""
    shape = shape_of(study.models, name)
    room = share * resources["gpu_mem_mb"] * MB - parameters(shape) * width
    return max(int(room / (tokens * cache_bytes_a_token(shape, width))), 1)


# --- advice


def to_lower(memory: Memory, recipe: dict[str, Any] | None) -> str:
    """The key to change where a job does not fit, by its largest part. recipe: a training's; None for answers."""
    if recipe is None:
        return "lower batch_tokens" if memory.cache > memory.weights else "take a larger GPU (resources.gpu_mem_mb)"
    backward = {"activations": memory.activations + memory.logits, "gradients": memory.gradients}
    rollouts = {"cache": memory.cache, "engine": memory.engine}
    turns = (
        rollouts
        if sum(rollouts.values()) > sum(backward.values())
        else {**backward, "engine": 0 if memory.sleeps else memory.engine}
    )
    parts = {"weights": memory.weights, "optimizer": memory.optimizer, **turns}
    largest = max(parts, key=lambda part: parts[part])
    if largest == "cache":
        return "set training.use_vllm, or batch_tokens"
    if largest == "engine":
        return "lower training.vllm_gpu_memory_utilization"
    if largest == "activations":
        if recipe["recipe"] not in CONNECTORS and not checkpointed(recipe):
            return "set training.gradient_checkpointing, or lower training.per_device_train_batch_size"
        if recipe["training"].get("per_device_train_batch_size", 8) == 1:
            return "lower length (of SFT training.max_length, of GRPO training.max_completion_length)"
        return "lower training.per_device_train_batch_size, and raise training.gradient_accumulation_steps as much"
    if recipe.get("lora"):
        return "set load_in_4bit"
    return "set launch.strategy to fsdp2 or zero3, or lora"
