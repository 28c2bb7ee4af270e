"""How a merge answers questions: the encoder reads them as well as the LLM, and the gate is told their language."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import torch

from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import ENGLISH
from vernacular.language.prompts import OURS, PromptSet, question_messages, question_text
from vernacular.merge.model import MergedModel
from vernacular.models.encoder import encode_texts
from vernacular.models.extras import Extras, Question
from vernacular.storage.messages import one_line

CLAMPS = {"encoder-off": {"encoder": 0.0}, "llm-off": {"llm": 0.0}, "gates-one": {"encoder": 1.0, "llm": 1.0}}
MARKS = 2  # places in the LLM's context: beginning of sequence and boundary


@dataclass(frozen=True)
class EncoderQuestion:
    """What a merge is given of a question in addition to the prompt."""

    ids: list[int] | None  # for the encoder; None where the text is longer than it reads
    told_language: str | None  # to the gate; None: the mean language embedding


def merge_extras(
    model: MergedModel,
    questions: list[Question],
    decoding: str,
    identifier: LanguageIdentifier,
    prompts: PromptSet = OURS,
) -> Extras:
    """What generate_rows needs to answer these questions with a merge; clamps the gate where the decoding says so.

    The encoder reads the question or the prompt, as the set of prompts says; the identifier the question alone.
    """
    model.clamped = CLAMPS.get(decoding, {})
    texts = [question_text(row["question"], row["choices"]) for row in questions]
    told = told_languages(questions, texts, decoding, identifier)
    known = model.options["languages"]
    read: dict[tuple[str, str], EncoderQuestion] = {}
    for row, text, language in zip(questions, texts, told, strict=True):
        ids = encoded(model, row, encoder_text(row, prompts))
        read[text, row["language"]] = EncoderQuestion(ids, language if language in known else None)
    unknown = sum(language not in known for language in told)
    print(f"{unknown} of {len(questions)} questions get the mean language embedding", flush=True)

    def of(question: Question) -> EncoderQuestion:
        return read[question_text(question["question"], question["choices"]), question["language"]]

    def context_tokens(question: Question) -> float:
        ids = of(question).ids
        return inf if ids is None else len(ids) + MARKS

    return Extras(
        hides_question=model.options["gate"] == "prefix-only",
        context_tokens=context_tokens,
        inputs=lambda batch: encoder_batch(model, [of(question) for question in batch]),
        columns=lambda question: {"told_language": of(question).told_language},
        answer_columns=lambda _: [{"gate_encoder": e, "gate_llm": llm} for e, llm in model.weights.tolist()],
    )


def encoder_text(row: Question, prompts: PromptSet) -> str:
    if prompts.encoder == "question":
        return question_text(row["question"], row["choices"])
    asked = question_messages(row["question"], row["language"], row["kind"], row["choices"], prompts)
    return asked[0]["content"]


def encoded(model: MergedModel, question: Question, text: str) -> list[int] | None:
    try:
        return encode_texts(model.encoder_tokenizer, [text], [question["language"]], model.limit)[0]
    except ValueError as error:
        print(one_line(f"{question['id']}: {error}"), flush=True)
        return None


def told_languages(
    questions: list[Question], texts: list[str], decoding: str, identifier: LanguageIdentifier
) -> Sequence[str | None]:
    """The language that the gate is told for each question: what the identifier says of its text (None: it abstains).

    `oracle` takes it from the data, `english-embedding` calls every question English.
    """
    if decoding == "oracle":
        return [row["language"] for row in questions]
    if decoding == "english-embedding":
        return [ENGLISH] * len(questions)
    return identifier.identify(texts)


def encoder_batch(model: MergedModel, questions: list[EncoderQuestion]) -> dict[str, torch.Tensor]:
    """Arguments of MergedModel.generate other than the prompts, padded on the right."""
    given = {"input_ids": [question.ids or [] for question in questions]}
    batch = model.encoder_tokenizer.pad(given, padding_side="right", return_attention_mask=True, return_tensors="pt")
    places = {language: place for place, language in enumerate(model.options["languages"])}
    told = torch.tensor([places.get(str(question.told_language), -1) for question in questions])
    tensors = {f"encoder_{name}": values for name, values in batch.items()} | {"language": told}
    return {name: values.to(model.device) for name, values in tensors.items()}
