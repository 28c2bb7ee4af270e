"""Files of raw traces, ours or anyone's: what a row holds, and a reader that no broken row stops."""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from vernacular.storage.files import RepeatedKey, check_regular, distinct
from vernacular.storage.records import read_batches

FLAWS = (
    "wrong-language",  # the whole trace is in another language
    "code-switched",  # a later line of the trace, or all from there on, is in another language
    "wrong-answer",  # the box is off by a bit, or two of its digits are swapped
    "no-box",  # the answer is there, without a box
    "no-end-of-thinking",
    "too-long",  # the last line is repeated until the trace has 4,000 characters
    "duplicate",  # a sound row once more
)
FIELDS = ("id", "language", "question", "answer", "completion")
LINE_LIMIT = 1_000_000  # bytes of a row; our choice, the longest real traces have about 200 kB
CODE = re.compile("[a-z]{2,3}")


class Broken(NamedTuple):
    """A row that could not be read: the language if it was readable, else `unknown`, and why."""

    language: str
    reason: str


def read_traces(path: str | Path) -> Iterator[dict[str, Any] | Broken]:
    """Stream raw traces (records.RAW_TRACE) from Parquet or JSON lines; a row that cannot be used comes as Broken.

    JSON lines (.jsonl, .json): one object a line with FIELDS, numbers allowed for id and answer; `source` is optional.
    A row is Broken if it is invalid UTF-8, not such an object, longer than LINE_LIMIT, or has a field that is missing,
    null or blank, or a language that is not an ISO 639 code. Holds one row (JSON lines) or one batch of 64 (Parquet).
    Raises ValueError if the file as a whole cannot be used.
    """
    path = Path(path)
    check_regular(path)
    if path.suffix == ".parquet":
        return read_parquet(path)
    if path.suffix in (".jsonl", ".json"):
        return read_json_lines(path)
    raise ValueError(f"{path}: traces are read from .parquet and .jsonl (JSON lines) only")


def read_json_lines(path: Path) -> Iterator[dict[str, Any] | Broken]:
    with path.open("rb") as file:
        if file.peek(3).startswith(codecs.BOM_UTF8):
            file.read(3)
        first = True
        while line := file.readline(LINE_LIMIT + 1):
            if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):  # leave the rest of the line unread
                    line = file.readline(LINE_LIMIT)
                yield Broken("unknown", f"a line of more than {LINE_LIMIT} bytes")
            elif not line.strip():
                continue
            elif first and line.lstrip().startswith(b"["):
                raise ValueError(f"{path}: starts with a JSON list; give JSON lines, one object a line (jq -c '.[]')")
            else:
                yield parse_line(line, path.name)
            first = False


def parse_line(line: bytes, source: str) -> dict[str, Any] | Broken:
    """Numbers stay text as written, so that an answer of 1.10 or of 5,000 digits passes unchanged."""
    try:
        written: dict[str, Any] = {"parse_int": str, "parse_float": str, "parse_constant": lambda name: None}
        row = json.loads(line.decode("utf-8"), object_pairs_hook=distinct, **written)
    except UnicodeDecodeError:
        return Broken("unknown", "invalid UTF-8")
    except RepeatedKey:
        return Broken("unknown", "a key twice in one object")
    except (ValueError, RecursionError):
        return Broken("unknown", "not JSON")
    return check_row(row, source) if isinstance(row, dict) else Broken("unknown", "not a JSON object")


def check_row(row: dict[str, Any], source: str) -> dict[str, Any] | Broken:
    """The row with RAW_TRACE's columns, or why it cannot be used."""
    language = row.get("language")
    if not isinstance(language, str) or not CODE.fullmatch(language):
        return Broken("unknown", "the language is not an ISO 639 code")
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
        for batch in read_batches(path, FIELDS, 64, optional=("source", "flaw")):
            columns = [as_bytes(column).to_pylist() for column in batch.columns]
            for cells in zip(*columns, strict=True):
                yield decode_row(dict(zip(batch.schema.names, cells, strict=True)), path.name)
    except (pa.ArrowException, UnicodeDecodeError) as error:  # a column that holds no text
        raise ValueError(f"{path}: cannot be read as traces ({str(error).splitlines()[0]}); restore it") from None


def as_bytes(column: pa.Array) -> pa.Array:
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        return column
    textual = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    return (column if textual else column.cast(pa.string())).cast(pa.binary())


def decode_row(cells: dict[str, bytes | None], source: str) -> dict[str, Any] | Broken:
    try:
        row = {name: None if value is None else value.decode() for name, value in cells.items()}
    except UnicodeDecodeError:
        language = (cells["language"] or b"").decode(errors="replace")
        return Broken(language if CODE.fullmatch(language) else "unknown", "invalid UTF-8")
    return check_row(row, source)
