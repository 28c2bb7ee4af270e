"""How files of real data are read: lines of text, JSON and Parquet, one row at a time.

Rows come with their place (path and line, entry or row), for the errors of whoever reads them. A broken file is a
ValueError: one line with path and place.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from vernacular.storage.files import check_regular, distinct
from vernacular.storage.messages import one_line


class Example(NamedTuple):
    id: str  # shared by translations
    language: str
    question: str
    answer: str | None = None
    completion: str | None = None  # a solution or trace as it is written there
    choices: list[str] | None = None
    instruction: str = ""  # of a trace, in its language
    place: str = ""  # file and line, entry or row, for errors


def text_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, held one at a time; an empty file is one empty line.

    Unlike splitlines(), this does not end a line at a U+2028 or a form feed within a question.
    """
    line = None
    check_regular(path)
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


DIGITS = 1000  # of a number, at most (our choice)


class Written(str):
    """A number of a JSON file, as it is written there."""


def json_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, row) of JSON lines, held one at a time, or of one JSON list; numbers stay as written ("18.0").

    Raises ValueError for a file without any row.
    """
    empty = True
    check_regular(path)
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
                written: dict[str, Any] = {"parse_int": Written, "parse_float": Written, "parse_constant": Written}
                found = json.loads(text, object_pairs_hook=distinct, **written)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{place} is not JSON ({error}); restore the file") from None
            for index, row in enumerate(found if as_list else [found], 1):
                where = f"{path}: entry {index}" if as_list else place
                check_columns(row, columns, where)
                empty = False
                yield where, row
    if empty:
        raise ValueError(f"{path}: holds no rows; restore the file")


def decoded(data: bytes, place: str) -> str:
    """UTF-8 as text, without a byte order mark."""
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError(f"{place}: not valid UTF-8 ({error}); restore the file") from None


def parquet_rows(
    path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, row) of a Parquet file; each row has all of `columns`, and those of `optional` that are there.

    Raises ValueError for a file without any row.
    """
    # Imports PyArrow, which is heavy, and a dry run imports this module.
    from vernacular.storage.records import read_rows

    number = 0
    for number, row in enumerate(read_rows(path, columns, optional=optional), 1):
        place = f"{path}: row {number}"
        check_columns(row, columns, place)
        yield place, row
    if not number:
        raise ValueError(f"{path}: holds no rows; restore the file")


def check_columns(row: Any, columns: tuple[str, ...], place: str) -> None:
    """Raises ValueError unless `row` is a JSON object that has all of `columns`, none of them null."""
    if not isinstance(row, dict):
        raise ValueError(f"{place} is not a JSON object")
    for name in columns:
        if row.get(name) is None:
            what = "is null; restore it" if name in row else f"is missing; there are {', '.join(row) or 'none'}"
            raise ValueError(f"{place}: '{name}' {what}")


def text_of(row: dict[str, Any], name: str, place: str) -> str:
    """The text in a column; ValueError for anything else, numbers too."""
    value = row.get(name)
    if not isinstance(value, str) or isinstance(value, Written):
        raise ValueError(f"{place}: '{name}' is {shown(value)}, not a text")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{place}: '{name}' holds half of a surrogate pair (\\ud800 to \\udfff); restore the file")
    return value


def text_or_number(row: dict[str, Any], name: str, place: str) -> str:
    """The text or number in a column, numbers written out; ValueError for anything else, `true` and NaN too."""
    value = row.get(name)
    if isinstance(value, str) and not isinstance(value, Written):
        return value.strip()
    return written_out(value, name, place)


def written_out(value: Any, name: str, place: str) -> str:
    """A number without an exponent: 1e3 and 1E+3 are 1000. ValueError for anything else, and beyond DIGITS digits."""
    if isinstance(value, Written | int | float) and not isinstance(value, bool):
        number = Decimal(str(value))
        if number.is_finite() and abs(number.adjusted()) <= DIGITS:
            return format(number, "f")
    raise ValueError(f"{place}: '{name}' is {shown(value)}, not a text or a number")


def shown(value: Any) -> str:
    """A value of a row for an error: one short line, a text in quotes and other values as JSON has them."""
    if isinstance(value, str):
        found = value if isinstance(value, Written) else f"'{value}'"
    else:
        found = json.dumps(value, ensure_ascii=False, default=str)
    found = one_line(found[:200])
    return found if len(found) <= 60 else f"{found[:57]}..."


def whole(value: Any, what: str) -> int:
    """The value as an int; `what` names it in the error."""
    try:
        if not isinstance(value, bool) and (number := float(value)).is_integer():  # 1.0 is one
            return int(value) if str(value).strip().lstrip("+-").isdigit() else int(number)
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"{what} is {shown(value)}, not a whole number")


def separator(header: str) -> str:
    """What separates the cells of a table in text: the comma, semicolon or tab that its first line has most of."""
    return max(",;\t", key=header.count)
