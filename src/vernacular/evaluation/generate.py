"""Generation: every question of a benchmark, k samples each, whatever the batch.

Each sample draws from its own random stream, seeded by question, language and sample number, so a different batch size,
order or set of languages gives the same text. Questions that do not fit the context are recorded as `prompt_too_long`,
never cut.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from vernacular.evaluation.decode import decode
from vernacular.language.prompts import THINK, forced_prefix, question_messages, split_completion


def stream_seed(identifier: str, language: str, sample: int, seed: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{identifier} {language} {sample} {seed}".encode()).digest()[:8], "big")


def generate_rows(
    model: Any, tokenizer: Any, questions: list[dict[str, Any]], options: dict[str, Any], seed: int
) -> Iterator[dict[str, Any]]:
    """Yield records.GENERATION rows, a question's samples together, the questions in order of length.

    A model whose chat template knows no `<think>` marks no trace: its last line is the response, the rest the trace.

    questions: rows of records.QUESTION; `asked_in` besides is the language of the prompt where that is not the
    question's own, `context` a text that stands before the chat, and those for a merge hold what merge/answer.py puts
    there.

    options: `samples` k, `temperature` (0: greedy, then k is 1), `max_new_tokens`, `batch_size` (sequences), `decoding`
    (`plain`, or `forced-prefix`: the first words of the trace are given in the query's language).
    """
    samples = options["samples"]
    context = getattr(model.config, "max_position_embeddings", tokenizer.model_max_length)
    prepared = prepare(tokenizer, questions, options)
    too_long = [item for item in prepared if needed(item, options["max_new_tokens"]) > context]
    for _, question, prompt, _, _ in too_long:
        for sample in range(samples):
            yield generation_row(question, sample, prompt, "", 0, "prompt_too_long")
    left_out = {id(item) for item in too_long}
    fitting = [item for item in prepared if id(item) not in left_out]
    per_batch = max(options["batch_size"] // samples, 1)
    for start in range(0, len(fitting), per_batch):
        yield from generate_batch(model, tokenizer, fitting[start : start + per_batch], options, seed)


def prepare(tokenizer: Any, questions: list[dict[str, Any]], options: dict[str, Any]) -> list[tuple]:
    """(tokens, question, prompt, forced prefix, token ids of both) of each question, in order of length."""
    prepared = []
    for question in questions:
        asked_in = question.get("asked_in", question["language"])
        messages = question_messages(question["question"], asked_in, question["kind"], question["choices"])
        if question.get("hidden"):  # LangBridge's LLM sees the question through the encoder alone
            messages = [{**message, "content": ""} for message in messages]
        prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        if context := question.get("context"):  # as in training rows of the task `context`
            prompt = f"{context}\n{prompt}"
        prefix = forced_prefix(question["language"]) if options["decoding"] == "forced-prefix" else ""
        ids = tokenizer(prompt + prefix, add_special_tokens=False)["input_ids"]
        prepared.append((len(ids), question, prompt, prefix, ids))
    prepared.sort(key=lambda item: (item[0], item[1]["id"], item[1]["language"]))
    return prepared


def needed(item: tuple, new: int) -> float:
    """The places of a question in the model's context; endless where the encoder of a merge cannot read it."""
    encoded = item[1].get("encoder_ids", [])
    return float("inf") if encoded is None else item[0] + new + (len(encoded) + 2 if encoded else 0)


def generate_batch(
    model: Any, tokenizer: Any, items: list[tuple], options: dict[str, Any], seed: int
) -> Iterator[dict[str, Any]]:
    samples, new, temperature = options["samples"], options["max_new_tokens"], options["temperature"]
    rows = [(item, sample) for item in items for sample in range(samples)]
    width = max(item[0] for item in items)
    ids = torch.full((len(items), width), tokenizer.pad_token_id)
    mask = torch.zeros_like(ids)
    for row, item in enumerate(items):
        ids[row, width - item[0] :] = torch.tensor(item[4])
        mask[row, width - item[0] :] = 1
    draws: torch.Tensor | None = None
    if temperature > 0:
        seeds = [stream_seed(item[1]["id"], item[1]["language"], sample, seed) for item, sample in rows]
        draws = torch.from_numpy(np.stack([np.random.default_rng(one).random(new) for one in seeds]))
    ends = end_tokens(model.generation_config, tokenizer)
    merge = "encoder_ids" in items[0][1]
    extra = encoder_batch(model, [item[1] for item in items]) if merge else {}
    loop = {"samples": samples, "new": new, "ends": ends, "pad": tokenizer.pad_token_id}
    with torch.inference_mode():
        output = model.generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            **extra,
            max_new_tokens=new,
            do_sample=False,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=ends,
            custom_generate=partial(decode, draws=draws, temperature=temperature, **loop),
        )
    weights = model.weights.tolist() if merge else [(None, None)] * len(items)
    gates_of = [gates for gates in weights for _ in range(samples)]
    for (item, sample), tokens, gates in zip(rows, output[:, width:].tolist(), gates_of, strict=True):
        _, question, prompt, prefix, _ = item
        length = next((place + 1 for place, token in enumerate(tokens) if token in ends), None)
        completion = prefix + tokenizer.decode(tokens[:length], skip_special_tokens=True)
        given = len(tokenizer(prefix, add_special_tokens=False)["input_ids"]) if prefix else 0
        count = given + (len(tokens) if length is None else length)
        reason = "length" if length is None else "stop"
        thinks = THINK in str(tokenizer.chat_template)
        yield generation_row(question, sample, prompt, completion, count, reason, gates, thinks)


def encoder_batch(model: Any, questions: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """What a merge's `generate` takes beside a prompt, padded on the right."""
    tokens = [question["encoder_ids"] for question in questions]
    width, pad = max(map(len, tokens)), model.encoder_tokenizer.pad_token_id
    batch = {
        "encoder_input_ids": [ids + [pad] * (width - len(ids)) for ids in tokens],
        "encoder_attention_mask": [[1] * len(ids) + [0] * (width - len(ids)) for ids in tokens],
        "language": [question["gate_language"] for question in questions],
    }
    return {name: torch.tensor(values, device=model.device) for name, values in batch.items()}


def end_tokens(configuration: Any, tokenizer: Any) -> list[int]:
    """Hub models may stop at several tokens; their generation configuration names them."""
    ends = configuration.eos_token_id
    ends = tokenizer.eos_token_id if ends is None else ends
    return ends if isinstance(ends, list) else [ends]


def split_last_line(completion: str) -> tuple[str, str]:
    """(trace, response) of a model that marks no trace (MetaMath ends in `The answer is: 18`); our choice."""
    trace, _, response = completion.strip().rpartition("\n")
    return trace.strip(), response.strip()


def generation_row(
    question: dict[str, Any],
    sample: int,
    prompt: str,
    completion: str,
    tokens: int,
    finish_reason: str,
    gates: Sequence[float | None] = (None, None),
    thinks: bool = True,
) -> dict[str, Any]:
    trace, response = (split_completion if thinks else split_last_line)(completion)
    return {
        "id": question["id"],
        "language": question["language"],
        "sample": sample,
        "prompt": prompt,
        "completion": completion,
        "trace": trace,
        "response": response,
        "tokens": tokens,
        "finish_reason": finish_reason,
        "told_language": question.get("told_language"),
        "gate_encoder": gates[0],
        "gate_llm": gates[1],
    }
