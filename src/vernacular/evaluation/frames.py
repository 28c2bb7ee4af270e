"""Score files as data frames, named by what their path says."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from vernacular.language.languages import ENGLISH
from vernacular.storage.records import SCORE
from vernacular.storage.tables import read_frame


def read_frames(
    paths: Iterable[str | Path], asked: dict[str, dict[str, Any]] | None = None, schema: pa.Schema = SCORE
) -> dict[tuple[str, str, int], pd.DataFrame]:
    """(model, benchmark, seed) -> scores, from files .../seed-<n>/scores/<model>/<benchmark>.parquet.

    asked: "<model>/<benchmark>" -> the `languages`, `questions` and `questions_en` of the evaluation; a file may hold
    more, for another one. None: everything. schema: the columns to read (files of generations are named alike).
    Raises ValueError for a path of another form and for a file that is broken or lacks a column.
    """
    frames = {}
    for path in map(Path, paths):
        model, seed = path.parent.name, path.parts[-4] if len(path.parts) >= 4 else ""
        if not seed.startswith("seed-"):
            raise ValueError(f"{path}: not of the form seed-<n>/scores/<model>/<benchmark>.parquet")
        scores = read_frame(path, schema)
        key = model, path.stem, int(seed.removeprefix("seed-"))
        frames[key] = scores if asked is None else part_of(scores, asked[f"{model}/{path.stem}"])
    return frames


def part_of(scores: pd.DataFrame, asked: dict[str, Any]) -> pd.DataFrame:
    """The rows that an evaluation asks for: its languages, and the first questions of each."""
    rank = scores["id"].map({identifier: n for n, identifier in enumerate(sorted(set(scores["id"])))})
    count = asked["questions"] or len(scores)
    limit = scores["language"].map(lambda code: (asked["questions_en"] or count) if code == ENGLISH else count)
    return scores[scores["language"].isin(asked["languages"]) & (rank < limit)]
