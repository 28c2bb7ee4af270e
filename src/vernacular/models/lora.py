"""LoRA adapters of PEFT: put on before a training where the recipe has `lora`, merged after it."""

from typing import Any

from peft import LoraConfig, get_peft_model


def adapted(model: Any, recipe: dict[str, Any]) -> Any:
    return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **recipe["lora"])) if recipe.get("lora") else model


def merged(model: Any, recipe: dict[str, Any]) -> Any:
    """The whole model: an adapter is merged with its own scale (lora_alpha / r), never one given by hand."""
    return model.merge_and_unload() if recipe.get("lora") else model
