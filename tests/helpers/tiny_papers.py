"""The papers' configurations on tiny models of the same architectures: an overlay for each, of sizes and sources."""

import json
from pathlib import Path
from typing import Any

import yaml
from hub_folders import write_model
from studies import ROOT

from vernacular.planning.rehearsal import WORDS
from vernacular.planning.sizes import load_sizes

PAPERS = sorted(path.stem for path in (ROOT / "config" / "paper").glob("*.yaml"))
# What an overlay changes, by the end of the key's path: sizes, ...
SIZES = {
    "seeds", "max_steps", "per_device_train_batch_size", "gradient_accumulation_steps", "steps_per_generation",
    "max_length", "max_completion_length", "num_generations", "save_steps", "length", "prompts", "layers", "count",
    "max_new_tokens", "candidates", "batch_tokens", "launch.processes", "resources.gpu",
}  # fmt: skip
# ... where models come from, ...
SOURCES = {"recipe", "repo", "revision", "path"}
# ... and what only GPUs have. tests/unit/test_preflight.py holds these against the libraries' own arguments.
HIDDEN = {"use_vllm", "launch.strategy"}


def paper(name: str) -> dict[str, Any]:
    text = (ROOT / "config" / "paper" / f"{name}.yaml").read_text(encoding="utf-8")
    return json.loads(json.dumps(yaml.safe_load(text)))  # in which YAML's aliases no longer share anything


def tiny(name: str, folder: Path) -> dict[str, Any]:
    """The configuration with its overlay; folder: for the models."""
    config = paper(name)
    config["seeds"] = [1]
    for model, recipe in config["models"].items():
        if recipe["recipe"] == "hub":
            kind = load_sizes()["models"][recipe["repo"]]["shape"]["model_type"]
            write_model(folder / model, kind, WORDS)
            config["models"][model] = {"recipe": "folder", "path": str(folder / model)}
            config["models"][model] |= {key: recipe[key] for key in ("chat_template",) if key in recipe}
        else:
            shrink(recipe)
    for part in [*config["evaluations"], config.get("rl", {}), config.get("slam", {})]:
        for key, value in (("max_new_tokens", 8), ("candidates", 2)):
            if key in part:
                part[key] = value
        if "max_new_tokens" in part:
            part["batch_tokens"] = 1000
        if "resources" in part:
            part["resources"]["gpu"] = 0
    if "slam" in config:
        config["slam"]["select"]["count"] = 1
    return config


def shrink(recipe: dict[str, Any]) -> None:
    training = recipe["training"]
    training |= {"max_steps": 2, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 1, "save_steps": 2}
    if recipe["recipe"] == "sft":
        training["max_length"] = 512
    if recipe["recipe"] == "grpo":
        training |= {"steps_per_generation": 2, "num_generations": 2, "max_completion_length": 8, "use_vllm": False}
        recipe["prompts"] = 4
    if "length" in recipe:
        recipe["length"] = 256
    if isinstance(recipe.get("layers"), list):
        recipe["layers"] = [0]
    if isinstance(recipe.get("layers"), dict):
        recipe["layers"]["count"] = 1
    if "launch" in recipe:
        recipe["launch"] = {"processes": 1, "strategy": "ddp"}
    recipe["resources"]["gpu"] = 0


def changed(one: Any, other: Any, place: str = "") -> set[str]:
    """The paths of all keys whose values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() | other.keys()
        return set().union(*(changed(one.get(k), other.get(k), f"{place}.{k}") for k in keys))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other) and isinstance(one[0], dict):
        return set().union(*(changed(a, b, f"{place}.{n}") for n, (a, b) in enumerate(zip(one, other, strict=True))))
    return set() if one == other else {place}
