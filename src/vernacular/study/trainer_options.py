"""The options that a trainer knows, read from the source of its installed library without importing it.

A mistyped option would otherwise end a training hours after the dry run; importing torch here would make every dry run
ten times slower.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ARGUMENTS = ("transformers/training_args.py", "TrainingArguments")
TRL = ("trl/trainer/base_config.py", "_BaseConfig")
LORA = (
    ("peft/config.py", "PeftConfigMixin"),
    ("peft/config.py", "PeftConfig"),
    ("peft/tuners/lora/config.py", "LoraConfig"),
)

SUPERVISED = ("pretrain", "finetune", "slam", "translator", "merge-mapping", "merge")

# Recipe -> the dataclasses whose fields its `training` may set.
CLASSES: dict[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(SUPERVISED, (ARGUMENTS,)),
    "sft": (ARGUMENTS, TRL, ("trl/trainer/sft_config.py", "SFTConfig")),
    "grpo": (ARGUMENTS, TRL, ("trl/trainer/grpo_config.py", "GRPOConfig")),
    "lora": LORA,
}

# What the library keeps to itself: where checkpoints stand and the seed are the workflow's, and what a call of the
# trainer's configuration names already (models/packed.py, adamame/) would be an error when given twice.
OURS = {"output_dir", "seed", "fsdp", "fsdp_config", "deepspeed"}  # the last three: see `launch`
NAMED = {"use_cpu", "report_to", "disable_tqdm", "save_total_limit", "remove_unused_columns"}
TAKEN: dict[str, set[str]] = {
    **dict.fromkeys(SUPERVISED, OURS | NAMED | {"include_num_input_tokens_seen", "train_sampling_strategy"}),
    "sft": OURS | {"completion_only_loss", "include_num_input_tokens_seen"},
    "grpo": OURS | {"scale_rewards", "shuffle_dataset"},
    "lora": {"task_type"},
}


@cache
def fields(path: str, name: str) -> frozenset[str]:
    """The annotated fields of a class in a library's file; none where the library is not installed."""
    package, _, rest = path.partition("/")
    spec = find_spec(package)  # finds a top-level package without running it
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    file = Path(spec.submodule_search_locations[0], rest)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    body = re.search(rf"^class {name}\b.*?(?=^[@\w]|\Z)", text, re.MULTILINE | re.DOTALL)
    return frozenset(re.findall(r"^    (\w+) *: \S", body[0], re.MULTILINE)) if body else frozenset()


def known_options(kind: str) -> set[str]:
    """What a recipe's `training` (or `lora`) may set; empty where that cannot be told, so that nothing is refused."""
    found = [fields(*place) for place in CLASSES[kind]]
    return set().union(*found) - TAKEN[kind] if all(found) else set()
