"""The version of the metrics, in every score file and every table made of them: two of them are never mixed."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.storage.tables import read_csv

# A release adds 1 if the same generations would get other verdicts or other rates than in the release before: a change
# of the identifier, of what counts as a right answer, of a metric's definition. A new column alone does not count.
# Version 1 had no column.
METRICS_VERSION = 3


def check_version(found: Iterable[Any], path: str | Path, remedy: str) -> None:
    """Raises ValueError (one line) if one of the versions found in a file is not METRICS_VERSION; null counts as 1."""
    versions = {1 if pd.isna(version) else int(version) for version in found}
    if others := sorted(versions - {METRICS_VERSION}):
        raise ValueError(f"{path}: of metrics version {others[0]}, but this is version {METRICS_VERSION}; {remedy}")


def read_table(path: str | Path, columns: Sequence[str] = (), dtype: Any = None) -> pd.DataFrame:
    """A table made of scores, read as storage.tables.read_csv does. Raises ValueError for another metrics version."""
    table = read_csv(path, columns, dtype)
    check_version(table.get("metrics_version", [1]), path, "delete it and rerun")
    return table
