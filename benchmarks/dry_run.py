"""Dry runs: of a study of 5,000 jobs against one of 500, and of that one against 500 jobs without any study.

    python benchmarks/dry_run.py [--pairs 5]

The studies are the default one with more seeds (30 jobs a seed). The 500 jobs without a study are a Snakefile of three
lines, so the second row is what the configuration's checks and the hashes of code add to Snakemake's own work.
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

PLAIN = """
rule all:
    input: expand("out/{{n}}", n=range({jobs}))

rule plain:
    output: "out/{{n}}"
    shell: "touch {{output}}"
"""
JOBS_A_SEED = 30


def dry_run(folder: Path, *words: str) -> None:
    command = [str(Path(sys.executable).with_name("snakemake")), "--dry-run", "--quiet", "all", *words]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def study(jobs: int) -> partial[None]:
            seeds = folder / f"{jobs}.yaml"
            seeds.write_text(f"study: many\nseeds: {list(range(1, jobs // JOBS_A_SEED + 1))}\n")
            files = ["--configfile", str(ROOT / "config" / "config.yaml"), str(seeds)]
            return partial(dry_run, folder, "--snakefile", str(ROOT / "Snakefile"), *files)

        (folder / "Snakefile").write_text(PLAIN.format(jobs=60 if arguments.tiny else 500))
        few, many = (60, 120) if arguments.tiny else (500, 5000)
        sides = seconds(study(many)), seconds(study(few))
        yield paired(f"dry run of {many:,} jobs against {few}", "seconds", *sides, "<= 10", arguments.pairs)
        plain = seconds(partial(dry_run, folder))
        yield paired(
            f"dry run of {few} jobs against no study", "seconds", sides[1], plain, "ours <= 3", arguments.pairs
        )


if __name__ == "__main__":
    run(__doc__, rows)
