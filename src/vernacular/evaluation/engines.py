"""What answers questions: Transformers, or vLLM where an evaluation asks for it and the machine has it.

vLLM is many times as fast on a GPU. It draws its own random numbers and rounds in its own way, so its completions
differ from those of Transformers; every option means the same. It was written from vLLM's documentation and has not
been run: no machine with vLLM was available.
"""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from vernacular.evaluation.generate import end_tokens, generate_rows, prepare, stream_seed
from vernacular.evaluation.options import GenerationOptions
from vernacular.models.contents import check_contents
from vernacular.models.folders import load_model


def answer_rows(
    folder: str | Path, questions: list[dict[str, Any]], options: GenerationOptions, seed: int
) -> Iterator[dict[str, Any]]:
    """Rows of records.GENERATION for a model folder, as generate_rows gives them."""
    if options.engine == "vllm":
        if find_spec("vllm") is not None and torch.cuda.is_available():
            return vllm_rows(folder, questions, options, seed)
        lacking = "vllm is not installed" if find_spec("vllm") is None else "there is no GPU"
        print(f"{folder}: {lacking}, so Transformers answers instead", file=sys.stderr)
    model, tokenizer = load_model(folder, options.dtype)
    return generate_rows(model, tokenizer, questions, options, seed)


def vllm_rows(
    folder: str | Path, questions: list[dict[str, Any]], options: GenerationOptions, seed: int
) -> Iterator[dict[str, Any]]:
    """generate_rows by vLLM: one request for each sample, seeded as there; vLLM chooses the batches."""
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig
    from vllm import LLM, SamplingParams

    check_contents(folder)  # vLLM loads the weights itself
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    ends = end_tokens(GenerationConfig.from_pretrained(folder), tokenizer)
    context = getattr(config, "max_position_embeddings", tokenizer.model_max_length)
    requests, too_long = prepare(context, tokenizer, questions, options)
    yield from too_long
    asked = [(request, sample) for request in requests for sample in range(options.samples)]
    dtype = {"auto": "bfloat16"}.get(options.dtype, options.dtype)
    engine = LLM(model=str(folder), dtype=dtype, seed=seed, max_model_len=context, trust_remote_code=False)
    parameters = [
        SamplingParams(
            temperature=options.temperature,
            max_tokens=options.max_new_tokens,
            seed=stream_seed(request.question, sample, seed) % 2**63,  # a signed 64-bit number
            stop_token_ids=ends,
            skip_special_tokens=True,
        )
        for request, sample in asked
    ]
    outputs = engine.generate([{"prompt_token_ids": request.ids} for request, _ in asked], parameters)
    for (request, sample), output in zip(asked, outputs, strict=True):
        [found] = output.outputs
        reason = "length" if found.finish_reason == "length" else "stop"
        yield request.answered(sample, list(found.token_ids), reason, tokenizer)
