"""train_grpo.py, whose completions depend on prompt and sample alone and whose rewards are written down.

A process draws as its own random numbers come, so two processes answer a prompt otherwise than one does. To compare
them, each completion here draws from a stream of its prompt and its number among the prompt's. Folder: $RECORD.
"""

import json
import os
import random
import sys
from pathlib import Path

import torch
from transformers import GenerationMixin

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
import train_grpo  # noqa: E402

from vernacular.adamame.reward import AlignmentReward  # noqa: E402

streams: list[random.Random] = []
generate, score = GenerationMixin.generate, AlignmentReward.__call__


def generate_from_streams(self, *args, **options):
    seen: dict[str, int] = {}
    streams.clear()
    for ids, mask in zip(options["input_ids"].tolist(), options["attention_mask"].tolist(), strict=True):
        prompt = str([token for token, real in zip(ids, mask, strict=True) if real])
        seen[prompt] = seen.get(prompt, 0) + 1
        streams.append(random.Random(f"{prompt} {seen[prompt]}"))
    return generate(self, *args, **options)


def draw(probabilities: torch.Tensor, num_samples: int) -> torch.Tensor:
    assert num_samples == 1
    sums = probabilities.double().cumsum(-1)
    draws = torch.tensor([[stream.random()] for stream in streams], dtype=torch.float64) * sums[:, -1:]
    return torch.searchsorted(sums, draws, right=True).clamp(max=sums.shape[-1] - 1)


def score_and_record(self, completions, language, answer, trainer_state, **options):
    rewards = score(self, completions, language, answer, trainer_state, **options)
    texts = [completion[-1]["content"] for completion in completions]
    row = {"step": trainer_state.global_step, "texts": texts, "languages": language, "answers": answer}
    with Path(os.environ["RECORD"], os.environ.get("RANK", "0")).open("a") as file:
        file.write(json.dumps({**row, "rewards": rewards}) + "\n")
    return rewards


if __name__ == "__main__":
    GenerationMixin.generate = generate_from_streams
    torch.multinomial = draw
    AlignmentReward.__call__ = score_and_record
    sys.exit(train_grpo.main())
