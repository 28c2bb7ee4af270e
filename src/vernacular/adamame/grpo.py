"""AdaMame's second stage (arXiv 2606.15080) and its baselines: TRL's GRPO with a reward that favours native traces."""

import math
import random
from importlib.util import find_spec
from typing import Any

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from vernacular.adamame.reward import AlignmentReward
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import question_messages
from vernacular.language.thinking import FAMILIES, template_family
from vernacular.models.job import Job
from vernacular.models.loop import trl_arguments
from vernacular.models.parents import load_parent, train_and_save


def train_grpo(job: Job, rows: list[dict[str, Any]]) -> None:
    """Stage 2: rows of records.PROMPT; the reward follows `alignment` and `identifier` of the recipe (see reward.py).

    Raises ValueError if fewer prompts are left than the recipe asks for.
    """
    recipe = job.recipe
    if len(rows) < recipe["prompts"]:
        raise ValueError(
            f"{job.inputs['data']}: {len(rows)} RL prompts are left, but the recipe of '{job.out.name}' asks for "
            f"{recipe['prompts']}; lower `prompts`, widen `rl.hash_range`, or raise `rl.candidates` (the log of "
            "rl_prompts counts what the difficulty filter left out)"
        )
    if recipe["training"].get("use_vllm") and find_spec("vllm") is None:
        raise ValueError("training.use_vllm needs the package vllm: pip install '.[gpu]', or leave it out")
    parent, alignment = load_parent(job, "auto"), recipe["alignment"]
    arguments = GRPOConfig(
        **trl_arguments(job),
        shuffle_dataset=False,  # in_training_order has shuffled
        # The additive form is already a sum of z-scores; TRL's own `normalize_then_sum` whitens over the batch once
        # more and cannot let a weight grow, so both forms come from one reward function.
        scale_rewards="none" if alignment["form"] == "additive" else "group",
    )
    ordered = in_training_order(rows[: recipe["prompts"]], arguments, job.seed)
    arguments.num_train_epochs = 1
    data = Dataset.from_dict(
        {
            "prompt": [question_messages(row["question"], row["language"]) for row in ordered],
            "language": [row["language"] for row in ordered],
            "answer": [row["answer"] for row in ordered],
        }
    )
    group_size = int(arguments.num_generations or 1)
    family = template_family(parent.tokenizer.chat_template)
    if family and FAMILIES[family].ending in parent.tokenizer.all_special_tokens:
        raise ValueError(
            f"{job.inputs['parent']}: {FAMILIES[family].ending} is a special token, which TRL leaves out of "
            "completions, so that no thinking would end; train a tokenizer where it is an ordinary token"
        )
    reward = AlignmentReward(alignment, LanguageIdentifier(**recipe["identifier"]), group_size, family)
    trainer = GRPOTrainer(
        model=parent.model, args=arguments, reward_funcs=reward, train_dataset=data, processing_class=parent.tokenizer
    )
    train_and_save(parent, trainer, job, [reward])


def in_training_order(rows: list[dict[str, Any]], arguments: Any, seed: int) -> list[dict[str, Any]]:
    """The prompts of the whole training, pass after pass, each pass shuffled anew: one long epoch.

    TRL's sampler draws the order of each epoch from a generator that no checkpoint saves, so a training resumed in a
    later epoch would go on with the prompts of the first. `arguments` is a GRPOConfig.
    """
    completions = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
    prompts = completions / (arguments.num_generations * arguments.num_iterations)  # new ones a step
    steps = arguments.max_steps
    count = math.ceil(steps * prompts) if steps > 0 else math.ceil(arguments.num_train_epochs * len(rows))
    shuffle = random.Random(seed)
    ordered: list[dict[str, Any]] = []
    while len(ordered) < count:
        ordered += shuffle.sample(rows, len(rows))
    return ordered[:count]
