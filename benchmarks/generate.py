"""Evaluation's generation against Transformers' `generate` in the questions' order with a fixed batch.

    python benchmarks/generate.py [--pairs 5] [--questions 120] [--model FOLDER]

4 samples of each question in 12 languages, at most 120 new tokens, batches of 256 sequences, one thread, float32. 1,200
questions, as an evaluation of the default study has, take minutes a side: so that pairs fit, a tenth of them is asked.
Without --model (say results/default/seed-1/models/lrm) a model of the smoke study's size is trained first, for as long
as it takes to end its answers; its arithmetic is wrong.
"""

import argparse
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

from bench import Row, paired, rate, run
from texts import default_study

from vernacular.evaluation.options import GenerationOptions

LANGUAGES = ["bn", "de", "en", "es", "fr", "ja", "ko", "ru", "sw", "te", "th", "zh"]
OPTIONS = GenerationOptions(LANGUAGES, max_new_tokens=120, samples=4, temperature=0.8, batch_size=256)


def some_questions(count: int) -> list[dict[str, Any]]:
    from vernacular.corpus.miniature import question_rows

    benchmarks = {"mini-mgsm": default_study()["benchmarks"]["mini-mgsm"]}
    benchmarks["mini-mgsm"] |= {"questions": {"test": count // len(LANGUAGES) or 1}}
    return list(question_rows(benchmarks, LANGUAGES, "test", 1))


def small_model(steps: int) -> tuple[Any, Any]:
    """A model of the default study's kind, trained on its data for so many steps, which is enough to end an answer."""
    import torch

    from vernacular.corpus.options import TrainingDataOptions
    from vernacular.corpus.training import training_rows
    from vernacular.models.packing import collate, encode_examples, pack
    from vernacular.models.pretrain import build_model, train_tokenizer

    study = default_study()
    fewer = {name: {**about, "questions": {"train": 40}} for name, about in study["benchmarks"].items()}
    part = {**study["data"]["native-and-english"][0], "languages": LANGUAGES}
    found = list(training_rows(TrainingDataOptions([part], 1, fewer)))
    tokenizer = train_tokenizer((row["prompt"] + row["completion"] for row in found), 3000)
    torch.manual_seed(1)
    architecture = {
        "model_type": "llama", "hidden_size": 64, "intermediate_size": 192, "num_hidden_layers": 4,
        "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 512, "tie_word_embeddings": True,
    }  # fmt: skip
    model = build_model(architecture, tokenizer)
    packed = pack(encode_examples(tokenizer, found), 512, tokenizer.pad_token_id, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=6e-3)
    choice = random.Random(1)
    for _ in range(steps):
        batch = collate(choice.sample(packed, 4))
        model(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval(), tokenizer


def by_ours(model: Any, tokenizer: Any, asked: list[dict[str, Any]]) -> int:
    from vernacular.evaluation.generate import generate_rows

    return len(list(generate_rows(model, tokenizer, asked, OPTIONS, 1)))


def by_transformers(model: Any, tokenizer: Any, asked: list[dict[str, Any]]) -> int:
    """The prompts in their order, a fixed batch, Transformers' own sampling and loop; the texts are decoded as ours."""
    import torch

    from vernacular.language.prompts import question_messages

    tokenizer.padding_side = "left"
    per_batch = OPTIONS.batch_size // OPTIONS.samples
    count = 0
    for start in range(0, len(asked), per_batch):
        messages = [question_messages(one["question"], one["language"]) for one in asked[start : start + per_batch]]
        prompts = [tokenizer.apply_chat_template(m, add_generation_prompt=True, tokenize=False) for m in messages]
        batch = tokenizer(prompts, add_special_tokens=False, padding=True, return_tensors="pt")
        with torch.inference_mode():
            output = model.generate(
                input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], do_sample=True,
                temperature=OPTIONS.temperature, top_k=0, max_new_tokens=OPTIONS.max_new_tokens,
                num_return_sequences=OPTIONS.samples, pad_token_id=tokenizer.pad_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )  # fmt: skip
        count += len(tokenizer.batch_decode(output[:, batch["input_ids"].shape[1] :], skip_special_tokens=True))
    return count


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    import torch

    from vernacular.models.folders import load_model

    torch.set_num_threads(1)
    asked = some_questions(12 if arguments.tiny else arguments.questions)
    if arguments.model:
        model, tokenizer = load_model(arguments.model, "float32")
    else:
        model, tokenizer = small_model(2 if arguments.tiny else 150)
    few = asked[:12]
    assert by_ours(model, tokenizer, few) == by_transformers(model, tokenizer, few)  # warms both up
    count = len(asked) * OPTIONS.samples
    sides = (rate(count, partial(side, model, tokenizer, asked)) for side in (by_ours, by_transformers))
    yield paired(f"generate {count:,} completions", "completions a second", *sides, ">= 2", arguments.pairs)


if __name__ == "__main__":
    run(__doc__, rows, {"--questions": 120, "--model": ""})
