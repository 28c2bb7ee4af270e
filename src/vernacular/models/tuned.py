"""A parent that is trained further, whole or by adapters, and the whole model that comes of it."""

from importlib.util import find_spec
from typing import Any

import torch
from peft import get_peft_model_state_dict, prepare_model_for_kbit_training, set_peft_model_state_dict
from transformers.integrations.deepspeed import unset_hf_deepspeed_config

from vernacular.models.launch import strategy
from vernacular.models.load import load_model
from vernacular.models.lora import adapted, merged
from vernacular.models.processes import is_main
from vernacular.models.training import Job, save_model


def load_tuned(job: Job, dtype: str, whole: bool = False) -> tuple[Any, Any, Any]:
    """(what the trainer takes, its decoder without the output layer, tokenizer) of the job's parent.

    It stands on the CPU; with `load_in_4bit` of the recipe on the GPU, unless it is to be `whole`.
    """
    options: dict[str, Any] = {"device": "cpu"}
    if job.recipe.get("load_in_4bit") and not whole:
        options = {"quantization_config": four_bits()}
    model, tokenizer = load_model(job.inputs["parent"], dtype, **options)
    if "quantization_config" in options:
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)  # the trainer turns it on
    return adapted(model, job.recipe), model.base_model, tokenizer


def four_bits() -> Any:
    """QLoRA's base (arXiv 2305.14314): NF4 with quantised constants, computed in bfloat16."""
    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise ValueError(
            "load_in_4bit needs the package bitsandbytes, which is not installed: pip install '.[gpu]', or leave it out"
        )
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def save_tuned(model: Any, tokenizer: Any, trainer: Any, job: Job, measured: dict[str, float], dtype: str) -> None:
    """Save what load_tuned gave and a trainer trained, with adapters merged.

    Where each process holds a shard of it, the shards are gathered on the main one, into a parent loaded anew; adapters
    of a base of four bits are merged into the parent as it was.
    """
    sharded = strategy(job.recipe) in ("fsdp2", "zero3")
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped) if sharded else {}  # all processes must ask
    if not is_main():
        return
    if sharded:
        unset_hf_deepspeed_config()  # or ZeRO-3 would shard this one too
        model = load_tuned(job, dtype)[0]
        model.load_state_dict(state)
    elif job.recipe.get("load_in_4bit"):
        state = get_peft_model_state_dict(model)
        model = load_tuned(job, dtype, whole=True)[0]
        set_peft_model_state_dict(model, state)
    save_model(merged(model, job.recipe), tokenizer, trainer, job, measured)
