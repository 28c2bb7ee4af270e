"""What SLAM's tables and figures read, named by what its path says: costs, chosen layers, probes."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from vernacular.storage.files import read_json
from vernacular.storage.tables import read_csv, read_frame

MEASURED = ("seconds", "tokens", "peak_memory", "optimizer_bytes")  # what a training cost; the memory in bytes
COUNTED = ("trainable_parameters", "total_parameters")

PROBED = pa.schema(  # of records.PROBE's columns those that tables and figures show
    [("layer", pa.int64()), ("language", pa.string()), ("active", pa.float64())]
    + [("msd", pa.float64()), ("msd_neurons", pa.float64())]
)

Run = tuple[str, int]  # model, seed


def seed_of(path: Path) -> int:
    """The n of the folder seed-<n> that a path lies in; ValueError where there is none."""
    for part in reversed(path.parts):
        if match := re.fullmatch(r"seed-(\d+)", part):
            return int(match[1])
    raise ValueError(f"{path}: lies in no folder seed-<n>; give files of a study's results")


def read_costs(paths: Iterable[str | Path]) -> dict[Run, dict[str, float]]:
    """(model, seed) -> the row of .../costs/seed-<n>/<model>.csv; ValueError for one that holds no single row."""
    costs = {}
    for path in map(Path, paths):
        table = read_csv(path)
        try:
            table = table[[*MEASURED, *COUNTED]].astype(float)
        except (ValueError, KeyError) as error:
            what = str(error).splitlines()[0]
            raise ValueError(f"{path}: not the costs of a training ({what}); train the model again") from None
        if len(table) != 1:
            raise ValueError(f"{path}: {len(table)} rows, not one; train the model again")
        costs[path.stem, seed_of(path)] = {name: float(table[name].iloc[0]) for name in (*MEASURED, *COUNTED)}
    return costs


def read_layers(paths: Iterable[str | Path]) -> dict[Run, int]:
    """(model, seed) -> the one layer of .../seed-<n>/slam/<model>/layers.json; ValueError for none or several."""
    tuned = {}
    for path in map(Path, paths):
        layers = read_json(path).get("layers", [])
        if len(layers) != 1:
            raise ValueError(f"{path}: chooses the layers {layers}; a model of the sweep tunes a single one")
        tuned[path.parent.name, seed_of(path)] = layers[0]
    return tuned


def read_choices(paths: Iterable[str | Path]) -> dict[str, dict[str, Any]]:
    """model -> what its .../seed-<n>/slam/<model>/layers.json holds (select.select_layers); files of one seed."""
    return {path.parent.name: read_json(path) for path in map(Path, paths)}


def read_probes(paths: Iterable[str | Path]) -> dict[int, pd.DataFrame]:
    """seed -> rows of .../seed-<n>/slam/<model>/probe.parquet; ValueError for a second probe of a seed."""
    probes: dict[int, pd.DataFrame] = {}
    for path in map(Path, paths):
        if (seed := seed_of(path)) in probes:
            raise ValueError(f"{path}: a second probe of seed {seed}; give that of the sweep's reference alone")
        probes[seed] = read_probe(path)
    return probes


def read_probe(path: str | Path) -> pd.DataFrame:
    return read_frame(path, PROBED)
