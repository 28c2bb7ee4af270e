"""What answers questions: Transformers, or vLLM where an evaluation asks for it and the machine has it.

vLLM is many times as fast on a GPU. It draws its own random numbers and rounds in its own way, so its completions
differ from those of Transformers; every option means the same. It was written from vLLM's documentation and has not
been run: no machine with vLLM was available.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from vernacular.evaluation.generate import Answers, Batch, answers_of, cut, prepare, stream_seed
from vernacular.evaluation.options import GenerationOptions
from vernacular.models.contents import check_contents
from vernacular.models.folders import load_model
from vernacular.models.sound import end_tokens

WAVES = 8  # times `batch_tokens` that vLLM is given at once, since it starts a sequence where another ends (our choice)


def folder_answers(
    folder: str | Path, questions: list[dict[str, Any]], options: GenerationOptions, seed: int
) -> Answers:
    """The answers of a model folder, as `answers_of` gives them."""
    if options.engine == "vllm":
        if find_spec("vllm") is not None and torch.cuda.is_available():
            return vllm_answers(folder, questions, options, seed)
        lacking = "vllm is not installed" if find_spec("vllm") is None else "there is no GPU"
        print(f"{folder}: {lacking}, so Transformers answers instead", file=sys.stderr)
    model, tokenizer = load_model(folder, options.dtype)
    return answers_of(model, tokenizer, questions, options, seed)


def vllm_answers(folder: str | Path, questions: list[dict[str, Any]], options: GenerationOptions, seed: int) -> Answers:
    """By vLLM: one request for each sample, seeded as there; vLLM chooses its own batches within each of ours."""
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig
    from vllm import LLM, SamplingParams

    check_contents(folder)  # vLLM loads the weights itself
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    ends = end_tokens(GenerationConfig.from_pretrained(folder), tokenizer)
    context = getattr(config, "max_position_embeddings", tokenizer.model_max_length)
    requests, too_long = prepare(context, tokenizer, questions, options)
    dtype = {"auto": "bfloat16"}.get(options.dtype, options.dtype)
    engine = LLM(model=str(folder), dtype=dtype, seed=seed, max_model_len=context, trust_remote_code=False)

    def answer(batch: Batch) -> Iterator[dict[str, Any]]:
        asked = [(request, sample) for request in batch.requests for sample in batch.samples]
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

    more = replace(options, batch_tokens=WAVES * options.batch_tokens)
    return Answers(questions, too_long, cut(requests, more), answer)
