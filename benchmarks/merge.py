"""Training a merge: its speed against the LLM's own, and what batches of like lengths gain, as ratios.

    python benchmarks/merge.py [--threads 1] [--pairs 3] [--batch 8] [--batches 4] [--hidden 448] [--layers 8]

A Llama of 20M parameters and a small T5 encoder with random weights, joined by a cross-attention gate; bfloat16
autocast, weights in float32. First, tokens a second of one step of the merge (forward, backward, AdamW on the
connector) against one forward and backward pass of the LLM alone with all its weights trainable, both over the same
places: features, boundary, prompt and answer. Second, the seconds of an epoch in batches as Transformers groups them by
length against those in random batches. The lengths are those of the default study's set `multilingual-tasks`, and
log-normal ones of about MetaMathQA's size (medians of 60 tokens a question and 160 an answer; our guess). Of an epoch's
batches `--batches` are timed, evenly spaced by size. Both sides run in turn, `--pairs` times; it prints the median of
the ratios of their times.
"""

import argparse
import copy
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

Batches = list[list[int]]  # an epoch: the places of its rows, batch by batch


def default_rows(questions: int) -> list[dict[str, Any]]:
    """Rows of the default study's merges, from fewer problems."""
    import yaml

    from vernacular.corpus.training import training_rows
    from vernacular.study import resolve_study

    file = ROOT / "config" / "config.yaml"
    study = resolve_study(yaml.safe_load(file.read_text(encoding="utf-8")), str(file))
    fewer = {name: {**about, "questions": {"train": questions}} for name, about in study["benchmarks"].items()}
    return list(training_rows(fewer, study["data"]["multilingual-tasks"], 1))


def drawn_examples(count: int) -> list[dict[str, Any]]:
    """Examples of train.encode_rows with log-normal lengths; a prompt is the question with its instruction."""
    draw = random.Random(1)
    examples = []
    for _ in range(count):
        question, answer = (int(median * draw.lognormvariate(0, 0.5)) + 1 for median in (60, 160))
        ids = [draw.randrange(4, 250) for _ in range(question + 24 + answer)]
        examples.append({"encoder_input_ids": ids[:question], "input_ids": ids, "prompt": question + 24, "language": 0})
    return examples


def build(tokenizer: Any, languages: list[str], arguments: argparse.Namespace) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    from vernacular.merge.model import MergedModel

    hidden, narrow = arguments.hidden, max(arguments.hidden // 2, 16)
    marks = {"vocab_size": len(tokenizer), "pad_token_id": 0, "eos_token_id": 1}
    llm = AutoConfig.for_model(
        "llama", hidden_size=hidden, intermediate_size=5 * hidden // 2, num_hidden_layers=arguments.layers,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=4096, tie_word_embeddings=True, **marks,
    )  # fmt: skip
    encoder = AutoConfig.for_model(
        "t5", d_model=narrow, d_kv=narrow // 4, d_ff=3 * narrow, num_layers=4, num_decoder_layers=1, num_heads=4,
        decoder_start_token_id=0, **marks,
    )  # fmt: skip
    options = {"gate": "cross-attention", "language_embedding": 32, "languages": languages}
    parts = AutoModelForSeq2SeqLM.from_config(encoder).get_encoder(), AutoModelForCausalLM.from_config(llm)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    first, second = (part.to(device).eval() for part in parts)
    return MergedModel(first, tokenizer, second, tokenizer, options).train()


def clock(work: Callable[[], None]) -> float:
    import torch

    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def training_step(model: Any, tuned: list[Any], batch: dict[str, Any], optimizer: Any = None) -> None:
    """Forward and backward pass, and an optimizer's step where there is one; gradients are dropped afterwards."""
    import torch

    with torch.autocast(next(iter(batch.values())).device.type, dtype=torch.bfloat16):
        loss = model(**batch)
    loss.backward()
    if optimizer is not None:
        optimizer.step()
    for parameter in tuned:
        parameter.grad = None


def measure_speed(model: Any, arguments: argparse.Namespace) -> None:
    """One step of the merge against a forward and backward pass of all of the LLM, over as many places."""
    import torch

    from vernacular.merge.train import collate

    examples = [
        {"encoder_input_ids": [7] * 60, "input_ids": [9] * 244, "prompt": 84, "language": n % 3}
        for n in range(arguments.batch)
    ]
    batch = {name: tensor.to(model.device) for name, tensor in collate(examples, 0, 0).items()}
    length, answer = 60 + 1 + 244, 160
    llm = copy.deepcopy(model.llm).requires_grad_(True).train()
    ids = torch.full((arguments.batch, length), 9, device=model.device)
    whole = {"ids": ids, "mask": torch.ones_like(ids)}

    def alone(ids: Any, mask: Any) -> Any:  # as in MergedModel.forward, the output layer runs on the answer alone
        hidden = llm.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        logits = llm.get_output_embeddings()(hidden[:, -answer - 1 : -1].flatten(0, 1))
        return torch.nn.functional.cross_entropy(logits.float(), ids[:, -answer:].flatten())

    tuned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(tuned, lr=1e-5, fused=True)
    sides = {
        "LLM alone": lambda: training_step(alone, list(llm.parameters()), whole),
        "merge": lambda: training_step(model, tuned, batch, optimizer),
    }
    for work in sides.values():  # to warm up
        work()
    size = sum(parameter.numel() for parameter in llm.parameters())
    share = sum(parameter.numel() for parameter in tuned)
    print(
        f"LLM {size / 1e6:.1f}M parameters, connector {share / 1e6:.1f}M; {arguments.batch} x {length} places a batch"
    )
    report("tokens a second", sides, arguments.pairs, lambda seconds: arguments.batch * length / seconds)


def measure_batches(model: Any, name: str, examples: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    """An epoch in batches of like lengths against one in random batches."""
    import torch
    from transformers.trainer_pt_utils import LengthGroupedSampler

    from vernacular.merge.train import collate

    draw = torch.Generator().manual_seed(1)
    lengths = [len(example["input_ids"]) for example in examples]
    grouped = list(LengthGroupedSampler(arguments.batch, lengths=lengths, generator=draw))
    shuffled = torch.randperm(len(examples), generator=draw).tolist()
    read = [len(example["encoder_input_ids"]) + len(example["input_ids"]) + 1 for example in examples]
    tuned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(tuned, lr=1e-5, fused=True)

    def places(rows: list[int]) -> int:
        return len(rows) * max(read[row] for row in rows)

    def epoch(rows: list[int]) -> tuple[Batches, float]:
        """(some of its batches, evenly spaced by size; the share of its places that are no padding)."""
        batches = [rows[n : n + arguments.batch] for n in range(0, len(rows) - arguments.batch + 1, arguments.batch)]
        batches.sort(key=places)
        step = len(batches) / arguments.batches
        some = [batches[int((n + 0.5) * step)] for n in range(arguments.batches)]
        return some, sum(read[row] for batch in batches for row in batch) / sum(map(places, batches))

    def run(batches: Batches) -> None:
        for rows in batches:
            batch = collate([examples[row] for row in rows], 0, 0)
            training_step(model, tuned, {key: value.to(model.device) for key, value in batch.items()}, optimizer)

    (random_batches, random_share), (grouped_batches, grouped_share) = epoch(shuffled), epoch(grouped)
    middle, longest = statistics.median(read), max(read)
    print(
        f"{name}: {len(examples)} rows of {middle:.0f} places in the median, {longest} at most; no padding: "
        f"{random_share:.0%} of random batches, {grouped_share:.0%} of grouped ones"
    )
    sides = {"random": lambda: run(random_batches), "grouped": lambda: run(grouped_batches)}
    count = len(examples) / arguments.batch / arguments.batches
    report("seconds an epoch", sides, arguments.pairs, lambda seconds: seconds * count)


def report(title: str, sides: dict[str, Callable[[], None]], pairs: int, value: Callable[[float], float]) -> None:
    """Time two sides in turn and print the median of the ratios of their times."""
    seconds = [[clock(work) for work in sides.values()] for _ in range(pairs)]
    ratios = sorted(first / second for first, second in seconds)
    (first, second), medians = sides, [statistics.median(column) for column in zip(*seconds, strict=True)]
    print(
        f"{title:18} {first} {value(medians[0]):.4g}, {second} {value(medians[1]):.4g}; {second} is "
        f"{statistics.median(ratios):.2f} times as fast (from {ratios[0]:.2f} to {ratios[-1]:.2f})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=8, help="rows a batch")
    parser.add_argument("--batches", type=int, default=4, help="batches of an epoch that are timed")
    parser.add_argument("--hidden", type=int, default=448, help="the LLM's width; the encoder's is half of it")
    parser.add_argument("--layers", type=int, default=8, help="the LLM's layers")
    arguments = parser.parse_args()

    import torch

    from vernacular.merge.train import encode_rows, languages_of
    from vernacular.models.pretrain import train_tokenizer

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    rows = default_rows(questions=40)
    tokenizer = train_tokenizer((row["prompt"] + row["completion"] for row in rows), 4000)
    model = build(tokenizer, languages_of(rows), arguments)
    measure_speed(model, arguments)
    measure_batches(model, "multilingual-tasks", encode_rows(model, rows), arguments)
    measure_batches(model, "log-normal", drawn_examples(len(rows)), arguments)


if __name__ == "__main__":
    main()
