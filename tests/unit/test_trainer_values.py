"""Values of training options that are refused before any job: as the libraries themselves refuse them."""

import ast
import inspect
from pathlib import Path
from typing import Any

import pytest
import torch
import trl
from peft import LoraConfig, get_peft_model
from transformers import TemperatureLogitsWarper, TopPLogitsWarper, TrainingArguments
from transformers.generation.logits_process import MinPLogitsWarper
from trl.trainer import grpo_trainer, sft_trainer

from vernacular.study.trainer_options import CHOICES, RANGES, annotations, is_optional, wrong_value


def compared(module: Any, key: str) -> set[str]:
    """The texts that a module compares an option with: `x.<key> == "..."` and `x.<key> in [...]`."""
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == key:
            parts = [part for other in node.comparators for part in ast.walk(other)]
            found |= {part.value for part in parts if isinstance(part, ast.Constant)}
    return found


@pytest.mark.parametrize("recipe, key", [(recipe, key) for recipe, keys in CHOICES.items() for key in keys])
def test_choices_are_those_that_the_trainer_knows(recipe: str, key: str) -> None:
    module = {"grpo": grpo_trainer, "sft": sft_trainer}[recipe]
    known = compared(module, key)
    if key == "vllm_mode":  # the other one is compared in the class that starts vLLM
        known |= compared(inspect.getmodule(grpo_trainer.VLLMGeneration), "mode")
    assert known == {*CHOICES[recipe][key]}


@pytest.mark.parametrize("kind, config", [("sft", trl.SFTConfig), ("grpo", trl.GRPOConfig)])
def test_own_defaults_of_a_trainer_are_accepted(kind: str, config: Any, tmp_path: Path) -> None:
    defaults = {name: field.default for name, field in config.__dataclass_fields__.items()}
    plain = {
        k: v for k, v in defaults.items() if isinstance(v, bool | int | float | str | None) and k in annotations(kind)
    }
    assert len(plain) > 100
    wrong = {k: wrong_value(kind, k, getattr(v, "value", v)) for k, v in plain.items() if wrong_value(kind, k, v)}
    # None stands there for what the class fills in afterwards.
    assert all(plain[key] is None for key in wrong), wrong


def adamw(**options: Any) -> None:
    beta1, beta2 = options.pop("adam_beta1", 0.9), options.pop("adam_beta2", 0.9)
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], betas=(beta1, beta2), **options)


def lora(r: int) -> None:
    get_peft_model(torch.nn.Sequential(torch.nn.Linear(2, 2)), LoraConfig(r=r, target_modules=["0"]))


def grpo(folder: Path, **options: Any) -> None:
    trl.GRPOConfig(
        output_dir=str(folder), use_cpu=True, bf16=False, per_device_train_batch_size=4, num_generations=2, **options
    )


REFUSERS: dict[str, Any] = {
    "learning_rate": lambda v: adamw(lr=v),
    "weight_decay": lambda v: adamw(weight_decay=v),
    "adam_beta1": lambda v: adamw(adam_beta1=v),
    "adam_beta2": lambda v: adamw(adam_beta2=v),
    "adam_epsilon": lambda v: adamw(eps=v),
    "per_device_train_batch_size": lambda v: torch.utils.data.DataLoader([1], batch_size=v),
    "temperature": lambda v: TemperatureLogitsWarper(float(v)),
    "top_p": lambda v: TopPLogitsWarper(float(v)),
    "min_p": lambda v: MinPLogitsWarper(float(v)),
    "r": lambda v: lora(r=v),
}


def refused(key: str, value: Any) -> bool:
    try:
        REFUSERS[key](value)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("key", REFUSERS)
def test_bounds_are_those_of_the_library(key: str) -> None:
    least, most, _ = RANGES[key]
    step = 1 if key in ("r", "per_device_train_batch_size") else 0.5
    tried = [bound + way * step for bound in (least, most) if bound is not None for way in (-1, 0, 1)]
    kind = "lora" if key == "r" else "grpo"
    assert {value: bool(wrong_value(kind, key, value)) for value in tried} == {v: refused(key, v) for v in tried}


@pytest.mark.parametrize(
    "key, value",
    [("warmup_steps", -1), ("logging_steps", 0), ("num_generations", 1)],
)
def test_what_the_constructor_refuses(key: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        trl.GRPOConfig(
            **{"output_dir": str(tmp_path), "use_cpu": True, "bf16": False, "num_generations": 2, key: value}
        )
    assert wrong_value("grpo", key, value)


@pytest.mark.parametrize(
    "kind, key, value, said",
    [
        ("grpo", "learning_rate", "1-e4", "expected a number, got '1-e4'"),
        ("grpo", "loss_type", "dr_gpro", "'dr_gpro' is not a valid choice; did you mean 'dr_grpo'?"),
        ("sft", "optim", "adamw_typo", "did you mean 'adamw_"),
        ("sft", "bf16", "maybe", "expected true or false, got 'maybe'"),
        ("slam", "max_steps", "ten", "expected a whole number, got 'ten'"),
        ("slam", "max_steps", 10.5, "expected a whole number, got 10.5"),
        ("merge", "lr_scheduler_type", "cosin", "did you mean 'cosine'?"),
        ("merge", "save_strategy", "step", "did you mean 'steps'?"),
        ("lora", "bias", "lora", "did you mean 'lora_only'?"),
        ("lora", "init_lora_weights", "gausian", "did you mean 'gaussian'?"),
        ("lora", "target_modules", [1], "expected a text or a list, got [1]"),
        ("grpo", "learning_rate", float("nan"), "nan is too small"),
        ("grpo", "learning_rate", True, "expected a number, got True"),
    ],
)
def test_wrong_values(kind: str, key: str, value: Any, said: str) -> None:
    assert said in wrong_value(kind, key, value)


def test_null_is_a_value_where_the_library_says_so() -> None:
    assert is_optional("sft", "max_length") and not is_optional("sft", "learning_rate")


def test_choices_of_a_class_of_the_library(tmp_path: Path) -> None:
    from transformers.training_args import OptimizerNames, SchedulerType

    for key, choices in (("optim", OptimizerNames), ("lr_scheduler_type", SchedulerType)):
        assert not any(wrong_value("pretrain", key, choice.value) for choice in choices)
    with pytest.raises(ValueError, match="adamw_typo"):
        TrainingArguments(str(tmp_path), optim="adamw_typo", use_cpu=True)
