"""The start of a job: scripts of CPU rules, on one row, against an interpreter that loads NumPy, pyarrow and PyYAML.

    python benchmarks/start.py [--pairs 5]

From the interpreter to the end of the work on one row: all but nothing of it is the start. The slowest of these rules
is the one that counts.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import ROOT, Row, paired, run, seconds
from memory import IDENTIFIER, STAGES


def execute(*words: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([sys.executable, *words], check=True, env=environment, stdout=subprocess.DEVNULL)


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    bare = seconds(partial(execute, "-c", "import numpy, pyarrow.parquet, yaml"))
    with tempfile.TemporaryDirectory() as name:
        for stage in ("filter",) if arguments.tiny else STAGES:
            folder = Path(name) / stage
            folder.mkdir()
            script, *words = STAGES[stage](folder, 2)
            words += [f"--identifier={IDENTIFIER}"] if stage in ("filter", "score") else []
            start = seconds(partial(execute, str(ROOT / f"workflow/scripts/{script}.py"), *words))
            yield paired(f"start of {script}", "seconds", start, bare, "ours <= 1.5", arguments.pairs)


if __name__ == "__main__":
    run(__doc__, rows)
