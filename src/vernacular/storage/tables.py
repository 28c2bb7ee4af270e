"""Tables as data frames, checked as they are read: one line says which file is broken and what to do."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from vernacular.storage.files import write_text
from vernacular.storage.messages import one_line
from vernacular.storage.records import read_batches
from vernacular.storage.sanitise import cell


def with_bounds(*names: str) -> list[str]:
    """The columns of values and of their intervals: <name>, <name>_low and <name>_high of each."""
    return [f"{name}{bound}" for name in names for bound in ("", "_low", "_high")]


def read_csv(path: str | Path, columns: Sequence[str] = (), dtype: Any = None) -> pd.DataFrame:
    """A CSV file that the workflow wrote; dtype: as in pandas.

    Raises ValueError if it is cut off, is not CSV, or lacks one of `columns`.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        if not text.endswith("\n"):  # every writer ends its last line
            raise ValueError("cut off" if text else "empty")
        table = pd.read_csv(io.StringIO(text), dtype=dtype)
    except ValueError as error:  # pandas' errors of parsing are ValueErrors, and so are those of UTF-8
        what = str(error).splitlines()[0]
        raise ValueError(f"{path}: cannot be read as CSV ({what}); delete it and rerun") from None
    if missing := [name for name in columns if name not in table]:
        raise ValueError(f"{path}: the column '{missing[0]}' is missing; delete it and rerun")
    return table


def check_numbers(table: pd.DataFrame, columns: Sequence[str], path: str | Path) -> None:
    """Raises ValueError (one line) for a table without rows, and for a column that is missing or holds more than
    numbers."""
    if table.empty:
        raise ValueError(f"{path}: no rows to draw; delete it and rerun")
    if missing := [name for name in columns if name not in table]:
        raise ValueError(f"{path}: the column '{missing[0]}' is missing; delete it and rerun")
    if odd := [name for name in columns if not pd.api.types.is_numeric_dtype(table[name])]:
        raise ValueError(f"{path}: the column '{odd[0]}' holds more than numbers; delete it and rerun")


def read_frame(path: str | Path, schema: pa.Schema) -> pd.DataFrame:
    """The columns of `schema` of a Parquet file. Raises ValueError where records.read_rows does."""
    return pa.Table.from_batches(read_batches(path, schema=schema), schema).to_pandas()


def write_csv(path: str | Path, table: pd.DataFrame) -> None:
    """Write a table as CSV that is safe to open in a spreadsheet and to show on a terminal (sanitise.cell)."""
    write_text(path, csv_text(table))


def csv_text(table: pd.DataFrame) -> str:
    """The text of `write_csv`."""
    return with_texts(table, cell).to_csv(index=False)


def printed(table: pd.DataFrame, sign: str = "") -> str:
    """A table for a terminal or a log: a line a row, numbers with three decimals, no signs that a terminal obeys.

    sign: `+` shows that of positive numbers too.
    """
    return with_texts(table, one_line).to_string(index=False, float_format=lambda value: f"{value:{sign}.3f}")


def with_texts(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """A copy with its texts changed, those of its head too."""
    safe = table.rename(columns=lambda name: change(name) if isinstance(name, str) else name)
    for name in safe:
        if pd.api.types.is_object_dtype(safe[name]) or pd.api.types.is_string_dtype(safe[name]):
            safe[name] = safe[name].map(lambda value: change(value) if isinstance(value, str) else value)
    return safe
