"""What tables, figures and claims read in addition to scores, named by their paths: costs, chosen layers, probes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from vernacular.evaluation.frames import Run, seed_of
from vernacular.storage.files import read_mapping
from vernacular.storage.tables import read_csv, read_frame

MEASURED = ("seconds", "tokens", "peak_memory", "optimizer_bytes")  # what a training cost; the memory in bytes
COUNTED = ("trainable_parameters", "total_parameters")

PROBED = pa.schema(  # those of records.PROBE's columns that tables and figures use
    [("layer", pa.int64()), ("language", pa.string()), ("active", pa.float64())]
    + [("msd", pa.float64()), ("msd_neurons", pa.float64())]
)
COMPARED = pa.schema(  # and those by which several models are compared
    [*PROBED, ("questions", pa.int64()), ("tokens", pa.int64()), ("overlap", pa.float64()), ("stability", pa.float64())]
)


def read_costs(paths: Iterable[str | Path]) -> dict[Run, dict[str, float]]:
    """(model, seed) -> the row of .../costs/seed-<n>/<model>.csv. Raises ValueError unless a file has exactly one."""
    costs = {}
    for path in map(Path, paths):
        table = read_csv(path)
        try:
            table = table[[*MEASURED, *COUNTED]].astype(float)
        except (ValueError, KeyError) as error:
            what = str(error).splitlines()[0]
            raise ValueError(f"{path}: not the costs of a training ({what}); train the model again") from None
        if len(table) != 1:
            raise ValueError(f"{path}: {len(table)} rows instead of one; train the model again")
        costs[path.stem, seed_of(path)] = {str(name): float(value) for name, value in table.iloc[0].items()}
    return costs


def read_layers(paths: Iterable[str | Path]) -> dict[Run, int]:
    """(model, seed) -> the one layer of .../seed-<n>/slam/<model>/layers.json. Raises ValueError unless it is one."""
    layer_of = {}
    for path in map(Path, paths):
        layers = read_choice(path)["layers"]
        if len(layers) != 1:
            raise ValueError(f"{path}: chooses the layers {layers}; a model of the sweep tunes exactly one")
        layer_of[path.parent.name, seed_of(path)] = layers[0]
    return layer_of


def read_choices(paths: Iterable[str | Path]) -> dict[str, dict[str, Any]]:
    """model -> the contents of its .../seed-<n>/slam/<model>/layers.json (select.select_layers); files of one seed."""
    return {path.parent.name: read_choice(path) for path in map(Path, paths)}


def read_choice(path: Path) -> dict[str, Any]:
    """The contents of a layers.json. Raises ValueError where it names no layers."""
    choice = read_mapping(path)
    layers = choice.get("layers")
    if not isinstance(layers, list) or not all(type(layer) is int for layer in layers):
        raise ValueError(f"{path}: not a choice of layers; delete it and rerun")
    return choice


def read_probes(paths: Iterable[str | Path]) -> dict[int, pd.DataFrame]:
    """seed -> rows of .../seed-<n>/slam/<model>/probe.parquet. Raises ValueError for a second probe of a seed."""
    probes: dict[int, pd.DataFrame] = {}
    for path in map(Path, paths):
        if (seed := seed_of(path)) in probes:
            raise ValueError(f"{path}: a second probe of seed {seed}; give only that of the sweep's reference")
        probes[seed] = read_probe(path)
    return probes


def read_probe(path: str | Path, schema: pa.Schema = PROBED) -> pd.DataFrame:
    """Rows of a schema, one for each layer and language."""
    return read_frame(path, schema)
