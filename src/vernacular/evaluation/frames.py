"""Score files as data frames, named by what their paths say."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from vernacular.evaluation.complete import check_samples
from vernacular.evaluation.ranks import ranks
from vernacular.evaluation.version import check_version
from vernacular.language.languages import ENGLISH
from vernacular.storage.records import SCORE, read_batches, rows_written
from vernacular.storage.tables import read_frame

Run = tuple[str, int]  # model, seed
Frames = Mapping[tuple[str, str, int], pd.DataFrame]  # (model, benchmark, seed) -> scores


def read_frames(
    paths: Iterable[str | Path], asked: dict[str, dict[str, Any]] | None = None, schema: pa.Schema = SCORE
) -> dict[tuple[str, str, int], pd.DataFrame]:
    """(model, benchmark, seed) -> scores, from files .../seed-<n>/scores/<model>/<benchmark>.parquet.

    asked: "<model>/<benchmark>" -> the `languages`, `questions` and `questions_en` of the evaluation; a file may hold
    more, for another one. None: everything. schema: the columns to read (files of generations are named alike).
    Raises ValueError for a path outside a folder seed-<n>, for a broken file or one that lacks a column, and for scores
    of another metrics version, or that are not as they were written.
    """
    frames = {}
    for path in map(Path, paths):
        model, benchmark, seed = path.parent.name, path.stem, seed_of(path)
        if schema is SCORE:
            check_version(versions_of(path), path, "delete it and score again (no model is needed)")
            check_whole(path)
        scores = read_frame(path, schema)
        check_samples(scores, path)
        if asked is not None:
            wanted = asked[f"{model}/{benchmark}"]
            if missing := sorted(set(wanted["languages"]) - set(scores["language"])):
                raise ValueError(f"{path}: no rows in '{missing[0]}', which was asked for; delete it and rerun")
            scores = part_of(scores, wanted)
        frames[model, benchmark, seed] = scores
    check_alike(frames, asked or {})
    return frames


def check_alike(frames: Frames, asked: dict[str, dict[str, Any]]) -> None:
    """Raises ValueError where two models that were asked the same of a benchmark have not the same questions."""
    sizes: dict[str, tuple[int, str]] = {}
    for (model, benchmark, seed), scores in frames.items():
        wanted = asked.get(f"{model}/{benchmark}")
        if wanted is None:
            continue
        count = len(scores.drop_duplicates(["id", "language"]))
        key = f"{benchmark} {sorted(wanted['languages'])} {wanted['questions']} {wanted['questions_en']}"
        other, name = sizes.setdefault(key, (count, f"{model} (seed {seed})"))
        if count != other:
            raise ValueError(
                f"{benchmark}: {model} (seed {seed}) has scores of {count:,} questions, {name} of {other:,}, though "
                "both were asked the same; delete the scores of fewer and rerun"
            )


def versions_of(path: Path) -> set[int | None]:
    """The metrics versions in a score file; None where it has no such column."""
    found: set[int | None] = set()
    for batch in read_batches(path, optional=["metrics_version"]):
        known = "metrics_version" in batch.schema.names
        found |= set(batch["metrics_version"].unique().to_pylist() if known else [None])
    return found


def check_whole(path: Path) -> None:
    """Raises ValueError for scores that another tool has written: nobody could tell whether questions are missing."""
    with pq.ParquetFile(path) as file:
        if rows_written(file) is None:
            raise ValueError(f"{path}: not as the rule `score` wrote it; delete it and rerun (no model is needed)")


def seed_of(path: Path) -> int:
    """The n of the folder seed-<n> that a path lies in. Raises ValueError if there is none."""
    for part in reversed(path.parts):
        if match := re.fullmatch(r"seed-(\d+)", part):
            return int(match[1])
    raise ValueError(f"{path}: not in a folder seed-<n>; give files of a study's results")


def part_of(scores: pd.DataFrame, asked: dict[str, Any]) -> pd.DataFrame:
    """The rows that an evaluation asks for: its languages, and the first questions of each."""
    order = ranks(zip(scores["id"], scores["language"], strict=True))
    rank = pd.Series([order[pair] for pair in zip(scores["id"], scores["language"], strict=True)], scores.index, int)
    count = asked["questions"] or len(scores)
    limit = scores["language"].map(lambda code: (asked["questions_en"] or count) if code == ENGLISH else count)
    return scores[scores["language"].isin(asked["languages"]) & (rank < limit)]


def benchmarks_of(frames: Frames) -> list[str]:
    """Each benchmark once, in the mapping's order."""
    return list(dict.fromkeys(benchmark for _, benchmark, _ in frames))


def runs_on(frames: Frames, benchmark: str) -> dict[Run, pd.DataFrame]:
    """(model, seed) -> the frame of one benchmark, in the mapping's order."""
    return {(model, seed): frame for (model, name, seed), frame in frames.items() if name == benchmark}
