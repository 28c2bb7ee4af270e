"""Evaluation's generation against Transformers' `generate`, and against batches of so many sequences.

    python benchmarks/generate.py [--pairs 5] [--questions 120] [--model FOLDER] [--mgsm DIR] [--new 120] [--compare 1]

4 samples of each question in 12 languages, at most 120 new tokens, batches of 256 sequences, one thread, float32. 1,200
questions, as an evaluation of the default study has, take minutes a side: so that pairs fit, a tenth of them is asked.
Without --model (say results/default/seed-1/models/lrm) a model of the smoke study's size is trained first, for as long
as it takes to end its answers; its arithmetic is wrong.

With --mgsm (a folder of mgsm_<language>.tsv) real questions of very unlike lengths are asked instead, once each and
greedily: ours, cut by --tokens, against batches of 256 sequences in order of length, which evaluations had before; the
best of other sizes, found by trying each once; and Transformers' `generate` on the same batches as ours. --compare 1
measures no time: it prints how many completions are those of batches of 256, and for each other one how far apart the
two tokens' logits are where they part.
"""

import argparse
import json
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from bench import Row, paired, rate, run, seconds
from texts import default_study

from vernacular.evaluation.options import GenerationOptions

LANGUAGES = ["bn", "de", "en", "es", "fr", "ja", "ko", "ru", "sw", "te", "th", "zh"]
OPTIONS = GenerationOptions(LANGUAGES, max_new_tokens=120, samples=4, temperature=0.8)
BEFORE = 256  # sequences of a batch, the default of evaluations before they were cut by tokens
SIZES = (8, 16, 32, 64, 128)


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


def mgsm_questions(folder: Path, count: int) -> list[dict[str, Any]]:
    """The first questions of each language that the folder has, by language as in an evaluation's file."""
    found = []
    for path in sorted(folder.glob("mgsm_*.tsv")):
        lines = path.read_text(encoding="utf-8").split("\n")[:count]
        for number, line in enumerate(lines):
            question = {"id": f"mgsm-{number}", "language": path.stem[5:], "kind": "math", "choices": None}
            found.append({**question, "question": line.split("\t")[0]})
    return found


def by_ours(
    model: Any, tokenizer: Any, asked: list[dict[str, Any]], options: GenerationOptions, size: int = 0
) -> dict[tuple[str, str, int], str]:
    """The completions. size: of batches of so many sequences, as they were before; 0 for ours, cut by tokens."""
    from vernacular.evaluation.generate import answers_of

    answers = answers_of(model, tokenizer, asked, options, 1)
    batches = in_sequences(answers.batches, options, size) if size else answers.batches
    rows = [row for batch in batches for row in answers.answer(batch)]
    return {(row["id"], row["language"], row["sample"]): row["completion"] for row in rows}


def in_sequences(batches: list[Any], options: GenerationOptions, size: int) -> list[Any]:
    from vernacular.evaluation.generate import Batch

    requests = sorted((one for batch in batches for one in batch.requests), key=lambda one: len(one.ids))
    each = max(size // options.samples, 1)
    parts = [requests[start : start + each] for start in range(0, len(requests), each)]
    return [Batch(part, range(options.samples), 0) for part in parts]


def by_transformers_sorted(model: Any, tokenizer: Any, asked: list[dict[str, Any]], options: GenerationOptions) -> None:
    """Greedy, on our batches, by Transformers' own loop and cache; the texts are decoded as ours."""
    import torch

    from vernacular.evaluation.generate import answers_of

    for part in answers_of(model, tokenizer, asked, options, 1).batches:
        given = {"input_ids": [request.ids for request in part.requests]}
        batch = tokenizer.pad(given, padding_side="left", return_attention_mask=True, return_tensors="pt")
        with torch.inference_mode():
            output = model.generate(
                **batch, do_sample=False, max_new_tokens=options.max_new_tokens, pad_token_id=tokenizer.pad_token_id
            )
        tokenizer.batch_decode(output[:, batch["input_ids"].shape[1] :], skip_special_tokens=True)


def by_transformers(model: Any, tokenizer: Any, asked: list[dict[str, Any]]) -> int:
    """The prompts in their order, a fixed batch, Transformers' own sampling and loop; the texts are decoded as ours."""
    import torch

    from vernacular.language.prompts import question_messages

    tokenizer.padding_side = "left"
    per_batch = BEFORE // OPTIONS.samples
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


def compare(model: Any, tokenizer: Any, asked: list[dict[str, Any]], options: GenerationOptions) -> None:
    """Print how many completions are those of batches of BEFORE sequences, and the margins where the others part.

    The margin is that of the logits in float64, for the prompt alone in its batch, in units of the logits' spread.
    """
    import torch

    from vernacular.evaluation import generate

    generate.decoded = lambda tokens, *_: json.dumps(tokens)
    ours, before = (by_ours(model, tokenizer, asked, options, size) for size in (0, BEFORE))
    prompts = {
        (one.question["id"], one.question["language"]): one.ids
        for batch in generate.answers_of(model, tokenizer, asked, options, 1).batches
        for one in batch.requests
    }
    double = model.double()
    parted = [key for key, text in ours.items() if text != before[key]]
    for key in parted:
        one, other = json.loads(ours[key]), json.loads(before[key])
        place = next(n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
        with torch.inference_mode():
            logits = double(torch.tensor([prompts[key[:2]] + one[:place]]), logits_to_keep=1).logits[0, -1]
        first, second = logits.topk(2).indices.tolist()
        gap = float(logits[one[place]] - logits[other[place]])
        are_best = {one[place], other[place]} == {first, second}
        print(
            f"{key[0]} in {key[1]}: parts at token {place} of {len(one)}; logits {gap:+.2e} apart "
            f"(spread {float(logits.std()):.2f}), {'the two likeliest' if are_best else 'NOT the two likeliest'}"
        )
    share = 1 - len(parted) / len(ours)
    print(f"{len(ours) - len(parted)} of {len(ours)} completions ({share:.2%}) are those of batches of {BEFORE}")


def mgsm_rows(arguments: argparse.Namespace, model: Any, tokenizer: Any) -> Iterator[Row]:
    asked = mgsm_questions(Path(arguments.mgsm), 1 if arguments.tiny else arguments.questions)
    options = GenerationOptions([], max_new_tokens=arguments.new, batch_tokens=arguments.tokens)
    if arguments.compare:
        compare(model, tokenizer, asked, options)
        return
    ours = rate(len(asked), partial(by_ours, model, tokenizer, asked, options))

    def sequences(size: int) -> partial[Any]:
        return partial(by_ours, model, tokenizer, asked, options, size)

    sizes = [size for size in SIZES if size < len(asked)] or SIZES[:1]
    taken = {size: seconds(sequences(size))() for size in sizes}
    print("seconds by sequences in a batch:", {size: round(found, 1) for size, found in taken.items()}, flush=True)
    best = min(taken, key=lambda size: taken[size])
    others = {
        f"batches of {BEFORE}, as before": (sequences(BEFORE), ">= 5"),
        f"batches of {best}, the best size": (sequences(best), ">= 1.5"),
        "Transformers by length": (partial(by_transformers_sorted, model, tokenizer, asked, options), ">= 2"),
    }
    for name, (other, target) in others.items():
        other_side = rate(len(asked), other)
        what = f"{len(asked):,} questions of MGSM against {name}"
        yield paired(what, "completions a second", ours, other_side, target, arguments.pairs)


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    import torch

    from vernacular.models.folders import load_model

    torch.set_num_threads(1)
    if arguments.model:
        model, tokenizer = load_model(arguments.model, "float32")
    else:
        model, tokenizer = small_model(2 if arguments.tiny else 150)
    if arguments.mgsm:
        yield from mgsm_rows(arguments, model, tokenizer)
        return
    asked = some_questions(12 if arguments.tiny else arguments.questions)
    by_ours(model, tokenizer, asked[:12], OPTIONS)  # warms both up
    by_transformers(model, tokenizer, asked[:12])
    count = len(asked) * OPTIONS.samples
    ours = rate(count, partial(by_ours, model, tokenizer, asked, OPTIONS))
    theirs = rate(count, partial(by_transformers, model, tokenizer, asked))
    yield paired(f"generate {count:,} completions", "completions a second", ours, theirs, ">= 2", arguments.pairs)


if __name__ == "__main__":
    new = {"--mgsm": "", "--new": 120, "--tokens": 32_768, "--compare": 0}
    run(__doc__, rows, {"--questions": 120, "--model": "", **new})
