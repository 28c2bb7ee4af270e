"""A study like the papers', for tests of what it will take."""

from typing import Any

from vernacular.planning.sizes import load_sizes
from vernacular.study.compile import DEFAULT, EVERY, Study, Target
from vernacular.study.graph import Graph, build_graph
from vernacular.study.paths import Paths

LLAMA_7B = load_sizes()["models"]["meta-math/MetaMath-7B-V1.0"]["shape"]


def models() -> dict[str, Any]:
    """A study like the papers'."""
    resources = {"gpu": 4, "gpu_mem_mb": 80000, "mem_mb": 999000, "runtime": 99000}
    shared = {"from": "llm", "threads": 1, "resources": resources, "launch": {"processes": 4, "strategy": "ddp"}}
    supervised = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4, "max_steps": 100}
    lora = {"r": 8, "lora_alpha": 16, "target_modules": "all-linear"}
    return {
        "llm": {"recipe": "hub", "repo": "meta-math/MetaMath-7B-V1.0", "revision": "0"},
        "encoder": {"recipe": "hub", "repo": "google/mt5-xl", "revision": "0"},
        "whole": {**shared, "recipe": "finetune", "data": "set", "length": 512, "training": supervised},
        "lora": {**shared, "recipe": "sft", "lora": lora, "training": supervised},
        "slam": {
            **shared, "recipe": "slam", "data": "set", "length": 512, "layers": [0, 1, 2, 3, 4, 5], "gate_proj": False,
            "training": supervised,
        },
        "mapping": {**shared, "recipe": "merge-mapping", "encoder": "encoder", "data": "set", "training": supervised},
        "merge": {
            **shared, "recipe": "merge", "from": "mapping", "gate": "none", "language_embedding": 0, "data": "set",
            "training": supervised,
        },
        "grpo": {
            **shared, "recipe": "grpo", "prompts": 500, "lora": {**lora, "r": 32},
            "training": {
                "num_train_epochs": 2, "num_generations": 8, "per_device_train_batch_size": 8,
                "gradient_accumulation_steps": 4, "max_completion_length": 1000, "use_vllm": True, "beta": 0.001,
            },
        },
    }  # fmt: skip


def graph() -> Graph:
    return build_graph(models())


def study(**changes: dict[str, Any]) -> Study:
    found = models()
    for name, options in changes.items():
        found[name] |= options
    part = {"task": "reasoning", "benchmarks": {"b": [0.0, 0.5]}, "languages": ["en", "fr"], "shares": {"fr": 0.5}}
    config = {
        "models": found,
        "seeds": [1, 2, 3],
        "data": {"set": [part]},
        "benchmarks": {"b": {"questions": {"train": 1000}}},
        "traces": {"languages": ["fr"]},
    }
    evaluation = {"models": list(found), "translator": None, "decoding": "plain", "benchmarks": []}
    every = [Target(name, [evaluation], False, False, False, False) for name in (DEFAULT, EVERY)]
    targets = {target.part: target for target in every}
    return Study(config, "x", build_graph(found), {}, targets, {}, {}, {}, Paths("results/x"))
