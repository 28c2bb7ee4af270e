"""Generation: every question of a benchmark, k samples each, whatever the batch.

Each sample draws from its own random stream, seeded by question, language and sample number, so a different batch size,
order or set of languages gives the same text. Questions that do not fit the context are recorded as `prompt_too_long`,
never cut.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch

from vernacular.evaluation.decode import decode
from vernacular.evaluation.options import GenerationOptions
from vernacular.language.prompts import forced_prefix, question_messages, split_completion
from vernacular.language.thinking import FAMILIES, template_family
from vernacular.models.chats import chat_texts
from vernacular.models.extras import PLAIN, Extras, Question
from vernacular.storage.records import GENERATION


@dataclass(frozen=True)
class Request:
    """One question, as a model is asked it."""

    question: Question
    prompt: str
    prefix: str  # the first words of the completion, where the decoding gives them to the model
    ids: list[int]  # tokens of prompt and prefix
    places: float  # that it takes in the model's context
    columns: dict[str, Any] = field(default_factory=dict)  # of records.GENERATION, the model's own

    def row(
        self, sample: int, completion: str, tokens: int, finish_reason: str, family: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """A row of records.GENERATION. family: of the think tags. more: further columns, or other values
        for them."""
        trace, response = split_completion(completion, family)
        return dict.fromkeys(GENERATION.names) | {
            "id": self.question["id"],
            "language": self.question["language"],
            "sample": sample,
            "prompt": self.prompt,
            "completion": completion,
            "trace": trace,
            "response": response,
            "tokens": tokens,
            "finish_reason": finish_reason,
            **self.columns,
            **more,
        }

    def answered(
        self, sample: int, tokens: list[int], finish_reason: str, tokenizer: Any, **more: Any
    ) -> dict[str, Any]:
        """The row of a sample. tokens: what the model wrote, with the token that ended it.

        The chat template determines the think tags; a model whose template has none does not mark its trace.
        """
        given = len(tokenizer(self.prefix, add_special_tokens=False)["input_ids"]) if self.prefix else 0
        family = template_family(tokenizer.chat_template)
        completion = self.prefix + decoded(tokens, tokenizer, family)
        return self.row(sample, completion, given + len(tokens), finish_reason, family, **more)


def generate_rows(
    model: Any,
    tokenizer: Any,
    questions: list[Question],
    options: GenerationOptions,
    seed: int,
    extras: Extras = PLAIN,
) -> Iterator[dict[str, Any]]:
    """Yield records.GENERATION rows, a question's samples together, the questions in order of length.

    `batch_size` counts sequences; `forced-prefix` gives the first words of the trace in the query's language.

    questions: rows of records.QUESTION; `asked_in` is the language of the prompt where that is not the question's own,
    `context` a text that precedes the chat.
    """
    context = getattr(model.config, "max_position_embeddings", tokenizer.model_max_length)
    requests, too_long = prepare(context, tokenizer, questions, options, extras)
    yield from too_long
    per_batch = max(options.batch_size // options.samples, 1)
    for start in range(0, len(requests), per_batch):
        yield from generate_batch(model, tokenizer, requests[start : start + per_batch], options, seed, extras)


def prepare(
    context: int, tokenizer: Any, questions: list[Question], options: GenerationOptions, extras: Extras = PLAIN
) -> tuple[list[Request], list[dict[str, Any]]]:
    """(the requests in order of length, the rows of those that do not fit the context)."""
    requests, talks = [], []
    for question in questions:
        asked_in = question.get("asked_in") or question["language"]
        messages = question_messages(question["question"], asked_in, question["kind"], question["choices"])
        talks.append([{**message, "content": ""} for message in messages] if extras.hides_question else messages)
    for question, prompt in zip(questions, chat_texts(tokenizer, talks, opening=True), strict=True):
        if preceding := question.get("context"):  # as in training rows of the task `context`
            prompt = f"{preceding}\n{prompt}"
        prefix = forced_prefix(question["language"]) if options.decoding == "forced-prefix" else ""
        ids = tokenizer(prompt + prefix, add_special_tokens=False)["input_ids"]
        places = len(ids) + extras.context_tokens(question)
        requests.append(Request(question, prompt, prefix, ids, places, extras.columns(question)))
    requests.sort(key=lambda one: (len(one.ids), one.question["id"], one.question["language"]))
    room, samples = context - options.max_new_tokens, range(options.samples)
    too_long = [one.row(n, "", 0, "prompt_too_long") for one in requests if one.places > room for n in samples]
    return [one for one in requests if one.places <= room], too_long


def generate_batch(
    model: Any, tokenizer: Any, requests: list[Request], options: GenerationOptions, seed: int, extras: Extras
) -> Iterator[dict[str, Any]]:
    samples, new = options.samples, options.max_new_tokens
    questions = [request.question for request in requests]
    given = {"input_ids": [request.ids for request in requests]}
    batch = tokenizer.pad(given, padding_side="left", return_attention_mask=True, return_tensors="pt").to(model.device)
    draws: torch.Tensor | None = None
    if options.temperature > 0:
        seeds = [stream_seed(question, sample, seed) for question in questions for sample in range(samples)]
        draws = torch.from_numpy(np.stack([np.random.default_rng(one).random(new) for one in seeds]))
    ends, pad = end_tokens(model.generation_config, tokenizer), tokenizer.pad_token_id
    loop = {"samples": samples, "new": new, "ends": ends, "pad": pad}
    with torch.inference_mode():
        output = model.generate(
            **batch,
            **extras.inputs(questions),
            max_new_tokens=new,
            do_sample=False,
            pad_token_id=pad,
            eos_token_id=ends,
            custom_generate=partial(decode, draws=draws, temperature=options.temperature, **loop),
        )
    sequences = iter(output[:, batch["input_ids"].shape[1] :].tolist())
    for request, columns in zip(requests, extras.answer_columns(questions), strict=True):
        for sample in range(samples):
            tokens = next(sequences)
            length = next((place + 1 for place, token in enumerate(tokens) if token in ends), None)
            reason = "length" if length is None else "stop"
            yield request.answered(sample, tokens[:length], reason, tokenizer, **columns)


def stream_seed(question: Mapping[str, Any], sample: int, seed: int) -> int:
    key = f"{question['id']} {question['language']} {sample} {seed}"
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


def end_tokens(configuration: Any, tokenizer: Any) -> list[int]:
    """Hub models may stop at several tokens; their generation configuration names them."""
    ends = configuration.eos_token_id
    ends = tokenizer.eos_token_id if ends is None else ends
    return ends if isinstance(ends, list) else [ends]


def decoded(tokens: list[int], tokenizer: Any, family: str | None) -> str:
    """The text of tokens, without special ones except those that make up think tags (as Magistral's
    do)."""
    tags = "".join(FAMILIES[family]) if family else ""
    special = dict(zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True))
    if not any(token in tags for token in special.values()):
        return tokenizer.decode(tokens, skip_special_tokens=True)
    kept = [token for token in tokens if special.get(token, tags) in tags]
    return tokenizer.decode(kept, skip_special_tokens=False)
