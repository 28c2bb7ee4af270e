"""Score files as data frames, named by what their path says."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd


def read_frames(paths: Iterable[str | Path]) -> dict[tuple[str, str, int], pd.DataFrame]:
    """(model, benchmark, seed) -> scores, from files .../seed-<n>/scores/<model>/<benchmark>.parquet.

    Raises ValueError for a path of another form and for a file that is no Parquet.
    """
    frames = {}
    for path in map(Path, paths):
        model, seed = path.parent.name, path.parts[-4] if len(path.parts) >= 4 else ""
        if not seed.startswith("seed-"):
            raise ValueError(f"{path}: not of the form seed-<n>/scores/<model>/<benchmark>.parquet")
        try:
            frames[model, path.stem, int(seed.removeprefix("seed-"))] = pd.read_parquet(path)
        except (ValueError, OSError) as error:
            what = str(error).splitlines()[0]
            raise ValueError(f"{path}: cannot be read as Parquet ({what}); delete it and rerun") from None
    return frames
