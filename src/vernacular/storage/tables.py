"""Tables as data frames, checked as they are read: one line says which file is broken and what to do."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from vernacular.storage.records import read_batches
from vernacular.storage.sanitise import cell


def read_csv(path: str | Path, columns: Sequence[str] = (), dtype: Any = None) -> pd.DataFrame:
    """A CSV of the workflow's; dtype: pandas'.

    Raises ValueError where it is cut off, is none, or lacks one of `columns`.
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


def read_frame(path: str | Path, schema: pa.Schema) -> pd.DataFrame:
    """The columns of `schema` of a Parquet file. Raises ValueError where records.read_rows does."""
    return pa.Table.from_batches(read_batches(path, schema=schema), schema).to_pandas()


def csv_text(table: pd.DataFrame) -> str:
    """A table that holds texts of models or of others, as CSV that is safe to open (shown.cell)."""
    safe = table.copy()
    for name in safe:
        if pd.api.types.is_object_dtype(safe[name]) or pd.api.types.is_string_dtype(safe[name]):
            safe[name] = safe[name].map(lambda value: cell(value) if isinstance(value, str) else value)
    return safe.to_csv(index=False)
