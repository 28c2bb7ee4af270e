"""Pretraining against Transformers' Trainer as it comes: eager, float32, padded batches, every token's logits.

    python benchmarks/pretrain.py [--pairs 5] [--steps 2] [--rows 16]

The default study's base model on its own data, in batches as large as its own, one thread. Ours puts examples of about
one length side by side, compiles the decoder, and runs the output layer on labelled tokens alone, piece by piece. Both
are measured in examples a second, over steps with as many examples each, after one training that warms up and compiles.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench import Row, paired, rate, run
from texts import default_study


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    import torch
    from transformers import Trainer, TrainingArguments

    from vernacular.corpus.options import TrainingDataOptions
    from vernacular.corpus.training import training_rows
    from vernacular.models.packing import IGNORED, encode_examples
    from vernacular.models.pretrain import build_model, train_tokenizer
    from vernacular.models.supervised import packed_trainer

    torch.set_num_threads(1)
    study = default_study()
    recipe = study["models"]["lrm"]
    fewer = {name: {**about, "questions": {"train": 60}} for name, about in study["benchmarks"].items()}
    found = list(training_rows(TrainingDataOptions(study["data"]["native-and-english"], 1, fewer)))
    tokenizer = train_tokenizer((row["prompt"] + row["completion"] for row in found), recipe["vocabulary"])
    pad = tokenizer.pad_token_id
    steps, batch = (1, 1) if arguments.tiny else (arguments.steps, arguments.rows)

    def padded(examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        width = max(len(example["ids"]) for example in examples)
        ids = torch.tensor([e["ids"] + [pad] * (width - len(e["ids"])) for e in examples])
        mask = torch.tensor([[1] * len(e["ids"]) + [0] * (width - len(e["ids"])) for e in examples])
        place = torch.arange(width)[None]
        asked = place < torch.tensor([[e["prompt"]] for e in examples])
        return {"input_ids": ids, "attention_mask": mask, "labels": ids.masked_fill(asked | (mask == 0), IGNORED)}

    encoded = encode_examples(tokenizer, found)
    with tempfile.TemporaryDirectory() as name:
        training = {**recipe["training"], "max_steps": steps, "per_device_train_batch_size": batch}
        training |= {"save_strategy": "no", "logging_steps": 1000, "warmup_steps": 0}
        small = {**recipe, "training": training, "compile": not arguments.tiny}
        job: Any = SimpleNamespace(recipe=small, seed=1, folder=Path(name), out=Path(name), inputs={"data": "data"})
        model = build_model(recipe["architecture"], tokenizer)
        ours = packed_trainer(model, tokenizer, model.base_model, found, job)
        a_row = len(found) / len(ours.train_dataset)
        size = max(round(a_row * batch), 1)
        options = {**training, "per_device_train_batch_size": size, "bf16": False, "output_dir": name}
        plain = Trainer(
            model=build_model(recipe["architecture"], tokenizer),
            args=TrainingArguments(
                **options, use_cpu=True, report_to=[], disable_tqdm=True, remove_unused_columns=False
            ),
            train_dataset=[{"ids": ids, "prompt": prompt} for ids, prompt in encoded],
            data_collator=padded,
        )
        for trainer in (ours, plain):
            trainer.train()
        sides = rate(a_row * batch * steps, ours.train), rate(size * steps, plain.train)
        yield paired("pretrain the default study's base model", "examples a second", *sides, ">= 2", arguments.pairs)


if __name__ == "__main__":
    run(__doc__, rows, {"--steps": 2, "--rows": 16})
