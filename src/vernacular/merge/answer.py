"""What a merge needs beside a prompt to answer a question: the encoder's tokens, the language, the gate's state."""

from typing import Any

from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import question_text
from vernacular.merge.model import MergedModel
from vernacular.models.encoder import encode_texts
from vernacular.storage.messages import one_line

CLAMPS = {"encoder-off": {"encoder": 0.0}, "llm-off": {"llm": 0.0}, "gates-one": {"encoder": 1.0, "llm": 1.0}}


def prepare_merge(
    model: MergedModel, questions: list[dict[str, Any]], decoding: str, identifier: LanguageIdentifier
) -> list[dict[str, Any]]:
    """Questions with what generate_rows needs for a merge; clamps the model's gate where the decoding says so.

    Added: `encoder_ids` (None where the text is longer than the encoder reads), `told_language` (None: no language that
    the training knew), `gate_language` (its place, -1 for the mean embedding), `hidden` (no text in the LLM's prompt).
    """
    model.clamped = CLAMPS.get(decoding, {})
    places = {language: place for place, language in enumerate(model.options["languages"])}
    texts = [question_text(row["question"], row["choices"]) for row in questions]
    prepared = []
    for row, text, told in zip(questions, texts, told_languages(questions, texts, decoding, identifier), strict=True):
        try:
            encoded = encode_texts(model.encoder_tokenizer, [text], [row["language"]], model.limit)[0]
        except ValueError as error:
            print(one_line(f"{row['id']}: {error}"), flush=True)
            encoded = None
        prepared.append(
            {
                **row,
                "encoder_ids": encoded,
                "told_language": told if told in places else None,
                "gate_language": places.get(told, -1) if told else -1,
                "hidden": model.options["gate"] == "prefix-only",
            }
        )
    unknown = sum(row["told_language"] is None for row in prepared)
    print(f"{unknown} of {len(prepared)} questions get the mean language embedding", flush=True)
    return prepared


def told_languages(
    questions: list[dict[str, Any]], texts: list[str], decoding: str, identifier: LanguageIdentifier
) -> list[str | None]:
    """The language that each question's gate is told: what the identifier says of its text (None: it abstains).

    `oracle` takes it from the data, `english-embedding` says English of all.
    """
    if decoding == "oracle":
        return [row["language"] for row in questions]
    if decoding == "english-embedding":
        return ["en"] * len(questions)
    return identifier.identify(texts)
