"""AdaMame's second stage (arXiv 2606.15080) and its baselines: TRL's GRPO whose reward grows for native traces."""

import math
import random
from importlib.util import find_spec
from typing import Any

from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

from vernacular.adamame.reward import AlignmentReward
from vernacular.adamame.train import common_arguments
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import question_messages
from vernacular.models.kept import KeptWeights
from vernacular.models.training import Job, train
from vernacular.models.tuned import load_tuned, save_tuned


def train_grpo(job: Job, rows: list[dict[str, Any]], identifier_options: dict[str, Any]) -> None:
    """Stage 2: rows of records.PROMPT; the reward is `alignment` of the recipe (see reward.py).

    Raises ValueError where fewer prompts are left than the recipe asks for.
    """
    recipe = job.recipe
    if len(rows) < recipe["prompts"]:
        raise ValueError(
            f"{job.inputs['data']}: {len(rows)} RL prompts are left, but the recipe of '{job.out.name}' asks for "
            f"{recipe['prompts']}: the difficulty filter keeps those that the parent solves sometimes (1 <= correct < "
            "k; the log of rl_prompts counts the others). Lower `prompts`, widen `rl.share` or raise `rl.candidates`"
        )
    if recipe["training"].get("use_vllm") and find_spec("vllm") is None:
        raise ValueError(
            "training.use_vllm needs the package vllm, which is not installed: pip install '.[gpu]', or leave it out"
        )
    model, _, tokenizer = load_tuned(job, "auto")
    alignment = recipe["alignment"]
    arguments = GRPOConfig(
        **common_arguments(job),
        shuffle_dataset=False,  # in_training_order has shuffled
        # The additive form is a sum of z-scores already; TRL's own `normalize_then_sum` whitens over the batch once
        # more and cannot let a weight grow, so both forms come from one reward function.
        scale_rewards="none" if alignment["form"] == "additive" else "group",
    )
    ordered = in_training_order(rows[: recipe["prompts"]], arguments, job.seed)
    arguments.num_train_epochs = 1
    data = Dataset.from_list(
        [
            {
                "prompt": question_messages(row["question"], row["language"]),
                "language": row["language"],
                "answer": row["answer"],
            }
            for row in ordered
        ]
    )
    reward = AlignmentReward(alignment, LanguageIdentifier(**identifier_options), int(arguments.num_generations or 1))
    trainer = GRPOTrainer(
        model=model,
        args=arguments,
        reward_funcs=reward,
        train_dataset=data,
        processing_class=tokenizer,
    )
    kept = KeptWeights(job.kept, recipe.get("kept", []))
    save_tuned(model, tokenizer, trainer, job, train(trainer, job, [reward, kept]), "auto")


def in_training_order(rows: list[dict[str, Any]], arguments: Any, seed: int) -> list[dict[str, Any]]:
    """The prompts of the whole training, pass after pass, each pass shuffled anew: one long epoch.

    TRL's sampler draws the order of each epoch from a generator that no checkpoint keeps, so that a training resumed in
    a later epoch would go on with the prompts of the first. `arguments` is a GRPOConfig.
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
