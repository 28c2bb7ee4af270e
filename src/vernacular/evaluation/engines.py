"""What answers questions: Transformers, or vLLM where an evaluation asks for it and a machine has it.

vLLM is many times as fast on a GPU. It draws its own random numbers and rounds in its own way, so its completions are
others than those of Transformers, with the same meaning of every option. It was written by vLLM's documentation and has
not been run: no machine with it was at hand.
"""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from vernacular.evaluation.generate import end_tokens, generate_rows, generation_row, needed, prepare, stream_seed
from vernacular.models.folders import load_model


def answer_rows(
    folder: str | Path, questions: list[dict[str, Any]], options: dict[str, Any], seed: int
) -> Iterator[dict[str, Any]]:
    """Rows of records.GENERATION for a model folder; options: those of generate_rows, with `dtype` and `engine`."""
    if options.get("engine") == "vllm":
        if find_spec("vllm") is not None and torch.cuda.is_available():
            return vllm_rows(folder, questions, options, seed)
        lacking = "vllm is not installed" if find_spec("vllm") is None else "there is no GPU"
        print(f"{folder}: {lacking}, so Transformers answers in its place", file=sys.stderr)
    model, tokenizer = load_model(folder, options["dtype"])
    return generate_rows(model, tokenizer, questions, options, seed)


def vllm_rows(
    folder: str | Path, questions: list[dict[str, Any]], options: dict[str, Any], seed: int
) -> Iterator[dict[str, Any]]:
    """generate_rows by vLLM: one request for each sample, seeded as there; whatever the batch, which vLLM chooses."""
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig
    from vllm import LLM, SamplingParams

    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    context = getattr(config, "max_position_embeddings", tokenizer.model_max_length)
    ends = end_tokens(GenerationConfig.from_pretrained(folder), tokenizer)
    requests = []
    for item in prepare(tokenizer, questions, options):
        for sample in range(options["samples"]):
            if needed(item, options["max_new_tokens"]) > context:
                yield generation_row(item[1], sample, item[2], "", 0, "prompt_too_long")
            else:
                requests.append((item, sample))
    dtype = {"auto": "bfloat16"}.get(options["dtype"], options["dtype"])
    engine = LLM(model=str(folder), dtype=dtype, seed=seed, max_model_len=context, trust_remote_code=False)
    parameters = [
        SamplingParams(
            temperature=options["temperature"],
            max_tokens=options["max_new_tokens"],
            seed=stream_seed(item[1]["id"], item[1]["language"], sample, seed) % 2**63,  # a signed 64-bit number
            stop_token_ids=ends,
            skip_special_tokens=True,
        )
        for item, sample in requests
    ]
    outputs = engine.generate([{"prompt_token_ids": item[4]} for item, _ in requests], parameters)
    for (item, sample), output in zip(requests, outputs, strict=True):
        _, question, prompt, prefix, _ = item
        [found] = output.outputs
        completion = prefix + tokenizer.decode(found.token_ids, skip_special_tokens=True)
        given = len(tokenizer(prefix, add_special_tokens=False)["input_ids"]) if prefix else 0
        reason = "length" if found.finish_reason == "length" else "stop"
        yield generation_row(question, sample, prompt, completion, given + len(found.token_ids), reason)
