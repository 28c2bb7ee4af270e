"""AdaMame's second stage (arXiv 2606.15080) and its baselines: TRL's GRPO with a reward that favours native traces."""

import math
import random
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
from datasets import Dataset
from peft.tuners.tuners_utils import BaseTunerLayer
from trl import GRPOConfig, GRPOTrainer
from trl.chat_template_utils import parse_response

from vernacular.adamame.alignment import ADJUSTED
from vernacular.adamame.own_functions import own_match, own_reward, own_schedule
from vernacular.adamame.reward import AlignmentReward, completion_text
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import PromptSet, prompt_set, question_messages, split_completion
from vernacular.language.thinking import FAMILIES, template_family
from vernacular.models.batches import by_length
from vernacular.models.chats import chat_texts, prompt_sizes
from vernacular.models.job import Job
from vernacular.models.launch import strategy
from vernacular.models.loop import trl_arguments
from vernacular.models.parents import load_parent, train_and_save, trained_dtype
from vernacular.models.record import note, note_overlong


def train_grpo(job: Job, rows: list[dict[str, Any]]) -> None:
    """Stage 2: rows of records.PROMPT; the reward follows `alignment` and `identifier` of the recipe (see reward.py),
    and those of `rewards` (own_functions.py) are added to it, each with its weight.

    It trains on at most `prompts` of them, and says so if there are fewer. Raises ValueError if there are none.
    """
    recipe = job.recipe
    if recipe["training"].get("use_vllm") and find_spec("vllm") is None:
        raise ValueError("training.use_vllm needs the package vllm: pip install '.[gpu]', or leave it out")
    if not rows:
        raise ValueError(
            f"{job.inputs['data']}: no RL prompts are left to train on; change the section `rl` and make them again"
        )
    parent, prompts = load_parent(job, trained_dtype(recipe)), prompt_set(recipe.get("prompt_set"))
    rows = fitting_prompts(job, rows, parent.tokenizer, prompts)
    alignment, own = recipe["alignment"], recipe.get("rewards", [])
    for key, loaded in (("schedule", own_schedule), ("match", own_match)):
        if ".py:" in alignment[key]:
            alignment = {**alignment, key: loaded(job.inputs["functions"].resolve(), alignment[key])}
    arguments = grpo_arguments(job)
    ordered = in_training_order(rows, arguments, job.seed)
    arguments.num_train_epochs = 1
    data = Dataset.from_dict(
        {
            "prompt": [question_messages(row["question"], row["language"], prompts=prompts) for row in ordered],
            "language": [row["language"] for row in ordered],
            "answer": [row["answer"] for row in ordered],
        }
    )
    group_size = int(arguments.num_generations or 1)
    family = template_family(parent.tokenizer.chat_template)
    check_thinking(job, parent.tokenizer, family)
    identifier = LanguageIdentifier(**recipe["identifier"])
    reward = AlignmentReward(alignment, identifier, group_size, family, prompts.answer)
    trainer = Trainer(
        model=parent.model,
        args=arguments,
        reward_funcs=[reward, *(own_reward(job.inputs["functions"].resolve(), one["function"]) for one in own)],
        train_dataset=data,
        processing_class=parent.tokenizer,
    )
    trainer.batch_tokens = recipe.get("batch_tokens")
    # Of shards no process has the whole; TRL gathers them to merge, and what rounding does to them stays.
    trainer.restores = bool(recipe.get("lora")) and strategy(recipe) not in ("fsdp2", "zero3")
    trainer.adjusted = reward.adjusted if alignment["form"] in ADJUSTED else None
    train_and_save(parent, trainer, job, [reward])


def fitting_prompts(job: Job, rows: list[dict[str, Any]], tokenizer: Any, prompts: PromptSet) -> list[dict[str, Any]]:
    """The first `prompts` rows whose prompts have at most `prompt_tokens` tokens; says so where some are missing."""
    recipe = job.recipe
    sizes = prompt_sizes(tokenizer, rows, prompts)  # also where all fit: it looks for the questions in the prompts
    if most := recipe["prompt_tokens"]:
        fitting = [row for row, size in zip(rows, sizes, strict=True) if size <= most]
        note_overlong(job, f"{most:,} tokens of prompt", len(rows), 0, len(rows) - len(fitting))
        rows = fitting
    if len(rows) < recipe["prompts"]:
        note(job, f"RL prompts: {len(rows):,}; `prompts` allows {recipe['prompts']:,}, but no more were left.")
    return rows[: recipe["prompts"]]


def check_thinking(job: Job, tokenizer: Any, family: str | None) -> None:
    """Raises ValueError where TRL would hand the reward completions whose thinking does not end or is gone."""
    if family and FAMILIES[family].ending in tokenizer.all_special_tokens:
        raise ValueError(
            f"{job.inputs['parent']}: {FAMILIES[family].ending} is a special token, which TRL leaves out of "
            "completions, so that no thinking would end; train a tokenizer where it is an ordinary token"
        )
    if not keeps_thinking(tokenizer, family):
        raise ValueError(
            f"{job.inputs['parent']}: by its tokenizer's response template TRL would take the thinking out of "
            "completions, so that every reward would be 0; take `response_template` and `response_schema` out of "
            "tokenizer_config.json in a copy of the folder, and use that (recipe `folder`)"
        )


def grpo_arguments(job: Job) -> GRPOConfig:
    """TRL's arguments for the job's recipe."""
    return GRPOConfig(
        **trl_arguments(job),
        reward_weights=[1.0, *(one["weight"] for one in job.recipe.get("rewards", []))],
        shuffle_dataset=False,  # in_training_order has shuffled
        # The additive form is already a sum of z-scores; TRL's own `normalize_then_sum` whitens over the batch once
        # more and cannot let a weight grow, so both forms come from one reward function.
        scale_rewards="none" if job.recipe["alignment"]["form"] == "additive" else "group",
    )


class BaseWeight(NamedTuple):
    """A weight under an adapter, and what it was, in main memory."""

    layer: Any
    name: str
    weight: torch.nn.Parameter
    saved: torch.Tensor


def base_weights(model: Any) -> list[BaseWeight]:
    """Those of all layers that have adapters, which are not merged at the time."""
    layers = [module.get_base_layer() for module in model.modules() if isinstance(module, BaseTunerLayer)]
    return [
        BaseWeight(layer, name, weight, weight.detach().to("cpu", copy=True))
        for layer in layers
        for name, weight in layer.named_parameters(recurse=False)
    ]


def restore(weights: list[BaseWeight]) -> None:
    """Put the weights back, bit for bit. In bfloat16 (w + d) - d is not w, so each merging of the adapters and taking
    them out again would move them."""
    for layer, name, weight, saved in weights:
        setattr(layer, name, weight)  # layers of four bits get another one when adapters are merged
        weight.data.copy_(saved)


class Trainer(GRPOTrainer):
    """TRL's, with rollouts in parts, with weights that adapters do not wear out, and with forms whose group mean is not
    0. Written for TRL 1.16, whose methods these are.
    """

    # TRL generates a whole generation batch in one call; here, prompts of like length in parts of at most so many
    # tokens. Every step draws for all sequences of a part, so parts give other rollouts, by the same chances.
    batch_tokens: int | None = None
    # For vLLM TRL merges the adapters and takes them out again: whether the weights under them are then put back.
    restores: bool = False
    kept: list[BaseWeight] | None = None
    # What changes the advantages after TRL's z-score: those of this process, in the order in which they were scored.
    adjusted: Callable[[list[float]], list[float]] | None = None

    def _generate_single_turn(self, prompt_ids: list[list[int]], *arguments: Any, **options: Any) -> Any:
        generate = super()._generate_single_turn
        if self.use_vllm and self.restores:
            self.kept = self.kept or base_weights(self.model)
            outputs = generate(prompt_ids, *arguments, **options)
            restore(self.kept)
            return outputs
        if self.use_vllm or self.batch_tokens is None:
            return generate(prompt_ids, *arguments, **options)
        found: dict[int, list[int]] = {}
        new = self.max_completion_length or 0
        for part in by_length([len(ids) + new for ids in prompt_ids], self.batch_tokens, new):
            completions, _ = generate([prompt_ids[number] for number in part.numbers], *arguments, **options)
            found |= zip(part.numbers, completions, strict=True)
        return [found[number] for number in range(len(prompt_ids))], None

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        outputs = super()._generate_and_score_completions(inputs)
        if self.adjusted:
            advantages = outputs["advantages"]
            changed = self.adjusted(advantages.tolist())
            outputs["advantages"] = torch.tensor(changed, dtype=advantages.dtype, device=advantages.device)
        return outputs


def keeps_thinking(tokenizer: Any, family: str | None) -> bool:
    """Whether the reward finds thinking and response in a completion after TRL has parsed it.

    TRL parses by the response template (or schema) of a tokenizer that has one; which part of a message then holds the
    thinking is for the template to say, and completion_text knows the usual ones. family: as split_completion takes it.
    """
    if not any(getattr(tokenizer, name, None) for name in ("response_template", "response_schema")):
        return True
    asked = [{"role": "user", "content": "1 + 1?"}]
    [prompt] = chat_texts(tokenizer, [asked], opening=True)
    text = "\\boxed{2}"
    if family:
        opening, ending = FAMILIES[family]
        text = f"{'' if prompt.rstrip().endswith(opening) else opening}\n1 + 1 = 2\n{ending}\n{text}"
    ids = tokenizer([prompt, text + tokenizer.eos_token], add_special_tokens=False)["input_ids"]
    parsed = parse_response(tokenizer, ids[1], prefix=ids[0])
    return split_completion(completion_text([parsed], family), family) == split_completion(text, family)


def in_training_order(rows: list[dict[str, Any]], arguments: Any, seed: int) -> list[dict[str, Any]]:
    """The prompts of the whole training, pass after pass, each pass shuffled again: one long epoch.

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
