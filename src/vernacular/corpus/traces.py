"""Raw traces: the miniature's own source, which spoils some of them at known rates, and the reader of trace files."""

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from vernacular.corpus.miniature import Problem, render_completion, share_of
from vernacular.language.phrasebook import load_phrasebook
from vernacular.language.prompts import join_completion, split_completion

FLAWS = (
    "wrong-language",  # the whole trace is in another language
    "code-switched",  # a later line of the trace, or all from there on, is in another language
    "wrong-answer",  # the box is off by a bit, or two of its digits are swapped
    "no-box",  # the answer stands there without a box
    "no-end-of-thinking",
    "too-long",  # the last line comes back until the trace has LOOP characters
    "duplicate",  # an unspoiled row once more
)
LOOP = 4000  # characters; a filter's upper limit must be below for it to catch loops

FIELDS = ("id", "language", "question", "answer", "completion")
LINE_LIMIT = 1_000_000  # bytes of a row; our choice, the longest real traces have about 200 kB
CODE = re.compile("[a-z]{2,3}")


class Broken(NamedTuple):
    """A row that could not be read: the language if it was readable, else `unknown`, and why."""

    language: str
    reason: str


def trace_rows(
    questions: Iterable[dict[str, Any]],
    problems: Mapping[str, Problem],
    languages: list[str],
    flaws: dict[str, float],
    seed: int,
) -> Iterator[dict[str, Any]]:
    """One completion for each of `problems` in each of `languages` (records.RAW_TRACE), some with one known flaw.

    questions: records.QUESTION rows; those of other problems or languages are passed over. flaws: flaw -> share of the
    rows, drawn by a hash of (id, language, seed). `duplicate` adds a copy behind a right row, and the flaw is the
    copy's. Raises ValueError for bad rates, and where the questions do not match the problems.
    """
    check_flaws(flaws, languages)
    missing = len(problems) * len(languages)
    for row in questions:
        identifier, language = row["id"], row["language"]
        if identifier not in problems or language not in languages:
            continue
        problem = problems[identifier]
        if row["answer"] != str(problem.answer):
            raise ValueError(
                f"question '{identifier}' ({language}) has the answer {row['answer']}, its problem {problem.answer}: "
                "give the options and the seed that the questions were made with"
            )
        missing -= 1
        flaw = draw_flaw(f"{identifier} {language} {seed} flaw", flaws)
        choice = random.Random(f"{identifier} {language} {seed} spoil")
        completion = render_completion(language, identifier, problem, seed)
        if flaw not in ("none", "duplicate"):
            completion = spoil(flaw, completion, identifier, problem, language, languages, seed, choice)
        fields = {key: row[key] for key in ("id", "language", "question", "answer")}
        raw = fields | {"completion": completion, "source": "miniature", "flaw": flaw}
        if flaw == "duplicate":
            yield raw | {"flaw": "none"}
        yield raw
    if missing:
        raise ValueError(f"{missing} of the {len(problems) * len(languages)} questions asked for are not in the file")


def check_flaws(flaws: dict[str, float], languages: list[str]) -> None:
    if unknown := sorted(set(flaws) - set(FLAWS)):
        raise ValueError(f"flaws: '{unknown[0]}' is no flaw; there are: {', '.join(FLAWS)}")
    if any(rate < 0 for rate in flaws.values()) or sum(flaws.values()) > 1:
        raise ValueError(f"flaws: the shares must be at least 0 and at most 1 together, not {flaws}")
    if len(languages) < 2 and (flaws.get("wrong-language") or flaws.get("code-switched")):
        raise ValueError("flaws: 'wrong-language' and 'code-switched' need at least two languages")


def draw_flaw(key: str, flaws: dict[str, float]) -> str:
    share, bound = share_of(key), 0.0
    for flaw in FLAWS:
        bound += flaws.get(flaw, 0.0)
        if share < bound:
            return flaw
    return "none"


def spoil(
    flaw: str,
    completion: str,
    identifier: str,
    problem: Problem,
    language: str,
    languages: list[str],
    seed: int,
    choice: random.Random,
) -> str:
    """The completion with one flaw."""
    trace, response = split_completion(completion)
    lines = trace.split("\n")
    if flaw in ("wrong-language", "code-switched"):
        other = choice.choice([code for code in languages if code != language])
        foreign = split_completion(render_completion(other, identifier, problem, seed))[0].split("\n")
        if flaw == "wrong-language":
            lines = foreign
        elif len(lines) == 1:
            lines += foreign  # a single step is said again in the other language
        else:
            start = choice.randrange(1, len(lines))
            end = choice.choice([start + 1, len(lines)])
            lines[start:end] = foreign[start:end]
    elif flaw == "wrong-answer":
        response = response.replace(f"{{{problem.answer}}}", f"{{{wrong_answer(problem.answer, choice)}}}")
    elif flaw == "no-box":
        response = load_phrasebook(language)["answer"].format(answer=problem.answer)
    elif flaw == "no-end-of-thinking":
        return "\n".join([*lines, response] if choice.random() < 0.5 else lines)  # the tag lacks, or all after it
    elif flaw == "too-long":
        lines += lines[-1:] * (LOOP // len(lines[-1]) + 1)
    return join_completion("\n".join(lines), response)


def wrong_answer(answer: int, choice: random.Random) -> int:
    """Off by one or two, or by ten, or with two neighbouring digits swapped."""
    digits = str(answer)
    swapped = {int(digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]) for i in range(len(digits) - 1)}
    return choice.choice(sorted((swapped | {answer + offset for offset in (-2, -1, 1, 2, 10)}) - {answer}))


def read_traces(path: str | Path) -> Iterator[dict[str, Any] | Broken]:
    """Stream raw traces (records.RAW_TRACE) from Parquet or JSON lines; a row that cannot be used comes as Broken.

    JSON lines (.jsonl, .json): one object a line with FIELDS, numbers allowed for id and answer; `source` is optional.
    Broken are invalid UTF-8, a line that is no such object, a field that is missing, null or blank, a language that is
    no ISO 639 code, a row over LINE_LIMIT. Holds one row (JSON lines) or one batch of 64 (Parquet).
    Raises ValueError where the file as a whole is of no use.
    """
    path = Path(path)
    if path.suffix == ".parquet":
        return read_parquet(path)
    if path.suffix in (".jsonl", ".json"):
        return read_json_lines(path)
    raise ValueError(f"{path}: traces are read from .parquet and .jsonl (JSON lines) only")


def read_json_lines(path: Path) -> Iterator[dict[str, Any] | Broken]:
    with path.open("rb") as file:
        first = True
        while line := file.readline(LINE_LIMIT + 1):
            if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):  # leave the rest of the line unread
                    line = file.readline(LINE_LIMIT)
                yield Broken("unknown", f"a line of more than {LINE_LIMIT} bytes")
                first = False
                continue
            if first:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            if first and line.lstrip().startswith(b"["):
                raise ValueError(f"{path}: starts with a JSON list; give JSON lines, one object a line (jq -c '.[]')")
            first = False
            yield parse_line(line, path.name)


def parse_line(line: bytes, source: str) -> dict[str, Any] | Broken:
    """Numbers stay the text that they are, so that an answer of 1.10 or of 5,000 digits passes unchanged."""
    try:
        row = json.loads(line.decode("utf-8"), parse_int=str, parse_float=str, parse_constant=lambda name: None)
    except UnicodeDecodeError:
        return Broken("unknown", "invalid UTF-8")
    except (ValueError, RecursionError):
        return Broken("unknown", "not JSON")
    return check_row(row, source) if isinstance(row, dict) else Broken("unknown", "not a JSON object")


def check_row(row: dict[str, Any], source: str) -> dict[str, Any] | Broken:
    """The row with RAW_TRACE's columns, or why it is of no use."""
    language = row.get("language")
    if not isinstance(language, str) or not CODE.fullmatch(language):
        return Broken("unknown", "the language is no ISO 639 code")
    for field in FIELDS:
        value = row.get(field)
        if not isinstance(value, str) or not value.strip():
            return Broken(language, f"'{field}' is missing, null or blank")
    clean = {field: row[field] for field in FIELDS}
    clean["source"] = row["source"] if isinstance(row.get("source"), str) else source
    clean["flaw"] = row["flaw"] if row.get("flaw") in ("none", *FLAWS) else None
    try:  # JSON can escape half a surrogate pair, which no UTF-8 file can hold
        size = sum(len(value.encode()) for value in clean.values() if value)
    except UnicodeEncodeError:
        return Broken(language, "half a surrogate pair")
    return clean if size <= LINE_LIMIT else Broken(language, f"a row of more than {LINE_LIMIT} bytes")


def read_parquet(path: Path) -> Iterator[dict[str, Any] | Broken]:
    """Text comes as bytes first: one cell of invalid UTF-8 must not end the whole file."""
    try:
        with pq.ParquetFile(path) as file:
            names = set(file.schema_arrow.names)
            if missing := [field for field in FIELDS if field not in names]:
                raise ValueError(f"{path}: the column '{missing[0]}' is missing; traces have {', '.join(FIELDS)}")
            columns = [name for name in (*FIELDS, "source", "flaw") if name in names]
            # On one thread: each of Arrow's threads keeps memory of its own, and reading is not what takes the time.
            for batch in file.iter_batches(batch_size=64, columns=columns, use_threads=False):
                values = [as_bytes(batch.column(name)).to_pylist() for name in columns]
                for cells in zip(*values, strict=True):
                    yield decode_row(dict(zip(columns, cells, strict=True)), path.name)
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        what = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path}: cannot be read as Parquet ({what}); restore it, or delete it and rerun") from None


def as_bytes(column: pa.Array) -> pa.Array:
    if not (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)):
        textual = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        column = (column if textual else column.cast(pa.string())).cast(pa.binary())
    return column


def decode_row(cells: dict[str, bytes | None], source: str) -> dict[str, Any] | Broken:
    row, broken = {}, False
    for name, value in cells.items():
        try:
            row[name] = None if value is None else value.decode("utf-8")
        except UnicodeDecodeError:
            broken = True
    if broken:
        language = row.get("language") or ""
        return Broken(language if CODE.fullmatch(language) else "unknown", "invalid UTF-8")
    return check_row(row, source)
