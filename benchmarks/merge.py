"""Training a merge: a step against the LLM's own, and an epoch in batches of like lengths against random ones.

    python benchmarks/merge.py [--pairs 5] [--batch 8] [--batches 2] [--hidden 384] [--layers 8]

A Llama of 15M parameters and a small T5 encoder with random weights, joined by a cross-attention gate; one thread,
weights in float32, bfloat16 autocast where the processor computes in it. First, one step of the merge (forward,
backward, AdamW on the connector) against one forward and backward pass of the LLM alone with all its weights trainable,
both over the same places: features, boundary, prompt and answer. Second, an epoch in batches as Transformers groups
them by length against one in random batches. The lengths are those of the default study's set `multilingual-tasks`, and
log-normal ones of about MetaMathQA's size (medians of 60 tokens a question and 160 an answer; our guess). Of an epoch's
batches `--batches` are timed, evenly spaced by size.
"""

import argparse
import copy
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

from bench import Row, paired, run, seconds
from texts import default_study

Batches = list[list[int]]  # an epoch: the places of its rows, batch by batch


def default_rows(questions: int) -> list[dict[str, Any]]:
    """Rows of the default study's merges, from fewer problems."""
    from vernacular.corpus.options import TrainingDataOptions
    from vernacular.corpus.training import training_rows

    study = default_study()
    fewer = {name: {**about, "questions": {"train": questions}} for name, about in study["benchmarks"].items()}
    return list(training_rows(TrainingDataOptions(study["data"]["multilingual-tasks"], 1, fewer)))


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


def training_step(model: Any, tuned: list[Any], batch: dict[str, Any], optimizer: Any = None) -> None:
    """Forward and backward pass, and an optimizer's step where there is one; gradients are dropped afterwards."""
    import torch

    from vernacular.models.folders import computes_bfloat16

    device = next(iter(batch.values())).device.type
    with torch.autocast(device, dtype=torch.bfloat16, enabled=computes_bfloat16()):
        loss = model(**batch)
    loss.backward()
    if optimizer is not None:
        optimizer.step()
    for parameter in tuned:
        parameter.grad = None
    if device == "cuda":
        torch.cuda.synchronize()


def measure_speed(model: Any, arguments: argparse.Namespace) -> Row:
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
    sides = [
        seconds(partial(training_step, model, tuned, batch, optimizer)),
        seconds(partial(training_step, alone, list(llm.parameters()), whole)),
    ]
    for side in sides:  # to warm up
        side()
    return paired("merge step against the LLM's own", "seconds", *sides, "<= 1.15", arguments.pairs)


def measure_batches(model: Any, name: str, examples: list[dict[str, Any]], arguments: argparse.Namespace) -> Row:
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

    def epoch(rows: list[int]) -> Batches:
        """Some of its batches, evenly spaced by size."""
        batches = [rows[n : n + arguments.batch] for n in range(0, len(rows) - arguments.batch + 1, arguments.batch)]
        batches.sort(key=places)
        step = len(batches) / arguments.batches
        return [batches[int((n + 0.5) * step)] for n in range(arguments.batches)]

    def train(batches: Batches) -> None:
        for rows in batches:
            batch = collate([examples[row] for row in rows], 0, 0)
            training_step(model, tuned, {key: value.to(model.device) for key, value in batch.items()}, optimizer)

    sides = [seconds(partial(train, epoch(rows))) for rows in (grouped, shuffled)]
    return paired(f"merge, batches by length against random ones: {name}", "seconds", *sides, "<= 1", arguments.pairs)


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    import torch

    from vernacular.merge.train import encode_rows
    from vernacular.models.pretrain import train_tokenizer

    if arguments.tiny:
        arguments.hidden, arguments.layers, arguments.batches = 32, 1, 1
    torch.set_num_threads(1)
    torch.manual_seed(1)
    found = default_rows(questions=40)
    tokenizer = train_tokenizer((row["prompt"] + row["completion"] for row in found), 4000)
    model = build(tokenizer, sorted({row["language"] for row in found}), arguments)
    yield measure_speed(model, arguments)
    yield measure_batches(model, "multilingual-tasks", encode_rows(model, found)[0], arguments)
    yield measure_batches(model, "log-normal", drawn_examples(len(found)), arguments)


if __name__ == "__main__":
    run(__doc__, rows, {"--batch": 8, "--batches": 2, "--hidden": 384, "--layers": 8})
