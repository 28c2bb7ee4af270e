"""The recipes by which models are made: a row for each. Their keys are in workflow/schemas/config.schema.yaml."""

from typing import NamedTuple

ARGUMENTS = ("transformers/training_args.py", "TrainingArguments")
TRL = ("trl/trainer/base_config.py", "_BaseConfig")

# Options of a trainer that the workflow sets itself: `launch` decides about fsdp and deepspeed, and what our calls of
# a trainer's configuration already name (models/loop.py, adamame/) cannot be given twice.
# What `track` decides is outside all recipes.
OURS = {"output_dir", "seed", "fsdp", "fsdp_config", "deepspeed", "report_to", "run_name", "project"}
NAMED = {"use_cpu", "disable_tqdm", "save_total_limit", "remove_unused_columns"}
SUPERVISED = frozenset(OURS | NAMED | {"include_num_input_tokens_seen", "train_sampling_strategy"})


class Recipe(NamedTuple):
    """rule: the rule, and the script, that makes such a model. makes: `llm`, `encoder`, `mapping`, `merge`, or `any`
    where that depends on the weights. reads: what it trains on: `data` (a set of the section `data`), `traces` or
    `prompts`; "" where nothing is trained. tasks: of the parts of `data` that it can read; none means all but `pairs`.
    trainer: (file, class) of the dataclasses whose fields its `training` may set; taken: those that it may not."""

    rule: str
    makes: str
    reads: str = ""
    tasks: tuple[str, ...] = ()
    trainer: tuple[tuple[str, str], ...] = (ARGUMENTS,)
    taken: frozenset[str] = SUPERVISED


RECIPES = {
    "pretrain": Recipe("pretrain", "llm", "data"),
    "folder": Recipe("fetch_folder", "any"),
    "hub": Recipe("fetch_folder", "any"),
    "finetune": Recipe("train_finetune", "llm", "data"),
    "slam": Recipe("train_slam", "llm", "data"),
    "sft": Recipe(
        "train_sft",
        "llm",
        "traces",
        trainer=(ARGUMENTS, TRL, ("trl/trainer/sft_config.py", "SFTConfig")),
        taken=frozenset(OURS | {"completion_only_loss", "include_num_input_tokens_seen"}),
    ),
    "grpo": Recipe(
        "train_grpo",
        "llm",
        "prompts",
        trainer=(ARGUMENTS, TRL, ("trl/trainer/grpo_config.py", "GRPOConfig")),
        taken=frozenset(OURS | {"scale_rewards", "shuffle_dataset", "reward_weights"}),
    ),
    "translator": Recipe("pretrain_translator", "encoder", "data", ("pairs",)),
    "merge-mapping": Recipe("train_mapping", "mapping", "data", ("pairs",)),
    "merge": Recipe("train_merge", "merge", "data", ("reasoning",)),
    "merge-weights": Recipe("merge_weights", "llm"),
    "checkpoint": Recipe("take_checkpoint", "llm"),  # made by an evaluation with `checkpoints`, never by hand
}

SECTIONS = {"traces": "traces", "prompts": "rl"}  # what a recipe reads -> the section that describes it
ENCODERS = [name for name, recipe in RECIPES.items() if recipe.makes in ("encoder", "any")]
CONNECTORS = [name for name, recipe in RECIPES.items() if recipe.makes in ("mapping", "merge")]
