"""The lines of a file of completions, or of questions: the keys of LINE, checked before anything is asked or scored."""

import difflib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vernacular.answers.gold import check_gold
from vernacular.corpus.readers import shown, written_out
from vernacular.language.languages import is_language, load_languages
from vernacular.language.phrasebook import LABELS
from vernacular.storage.files import RepeatedKey, check_regular, distinct
from vernacular.storage.messages import nearest

LINE = {
    "id": "the question's id, which its translations share",
    "language": "the question's language (ISO 639-1)",
    "answer": "the correct answer",
    "completion": "what the model wrote: trace, </think>, response",
    "benchmark": "name of the set of questions (default: completions)",
    "kind": "math, choice or entailment (default: math)",
    "sample": "number of this completion among those of its question (default: in order)",
    "tokens": "length of the completion (default: unknown, which leaves tokens_mean empty)",
    "question": "its text, for the leak check",
    "choices": "its options, which count as an answer in words, and for the leak check",
}
REQUIRED = ("id", "language", "answer", "completion")
KINDS = ("math", "choice", "entailment")
LETTERS = "ABCDE"  # of a choice, as verdicts know them

# What other tools call the keys (lm-evaluation-harness, lighteval, TRL, verl, OpenAI's logs), for a hint.
_OTHER_NAMES = {
    "id": ("question_id", "qid", "doc_id", "idx", "index", "uid", "problem_id", "example_id"),
    "language": ("lang", "language_code", "lang_code", "locale", "languages"),
    "answer": (
        "gold",
        "target",
        "ground_truth",
        "reference",
        "label",
        "expected",
        "solution",
        "answers",
        "gold_answer",
    ),
    "question": ("problem", "query", "prompt", "input", "text", "q", "m_query"),
    "completion": (
        "response",
        "output",
        "generation",
        "prediction",
        "text",
        "resps",
        "model_output",
        "completions",
        "outputs",
        "generations",
        "generated_text",
        "responses",
        "content",
    ),
}
# ISO 639-2, countries and names of a language that resources/languages.yaml does not have.
_OTHER_CODES = {
    **{"ara": "ar", "swa": "sw", "cmn": "zh", "chi": "zh", "ger": "de", "fre": "fr", "dut": "nl", "gre": "el"},
    **{"jp": "ja", "cn": "zh", "kr": "ko", "gr": "el", "vn": "vi", "in": "hi", "pk": "ur", "br": "pt", "gb": "en"},
    **{"us": "en", "mandarin": "zh", "castilian": "es", "flemish": "nl"},
}


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number from 1, object) for each line of a JSON lines file; ValueError for a line that is not a JSON object."""
    check_regular(path)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, read_line(line, number, path)


def read_line(line: bytes, number: int, path: Path) -> dict[str, Any]:
    """The object of a line; ValueError (one line: path and number) where there is none."""
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        row = json.loads(text, object_pairs_hook=distinct)
    except RepeatedKey as error:
        raise ValueError(f"{path}, line {number}: {error}, and only its last value would count") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}, line {number}: not JSON ({error}); give one object per line") from None
    if not isinstance(row, dict):
        raise ValueError(f"{path}, line {number}: not a JSON object; give one object per line (jq -c '.[]')")
    return row


def check_keys(given: Mapping[str, Any], place: str, required: Iterable[str] = REQUIRED) -> None:
    """Raises ValueError (one line: place, key, nearest valid choice) for what cannot be scored: a required key that is
    missing or null, a value of the wrong type, an unknown language or kind, an answer that nothing could match."""
    for key in required:
        if key not in given:
            raise ValueError(f"{place}: has no key '{key}' ({LINE[key]}){other_name(key, given)}")
        if given[key] is None:
            raise ValueError(f"{place}: '{key}' is null; it is {LINE[key]}")
    for key in ("id", "answer"):
        check_value(given[key], key, (str, int, float), "a text or a number", place)
    if isinstance(given.get("completion"), list):
        what = f"'completion' is {shown(given['completion'])}, not a text"
        raise ValueError(f"{place}: {what}; give each text of a list a line of its own")
    for key in ("language", "completion", "benchmark", "kind", "question"):
        if given.get(key) is not None:
            check_value(given[key], key, (str,), "a text", place)
    language, kind, choices = given["language"], given.get("kind") or "math", given.get("choices")
    if language in _OTHER_CODES or not is_language(language):
        raise ValueError(f"{place}: unknown language {shown(language)}; {nearest_language(language)}")
    if kind not in KINDS:
        raise ValueError(f"{place}: unknown kind {shown(kind)}; {nearest(kind, KINDS)}")
    if not str(given["id"]).strip():
        raise ValueError(f"{place}: 'id' is empty: {LINE['id']}")
    if choices is not None and not (isinstance(choices, list) and all(isinstance(c, str) for c in choices)):
        raise ValueError(f"{place}: 'choices' is {shown(choices)}, not a list of texts")
    check_answer(answer_of(given, place), kind, choices, f"{place}: 'answer'")


def answer_of(given: Mapping[str, Any], place: str) -> str:
    answer = given["answer"]
    return answer if isinstance(answer, str) else written_out(answer, "answer", place)


def check_value(value: Any, key: str, types: tuple[type, ...], what: str, place: str) -> None:
    """Raises ValueError unless the value has one of the types, is finite, and is text that can be written."""
    if isinstance(value, bool) or not isinstance(value, types) or isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{place}: '{key}' is {shown(value)}, not {what}")
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{place}: '{key}' holds half of a surrogate pair (\\ud800 to \\udfff); restore the file")


def check_answer(answer: str, kind: str, choices: list[str] | None, what: str) -> None:
    """Raises ValueError for an answer that no response could match; `what` names it."""
    if kind == "math":
        try:
            check_gold(answer)
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from None
        return
    labels = list(LABELS) if kind == "entailment" else list(LETTERS[: len(choices)] if choices else LETTERS)
    if answer not in labels:
        raise ValueError(
            f"{what} is {shown(answer)}, not the label of a question of the kind {kind}: {', '.join(labels)}"
        )


def other_name(key: str, given: Mapping[str, Any]) -> str:
    """A hint where another key of the line may be the one that is missing."""
    others = [name for name in given if name not in LINE]
    found = next((name for name in others if name.casefold() in (key, *_OTHER_NAMES[key])), None)
    if found is None:
        hint = nearest(key, others)
        return f"; {hint.replace('did you mean', 'is it')}" if hint.startswith("did") else ""
    return f"; is it '{found}'?"


def nearest_language(word: str, choices: Iterable[str] = ()) -> str:
    """A hint: the code of the language that `word` may mean, by a name, another code or a locale; else all of them.

    choices: codes; empty: of all languages.
    """
    codes = list(choices) or list(load_languages())
    names = dict(_OTHER_CODES)
    for code, entry in load_languages().items():
        names |= dict.fromkeys((code, entry["flores"][:3], entry["name"].casefold(), entry["endonym"].casefold()), code)
    plain = word.strip().casefold()
    close = difflib.get_close_matches(plain, names, 1, 0.6) if len(plain) > 3 else []
    for part in (plain, *plain.replace("-", " ").replace("_", " ").split(), *close):
        if names.get(part) in codes:
            return f"did you mean '{names[part]}'?"
    return f"choose from: {', '.join(codes)}"
