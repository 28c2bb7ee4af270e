"""Whether a file of completions or scores is what was asked for: every question, every sample, each once."""

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

NEEDED = ("completion", "trace", "response", "tokens", "finish_reason")  # of a generation; the rest may be unknown


def complete(
    rows: Iterable[dict[str, Any]], asked: Iterable[tuple[str, str]], samples: int, place: str
) -> Iterator[dict[str, Any]]:
    """Yield the rows of records.GENERATION. asked: ids and languages of the questions; place: the file.

    Raises ValueError (one line) for a row that nobody asked for, or that comes twice, or lacks what is scored; and at
    the end where completions are missing.
    """
    seen = dict.fromkeys(asked, 0)  # a bit for each sample
    for row in rows:
        key, sample = (row["id"], row["language"]), row["sample"]
        name = f"{place}: sample {sample} of '{row['id']}' in '{row['language']}'"
        if key not in seen or sample not in range(samples):
            raise ValueError(f"{name} was not asked for; delete the file and rerun")
        if seen[key] >> sample & 1:
            raise ValueError(f"{name} appears twice; delete the file and rerun")
        if empty := next((column for column in NEEDED if row[column] is None), None):
            raise ValueError(f"{name} has no '{empty}'; delete the file and rerun")
        seen[key] |= 1 << sample
        yield row
    lacking = [key for key, found in seen.items() if found != (1 << samples) - 1]
    if lacking:
        missing = sum(samples - seen[key].bit_count() for key in lacking)
        identifier, language = lacking[0]
        raise ValueError(
            f"{place}: {missing:,} of {samples * len(seen):,} completions are missing, such as of '{identifier}' in "
            f"'{language}'; delete the file and rerun"
        )


def check_samples(table: pd.DataFrame, place: object) -> None:
    """Raises ValueError (one line) unless each question of a table has the same samples, 0 to k - 1, each once.

    table: columns id, language and sample; place: the file.
    """
    if table.empty:
        raise ValueError(f"{place}: no rows; delete it and rerun")
    found = table.groupby(["id", "language"], sort=False)["sample"].agg(["size", "nunique", "min", "max"])
    most = int(found["size"].max())
    odd = found[(found["size"] != most) | (found["nunique"] != most) | (found["min"] != 0) | (found["max"] != most - 1)]
    if len(odd) or int(found["size"].sum()) != len(table):
        name = "a question without id or language" if odd.empty else f"'{odd.index[0][0]}' in '{odd.index[0][1]}'"
        raise ValueError(f"{place}: {name} does not have each of the samples 0 to {most - 1} once; delete it and rerun")
