"""Steps of GRPO with our reward against plain TRL whose reward is a constant.

    python benchmarks/grpo.py [--pairs 5] [--steps 1] [--model FOLDER]

64 completions a step (8 prompts x 8), at most 120 new tokens, the alignment of AdaMame, one thread. The learning rate
is 0, so that both sides write and learn from the same completions; what differs is the reward alone. Without --model
the model is the one that generate.py trains.
"""

import argparse
import random
import tempfile
from collections.abc import Iterator
from typing import Any

from bench import Row, paired, run, seconds
from generate import small_model, some_questions
from texts import LANGUAGES, default_study


def constant(completions: list[Any], **_: Any) -> list[float]:
    return [1.0] * len(completions)


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    import torch
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    from vernacular.adamame.reward import AlignmentReward
    from vernacular.language.identify import LanguageIdentifier
    from vernacular.language.prompts import question_messages
    from vernacular.models.folders import load_model

    torch.set_num_threads(1)
    model, tokenizer = (
        load_model(arguments.model, "float32") if arguments.model else small_model(2 if arguments.tiny else 150)
    )
    recipe = default_study()["models"]["adamame"]
    asked = some_questions(24 if arguments.tiny else 120)
    random.Random(1).shuffle(asked)
    data = Dataset.from_list(
        [
            {
                "prompt": question_messages(one["question"], one["language"]),
                "language": one["language"],
                "answer": one["answer"],
            }
            for one in asked
        ]
    )
    size = 8 if arguments.tiny else 64
    options = {**recipe["training"], "max_steps": arguments.steps, "learning_rate": 0.0, "save_strategy": "no"}
    options |= {"per_device_train_batch_size": size, "logging_steps": 1, "seed": 1}
    options |= {"max_completion_length": 8} if arguments.tiny else {}
    options.pop("save_steps")
    reward = AlignmentReward(recipe["alignment"], LanguageIdentifier(LANGUAGES), 8)
    with tempfile.TemporaryDirectory() as folder:
        trainers = [
            GRPOTrainer(
                model=model,
                args=GRPOConfig(
                    output_dir=folder, use_cpu=True, bf16=False, report_to=[], disable_tqdm=True,
                    gradient_checkpointing=False, **options,
                ),
                reward_funcs=function,
                train_dataset=data,
                processing_class=tokenizer,
            )
            for function in (reward, constant)
        ]  # fmt: skip

        def train(trainer: Any) -> None:
            torch.manual_seed(1)
            trainer.train()

        for trainer in trainers:  # to warm up
            train(trainer)
        sides = [seconds(lambda trainer=trainer: train(trainer)) for trainer in trainers]  # type: ignore[misc]
        name = "GRPO step against a constant reward"
        yield paired(name, "seconds", *sides, "<= 1.02", arguments.pairs)


if __name__ == "__main__":
    run(__doc__, rows, {"--steps": 1, "--model": ""})
