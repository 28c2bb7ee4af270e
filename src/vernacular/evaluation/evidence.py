"""One seed of a study as one file, and several such files as the scores of one study.

A row for each question and sample of each model (SCHEMA); what made them is in the file's metadata: `code`, `config`
(hashes of the code and of the configuration without its seeds), `seed`, `versions` of packages, and the `cpu`.
"""

import json
import platform
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from vernacular.evaluation.frames import Frames
from vernacular.storage.files import atomic_path
from vernacular.storage.records import SCORE, TEXT
from vernacular.storage.tables import read_frame

SCHEMA = pa.schema([("model", TEXT), ("benchmark", TEXT), *SCORE])
TOLD = b"vernacular-evidence"
LARGEST = 2_000_000  # bytes of a file, which is kept in the repository (our choice)
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16")  # what arithmetic may depend on


def pack(frames: Frames, told: dict[str, Any], out: str | Path) -> int:
    """Write the scores of one seed and what is told of them; the size of the file in bytes.

    Raises ValueError for scores of several seeds, and for a file of more than LARGEST bytes.
    """
    if seeds := {seed for *_, seed in frames} - {told["seed"]}:
        raise ValueError(f"scores of seed {seeds.pop()} among those of seed {told['seed']}; give those of one")
    parts = [
        pa.Table.from_pandas(frame.assign(model=model, benchmark=benchmark), SCHEMA, preserve_index=False)
        for (model, benchmark, _), frame in frames.items()
    ]
    table = pa.concat_tables(parts).replace_schema_metadata({TOLD: json.dumps(told, sort_keys=True)})
    with atomic_path(out) as temporary:
        pq.write_table(table, temporary, compression="zstd", compression_level=19, write_page_checksum=True)
        if (size := temporary.stat().st_size) > LARGEST:
            raise ValueError(f"{size:,} bytes of evidence, and at most {LARGEST:,} are kept; ask fewer questions")
    return size


def read_evidence(paths: Iterable[str | Path]) -> tuple[dict[str, Any], Frames]:
    """(what the seeds have in common of what is told, the frames of all of them).

    Raises ValueError for files of different code or configuration, of one seed twice, or that are broken.
    """
    frames: dict[tuple[str, str, int], pd.DataFrame] = {}
    first: dict[str, Any] = {}
    for path in map(Path, paths):
        told = told_of(path)
        for key in ("code", "config"):
            if first and told[key] != first[key]:
                what = f"of another {key} ({told[key]}) than {first['path']} ({first[key]})"
                raise ValueError(f"{path}: {what}; they cannot be joined: make the seeds of one of them again")
        first = first or {**told, "path": path}
        table = read_frame(path, SCHEMA)
        for (model, benchmark), frame in table.groupby(["model", "benchmark"], sort=False):
            place = (str(model), str(benchmark), told["seed"])
            if place in frames:
                raise ValueError(f"{path}: seed {told['seed']} is in another file too; remove one of them")
            frames[place] = frame.drop(columns=["model", "benchmark"]).reset_index(drop=True)
    if not frames:
        raise ValueError("no files of evidence; make one: make evidence PART=adamame SEED=1")
    return {key: first[key] for key in ("code", "config")}, frames


def told_of(path: Path) -> dict[str, Any]:
    """What a file of evidence says about itself. Raises ValueError where it says nothing."""
    try:
        noted = (pq.read_schema(path).metadata or {}).get(TOLD)
        told: dict[str, Any] = json.loads(noted or b"")
        if not isinstance(told.get("seed"), int) or not all(
            isinstance(told.get(key), str) for key in ("code", "config")
        ):
            raise ValueError
    except (ValueError, OSError, pa.ArrowException, AttributeError):
        raise ValueError(f"{path}: not a file of evidence; remove it, or restore it from the repository") from None
    return told


def cpu() -> dict[str, Any]:
    """The processor: its name, and which of FLAGS it has."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # not Linux
        text = ""
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    has = set(flags[1].split()) if flags else set()
    return {"name": name[1].strip() if name else platform.processor() or platform.machine(),
            "flags": [flag for flag in FLAGS if flag in has]}  # fmt: skip
