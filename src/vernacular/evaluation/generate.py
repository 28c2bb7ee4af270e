"""Generation: every question of a benchmark, k samples each, whatever the batch.

Batches are cut by their tokens, prompts of like length together, so they follow from the questions and one number. Each
sample draws from its own random stream, seeded by question, language and sample number, so other batches, another order
or set of languages give the same text. Questions that do not fit the context are recorded as `prompt_too_long`, never
cut.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch

from vernacular.evaluation.decode import decode
from vernacular.evaluation.options import GenerationOptions
from vernacular.language.languages import ENGLISH
from vernacular.language.prompts import forced_prefix, prompt_set, question_messages, split_completion
from vernacular.language.thinking import FAMILIES, template_family
from vernacular.models.batches import by_length
from vernacular.models.chats import chat_texts
from vernacular.models.extras import PLAIN, Extras, Question
from vernacular.models.sound import end_tokens
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
    mark: str = ""  # what precedes the answer of a model that marks no trace

    def row(
        self, sample: int, completion: str, tokens: int, finish_reason: str, family: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """A row of records.GENERATION. family: of the think tags; more: further columns, or other values for them."""
        trace, response = split_completion(completion, family, self.mark)
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


@dataclass(frozen=True)
class Batch:
    """Prompts that are answered side by side, some samples of each. tokens: with padding and room for the answers."""

    requests: list[Request]
    samples: range
    tokens: int

    def __len__(self) -> int:
        """Sequences."""
        return len(self.requests) * len(self.samples)


@dataclass(frozen=True)
class Answers:
    """The answers to some questions, before they are given. too_long: rows of those that do not fit the context."""

    questions: list[Question]
    too_long: list[dict[str, Any]]
    batches: list[Batch]
    answer: Callable[[Batch], Iterator[dict[str, Any]]]


def answers_of(
    model: Any,
    tokenizer: Any,
    questions: list[Question],
    options: GenerationOptions,
    seed: int,
    extras: Extras = PLAIN,
) -> Answers:
    """By Transformers. `forced-prefix` gives the first words of the trace in the query's language, `forced-english`
    in English.

    questions: rows of records.QUESTION; `asked_in` is the language of the prompt where that is not the question's own,
    `context` a text that precedes the chat.
    """
    context = getattr(model.config, "max_position_embeddings", tokenizer.model_max_length)
    requests, too_long = prepare(context, tokenizer, questions, options, extras)

    def answer(batch: Batch) -> Iterator[dict[str, Any]]:
        return generate_batch(model, tokenizer, batch, options, seed, extras)

    return Answers(questions, too_long, cut(requests, options), answer)


def cut(requests: Sequence[Request], options: GenerationOptions) -> list[Batch]:
    """Batches of at most `batch_tokens` tokens: sequences times the longest prompt with room for its answer.

    A question's samples are in one batch if they fit it.
    """
    sizes = [int(request.places) + options.max_new_tokens for request in requests]
    batches = []
    sequences = [options.samples * size for size in sizes]
    for part in by_length(sequences, options.batch_tokens, options.max_new_tokens):
        asked, longest = [requests[number] for number in part.numbers], sizes[part.numbers[0]]
        each = options.samples if len(asked) > 1 else max(options.batch_tokens // longest, 1)
        for first in range(0, options.samples, each):
            samples = range(first, min(first + each, options.samples))
            batches.append(Batch(asked, samples, len(asked) * len(samples) * longest))
    return batches


def prepare(
    context: int, tokenizer: Any, questions: list[Question], options: GenerationOptions, extras: Extras = PLAIN
) -> tuple[list[Request], list[dict[str, Any]]]:
    """(the requests, in an order of their own, the rows of those that do not fit the context)."""
    requests, talks, prompts = [], [], prompt_set(options.prompts)
    for question in questions:
        asked_in = question.get("asked_in") or question["language"]
        messages = question_messages(question["question"], asked_in, question["kind"], question["choices"], prompts)
        talks.append([{**message, "content": ""} for message in messages] if extras.hides_question else messages)
    for question, prompt in zip(questions, chat_texts(tokenizer, talks, opening=True), strict=True):
        if preceding := question.get("context"):  # as in training rows of the task `context`
            prompt = f"{preceding}\n{prompt}"
        first = {"forced-prefix": question["language"], "forced-english": ENGLISH}.get(options.decoding)
        prefix = forced_prefix(first) if first else ""
        ids = tokenizer(prompt + prefix, add_special_tokens=False)["input_ids"]
        places = len(ids) + extras.context_tokens(question)
        columns = extras.columns(question)
        requests.append(Request(question, prompt, prefix, ids, places, columns, prompts.answer))
    requests.sort(key=lambda one: (one.question["id"], one.question["language"]))
    room, samples = context - options.max_new_tokens, range(options.samples)
    too_long = [one.row(n, "", 0, "prompt_too_long") for one in requests if one.places > room for n in samples]
    return [one for one in requests if one.places <= room], too_long


def generate_batch(
    model: Any, tokenizer: Any, batch: Batch, options: GenerationOptions, seed: int, extras: Extras
) -> Iterator[dict[str, Any]]:
    """Rows of records.GENERATION, a question's samples together."""
    samples, new = batch.samples, options.max_new_tokens
    questions = [request.question for request in batch.requests]
    given = {"input_ids": [request.ids for request in batch.requests]}
    padded = tokenizer.pad(given, padding_side="left", return_attention_mask=True, return_tensors="pt").to(model.device)
    draws: torch.Tensor | None = None
    if options.temperature > 0:
        seeds = [stream_seed(question, sample, seed) for question in questions for sample in samples]
        draws = torch.from_numpy(np.stack([np.random.default_rng(one).random(new) for one in seeds]))
    ends, pad = end_tokens(model.generation_config, tokenizer), tokenizer.pad_token_id
    loop = {"samples": len(samples), "new": new, "ends": ends, "pad": pad}
    with torch.inference_mode():
        output = model.generate(
            **padded,
            **extras.inputs(questions),
            max_new_tokens=new,
            do_sample=False,
            pad_token_id=pad,
            eos_token_id=ends,
            custom_generate=partial(decode, draws=draws, temperature=options.temperature, **loop),
        )
    sequences = iter(output[:, padded["input_ids"].shape[1] :].tolist())
    for request, columns in zip(batch.requests, extras.answer_columns(questions), strict=True):
        for sample in samples:
            tokens = next(sequences)
            length = next((place + 1 for place, token in enumerate(tokens) if token in ends), None)
            reason = "length" if length is None else "stop"
            yield request.answered(sample, tokens[:length], reason, tokenizer, **columns)


def stream_seed(question: Mapping[str, Any], sample: int, seed: int) -> int:
    key = f"{question['id']} {question['language']} {sample} {seed}"
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


def decoded(tokens: list[int], tokenizer: Any, family: str | None) -> str:
    """The text of tokens, without special ones except those that make up think tags (as Magistral's do)."""
    tags = "".join(FAMILIES[family]) if family else ""
    special = dict(zip(tokenizer.all_special_ids, tokenizer.all_special_tokens, strict=True))
    if not any(token in tags for token in special.values()):
        return tokenizer.decode(tokens, skip_special_tokens=True)
    kept = [token for token in tokens if special.get(token, tags) in tags]
    return tokenizer.decode(kept, skip_special_tokens=False)
