"""A parent that is trained further, whole or through LoRA adapters, and the whole model that is saved afterwards."""

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import peft
import torch
from peft.tuners.lora import LoraLayer
from transformers.integrations.deepspeed import unset_hf_deepspeed_config

from vernacular.models.folders import load_model
from vernacular.models.job import Job
from vernacular.models.launch import strategy
from vernacular.models.loop import Stateful, train
from vernacular.models.processes import is_main
from vernacular.models.record import save_model
from vernacular.storage.messages import one_line


class Parent(NamedTuple):
    """A loaded parent, with adapters if the recipe has `lora`."""

    model: Any  # what the trainer takes
    decoder: Any  # its layers without the output layer
    tokenizer: Any
    dtype: str  # that it was loaded in; see folders.torch_dtype


def trained_dtype(recipe: dict[str, Any]) -> str:
    """Of the weights that SFT and GRPO load: see folders.torch_dtype. Those that are themselves trained are float32,
    since bfloat16 loses an update of a hundred-thousandth of a weight; under adapters, which PEFT keeps in float32,
    `auto` halves the memory."""
    return "auto" if recipe.get("lora") else "float32"


def load_parent(job: Job, dtype: str, quantize: bool = True) -> Parent:
    """The job's parent, on the CPU; if the recipe has `load_in_4bit` and `quantize` is on, in four bits on the GPU."""
    four = four_bits() if job.recipe.get("load_in_4bit") and quantize else None
    model, tokenizer = load_model(job.inputs["parent"], dtype, device=None if four else "cpu", quantization_config=four)
    if four:
        model = peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)  # the trainer turns it on
    decoder = model.base_model  # with adapters, `model.base_model` is something else
    if job.recipe.get("lora"):
        model = with_adapters(model, job.recipe["lora"], job.out.name)
        check_tied(model, job.out.name)
    return Parent(model, decoder, tokenizer, dtype)


def with_adapters(model: Any, lora: dict[str, Any], name: str) -> Any:
    """The model with LoRA adapters. lora: of PEFT's LoraConfig; name: of the model in the study.

    Raises ValueError for options that PEFT refuses, such as target modules that the model lacks.
    """
    try:
        return peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **lora))
    except (ValueError, TypeError) as error:
        raise ValueError(f"models.{name}.lora: {one_line(error)}") from None


def check_tied(model: Any, name: str) -> None:
    """Raises ValueError for an adapter on embeddings that are input and output alike: it acts on one of the two while
    it trains, and on both once it is merged."""
    ends = {"input": model.get_input_embeddings(), "output": model.get_output_embeddings()}
    for side, module in ends.items():
        if isinstance(module, LoraLayer) and model.config.get_text_config().tie_word_embeddings:
            raise ValueError(
                f"models.{name}.lora: target_modules adapts the {side} embeddings, which this model shares between "
                "input and output, so the merged weights would not be those that were trained; leave them out of "
                "`target_modules` (all-linear does), or name them in `modules_to_save`"
            )


def four_bits() -> Any:
    """QLoRA's base (arXiv 2305.14314): NF4 with quantised constants, computed in bfloat16."""
    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise ValueError("load_in_4bit needs the package bitsandbytes: pip install '.[gpu]', or leave it out")
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def train_and_save(parent: Parent, trainer: Any, job: Job, states: Sequence[Stateful] = ()) -> None:
    """Run the trainer of a loaded parent and save the whole model: adapters are merged into it.

    states: what checkpoints must hold in addition to the trainer's own state.
    """
    measured = train(trainer, job, states)
    model = whole_model(parent, trainer, job)
    if is_main():
        # With its own scale (lora_alpha / r), never one given by hand.
        merged = model.merge_and_unload() if job.recipe.get("lora") else model
        save_model(merged, parent.tokenizer, trainer, job, measured)


def whole_model(parent: Parent, trainer: Any, job: Job) -> Any:
    """The trained model in full precision on the main process; all processes must call it.

    Shards are gathered on the main process, into a parent loaded again; adapters of a four-bit base are moved onto the
    parent as it was.
    """
    is_sharded = strategy(job.recipe) in ("fsdp2", "zero3")
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped) if is_sharded else {}
    if is_main() and is_sharded:
        unset_hf_deepspeed_config()  # or ZeRO-3 would shard this one too
        model = load_parent(job, parent.dtype).model
        model.load_state_dict(state)
        return model
    if is_main() and job.recipe.get("load_in_4bit"):
        model = load_parent(job, parent.dtype, quantize=False).model
        peft.set_peft_model_state_dict(model, peft.get_peft_model_state_dict(parent.model))
        return model
    return parent.model
