"""Readers of real data, one for each format of study_sources.FORMATS.

Each gives examples: `id` (shared by translations), `language`, `question`, and where there are any `choices`, `answer`
and `completion` (a solution as it is written there). A broken file is a ValueError, one line with path and place.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vernacular.language.languages import load_languages

LABELS = ("entailment", "neutral", "contradiction")  # XNLI's 0, 1 and 2

Example = dict[str, Any]


def mgsm(path: Path, language: str) -> Iterator[Example]:
    """MGSM and MGSM-Rev2 (Shi et al., 2022; arXiv 2511.05162): question, tab, answer; line n is the same question."""
    for number, line in enumerate(text_lines(path), 1):
        question, tab, answer = line.rpartition("\t")
        if not tab or not question.strip() or not answer.strip():
            raise ValueError(f"{path}: line {number} is no question, tab, answer")
        yield {"id": f"{number:05d}", "language": language, "question": question, "answer": answer.strip()}


def mgsm_json_lines(path: Path, language: str) -> Iterator[Example]:
    """MGSM with Korean (dayeonki/multilingual_reasoning): id (from 1), question, answer, replaced."""
    for place, row in json_rows(path, ("id", "question", "answer")):
        number = whole(row["id"], f"{place}: id")
        yield {
            "id": f"{number:05d}",
            "language": language,
            "question": row["question"],
            "answer": row["answer"].strip(),
        }


def msvamp(path: Path, language: str) -> Iterator[Example]:
    """MSVAMP (Chen et al., arXiv 2310.20246): query (English), equation, response (a number), m_query; in one order."""
    for number, (_, row) in enumerate(json_rows(path, ("m_query", "response")), 1):
        yield {
            "id": f"{number:05d}",
            "language": language,
            "question": row["m_query"],
            "answer": row["response"].strip(),
        }


def x_csqa(path: Path, language: str) -> Iterator[Example]:
    """X-CSQA (Lin et al., 2021): id, question {stem, choices {label, text}}, answerKey. Some options are empty."""
    for place, row in rows_of(path, ("id", "question", "answerKey")):
        stem, choices = row["question"]["stem"], row["question"]["choices"]
        if isinstance(choices, list):  # JSON lines have a list of pairs, Parquet a pair of lists
            choices = {key: [choice[key] for choice in choices] for key in ("label", "text")}
        if choices["label"] != [chr(ord("A") + n) for n in range(len(choices["label"]))]:
            raise ValueError(f"{place}: the choices are labelled {choices['label']}, not A, B, C and so on")
        key = row["answerKey"].strip()
        if key not in choices["label"]:
            raise ValueError(f"{place}: the key is '{key}', no choice; keys of the test split are withheld, take dev")
        texts = {"question": stem, "choices": choices["text"], "answer": key}
        yield {"id": row["id"], "language": language, **texts, "completion": key}


def xnli(path: Path, language: str) -> Iterator[Example]:
    """XNLI (Conneau et al., 2018): premise, hypothesis, label (0 to 2); row n is the same in every language."""
    for number, (place, row) in enumerate(rows_of(path, ("premise", "hypothesis", "label")), 1):
        label = whole(row["label"], f"{place}: label")
        if label not in range(3):
            raise ValueError(f"{place}: the label is {label}, not 0, 1 or 2")
        question = f"{' '.join(row['premise'].split())}\n{' '.join(row['hypothesis'].split())}"
        answer = LABELS[label]
        yield {
            "id": f"{number:06d}",
            "language": language,
            "question": question,
            "answer": answer,
            "completion": answer,
        }


WRAPPED = re.compile(r"\A(?:Solve the following math problem[^\n]*|[^\n]*\\boxed\{\}[^\n]*)\n\n")
REMINDER = re.compile(r'\n\nRemember to put your answer on its own line after "Answer:"\.\s*\Z')


def dapo(path: Path, _: str | None) -> Iterator[Example]:
    """DAPO-Math-17k (arXiv 2503.14476), English, and AdaMame's part of it in five languages (a column `lang`).

    The question stands in a message, within instructions that are left out here: ours come from the phrasebooks. The
    original holds each question about a hundred times; the first one counts.
    """
    seen: set[tuple[str, str]] = set()
    for place, row in parquet_rows(path, ("prompt", "reward_model")):
        content, answer = row["prompt"][-1]["content"], str(row["reward_model"]["ground_truth"]).strip()
        question = REMINDER.sub("", WRAPPED.sub("", content)).strip()
        language = row.get("lang") or "en"
        if language not in load_languages():
            raise ValueError(f"{place}: the language is '{language}'; known: {' '.join(load_languages())}")
        if (language, question) in seen:
            continue
        seen.add((language, question))
        yield {"id": f"{len(seen):05d}", "language": language, "question": question, "answer": answer}


INSTRUCTION = re.compile(r"in (?P<name>\w+)\.\s.*?### Instruction:\n(?P<question>.*?)\n\n### Response:", re.DOTALL)


def gsm8k_instruct(path: Path, _: str | None) -> Iterator[Example]:
    """GSM8KInstruct (Chen et al., arXiv 2310.20246): prompt, chosen (reject is empty).

    The prompt names its language and holds the question. There is no id: an English question comes first, then its
    translations, of which some are missing; a language that is not ours or that comes twice is left out.
    """
    codes = {entry["name"]: code for code, entry in load_languages().items()}
    number = 0
    seen: set[str] = set()
    for place, row in json_rows(path, ("prompt", "chosen")):
        found = INSTRUCTION.search(row["prompt"])
        if not found:
            raise ValueError(f"{place}: no '... in <language>. ... ### Instruction: ... ### Response:' in the prompt")
        language = codes.get(found["name"])
        if language == "en":
            number, seen = number + 1, set()
        if language is None or language in seen or not number:
            continue
        seen.add(language)
        texts = {"question": found["question"].strip(), "answer": final_number(row["chosen"])}
        yield {"id": f"{number:05d}", "language": language, **texts, "completion": row["chosen"].strip()}


def metamath(path: Path, _: str | None) -> Iterator[Example]:
    """MetaMathQA (Yu et al., arXiv 2309.12284): one list of query, response, type, original_question; English."""
    for number, (_, row) in enumerate(json_rows(path, ("query", "response")), 1):
        texts = {"question": row["query"].strip(), "completion": row["response"].strip()}
        yield {"id": f"{number:06d}", "language": "en", **texts, "answer": final_number(row["response"])}


def bitext(path: Path, language: str) -> Iterator[Example]:
    """Pairs of sentences, as Lego-MT's for MindMerger: <xx>-<yy>/<name>.<xx> beside <name>.<yy>, a line each, one of
    both in English. Either side comes with the other, under one id."""
    pair = path.parent.name.split("-")
    other = pair[1 - pair.index(language)] if language in pair else None
    if other is None or "en" not in pair:
        raise ValueError(f"{path}: must stand in a folder such as en-{language} or {language}-en")
    sides = [path.with_suffix(f".{code}") for code in (language, other)]
    lengths = [sum(1 for _ in text_lines(side)) for side in sides]
    if lengths[0] != lengths[1]:
        raise ValueError(f"{path}: {lengths[0]} lines, but its translation has {lengths[1]}")
    foreign = language if language != "en" else other
    for number, (text, translation) in enumerate(zip(*map(text_lines, sides), strict=True), 1):
        if text.strip() and translation.strip():
            yield {"id": f"{foreign}-{number:06d}", "language": language, "question": text.strip()}


READERS: dict[str, Callable[[Path, Any], Iterator[Example]]] = {
    "mgsm": mgsm,
    "mgsm-jsonl": mgsm_json_lines,
    "msvamp": msvamp,
    "x-csqa": x_csqa,
    "xnli": xnli,
    "dapo": dapo,
    "gsm8k-instruct": gsm8k_instruct,
    "metamath": metamath,
    "bitext": bitext,
}


# --- files


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, of which one is held at a time; an empty file is one empty line.

    Not as splitlines() has them, which takes a U+2028 or a form feed within a question for its end.
    """
    line = None
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line in file:
                yield line.removesuffix("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not valid UTF-8 ({error.reason}); restore the file") from None
    if line is None:
        yield ""


def rows_of(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    return (parquet_rows if path.suffix == ".parquet" else json_rows)(path, columns)


def json_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, row) of JSON lines, of which one is held at a time, or of one JSON list, which is read as a whole.

    Numbers stay the text that they are: 18.0 is "18.0".
    """
    with path.open("rb") as file:
        as_list = None  # until something stands there
        for number, line in enumerate(file, 1):
            place = f"{path}: line {number}"
            text = decoded(line, place)
            if not text.strip():
                continue
            if as_list is None and (as_list := text.lstrip().startswith("[")):
                text += decoded(file.read(), f"{path}: what follows line {number}")
            try:
                found = json.loads(text, parse_int=str, parse_float=str)
            except ValueError as error:
                raise ValueError(f"{place} is no JSON ({error}); restore the file") from None
            for index, row in enumerate(found if as_list else [found], 1):
                where = f"{path}: entry {index}" if as_list else place
                check_columns(row, columns, where)
                yield where, row


def decoded(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError(f"{place}: not valid UTF-8 ({error}); restore the file") from None


def parquet_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        with pq.ParquetFile(path) as file:
            if missing := [name for name in columns if name not in file.schema_arrow.names]:
                raise ValueError(f"{path}: the column '{missing[0]}' is missing; there are {file.schema_arrow.names}")
            number = 0
            for batch in file.iter_batches(batch_size=4096):
                for row in batch.to_pylist():
                    number += 1
                    yield f"{path}: row {number}", row
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from None


def check_columns(row: Any, columns: tuple[str, ...], place: str) -> None:
    if not isinstance(row, dict):
        raise ValueError(f"{place} is no JSON object")
    for name in columns:
        if row.get(name) is None:
            raise ValueError(f"{place}: '{name}' is missing or null; there are {', '.join(row)}")


def whole(value: Any, what: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"{what} is {value!r}, no whole number") from None


def final_number(solution: str) -> str | None:
    """What stands behind the last `####` (GSM8K) or `The answer is:` (MetaMath); None where neither is there."""
    found = re.findall(r"(?:####|[Tt]he answer is:?)\s*([^\n]+)", solution)
    return (found[-1].strip().rstrip(".").strip() or None) if found else None
