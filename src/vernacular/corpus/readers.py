"""How files of real data are read: lines of text, JSON and Parquet, one row at a time.

Rows come with their place (path and line, entry or row), for the errors of whoever reads them. A broken file is a
ValueError: one line with path and place.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, held one at a time; an empty file is one empty line.

    Unlike splitlines(), this does not end a line at a U+2028 or a form feed within a question.
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


def table_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, row) of a Parquet or JSON file, by its suffix; each row has all of `columns`."""
    return (parquet_rows if path.suffix == ".parquet" else json_rows)(path, columns)


def json_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, row) of JSON lines, held one at a time, or of one JSON list; numbers stay text as written ("18.0")."""
    with path.open("rb") as file:
        as_list = None  # unknown until the first line that is not blank
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
                raise ValueError(f"{place} is not JSON ({error}); restore the file") from None
            for index, row in enumerate(found if as_list else [found], 1):
                where = f"{path}: entry {index}" if as_list else place
                check_columns(row, columns, where)
                yield where, row


def decoded(data: bytes, place: str) -> str:
    """UTF-8 as text, without a byte order mark."""
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError(f"{place}: not valid UTF-8 ({error}); restore the file") from None


def parquet_rows(
    path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, row) of a Parquet file; each row has all of `columns`, and those of `optional` that are there."""
    from vernacular.storage.records import (
        read_rows,
    )  # imports PyArrow, which is heavy, and a dry run imports this module

    for number, row in enumerate(read_rows(path, columns, optional=optional), 1):
        yield f"{path}: row {number}", row


def check_columns(row: Any, columns: tuple[str, ...], place: str) -> None:
    """Raises ValueError unless `row` is a JSON object that has all of `columns`, none of them null."""
    if not isinstance(row, dict):
        raise ValueError(f"{place} is not a JSON object")
    for name in columns:
        if row.get(name) is None:
            raise ValueError(f"{place}: '{name}' is missing or null; there are {', '.join(row)}")


def whole(value: Any, what: str) -> int:
    """The value as an int; `what` names it in the error."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(f"{what} is {value!r}, not a whole number") from None
