"""Made-up scores: rows and frames of records.SCORE, and files of them where the workflow has them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.evaluation.version import METRICS_VERSION
from vernacular.storage.records import GENERATION, SCORE, write_rows


def score_row(identifier: str, language: str = "fr", sample: int = 0, **changes: Any) -> dict[str, Any]:
    """Of a right answer in the language of the question, whose trace stays in it."""
    row = {
        "id": identifier, "problem": identifier, "language": language, "sample": sample, "correct": True, "answer": "1",
        "trace_language": language, "line_pass": True, "word_pass": True, "code_switched": False,
        "foreign_script": False, "answer_language": language, "given_up": False, "metrics_version": METRICS_VERSION,
        "abstained_lines": 0, "tokens": 10, "characters": 30, "finish_reason": "stop",
    }  # fmt: skip
    assert changes.keys() <= row.keys()
    return row | changes


def score_frame(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=SCORE.names)


def write_frames(folder: Path, frames: Mapping[tuple[str, str, int], pd.DataFrame], kind: str = "scores") -> list[Path]:
    """kind: `scores` or `generations`."""
    paths = []
    for (model, benchmark, seed), rows in frames.items():
        paths.append(folder / f"seed-{seed}" / kind / model / f"{benchmark}.parquet")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        schema = SCORE if kind == "scores" else GENERATION
        write_rows(paths[-1], rows.astype(object).where(rows.notna(), None).to_dict("records"), schema)
    return paths
