"""What a job costs beyond SLURM's own time: trivial jobs through sbatch alone, the profile, and in groups of ten.

On the SLURM of this machine, or, as root and with --own, on one that the tests' node.py starts. Prints seconds a job
and the ratio to sbatch alone.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
SNAKEFILE = """
rule all:
    input: expand("out/{{n}}", n=range({jobs}))

rule trivial:
    output: "out/{{n}}"
    resources: mem_mb=100, runtime=5
    group: {group}
    shell: "touch {{output}}"
"""


def seconds(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def through_sbatch(jobs: int, inside: list[str]) -> None:
    wrap = [*inside, "sbatch", "--parsable", "--mem=100", "--time=5", "--output=/dev/null", "--wrap", "true"]
    for _ in range(jobs):
        subprocess.run(wrap, check=True, capture_output=True)
    while subprocess.run(
        [*inside, "squeue", "--noheader", "--states=RUNNING,PENDING"], capture_output=True, check=True
    ).stdout:
        time.sleep(0.5)


def through_profile(jobs: int, grouped: int, inside: Callable[[Path], list[str]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Snakefile").write_text(SNAKEFILE.format(jobs=jobs, group='"some"' if grouped > 1 else "None"))
        (folder / "profiles").symlink_to(ROOT / "profiles")
        (folder / "slurm").symlink_to("profiles/slurm")
        words = ["--profile", "slurm", "--quiet", "all"]
        words += ["--group-components", f"some={grouped}"] if grouped > 1 else []
        snakemake = str(Path(sys.executable).parent / "snakemake")
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run([*inside(folder), snakemake, *words], cwd=folder, env=environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--own", action="store_true", help="start a SLURM of one node for this (as root)")
    args = parser.parse_args()
    if not args.own:
        report(args.jobs, lambda folder: [])
        return
    sys.path.insert(0, str(ROOT / "tests" / "slurm"))
    from conftest import start_cluster, stop_cluster

    cluster = start_cluster(Path(tempfile.mkdtemp()))
    try:
        report(args.jobs, lambda folder: cluster.command([], folder))
    finally:
        stop_cluster(cluster)


def report(jobs: int, inside: Callable[[Path], list[str]]) -> None:
    alone = seconds(lambda: through_sbatch(jobs, inside(Path.cwd())))
    print(f"sbatch alone          {alone / jobs:6.2f} s a job ({jobs} jobs)", flush=True)
    for name, grouped in (("the profile", 1), ("in groups of ten", 10)):
        each = seconds(partial(through_profile, jobs, grouped, inside))
        print(f"{name:<20}  {each / jobs:6.2f} s a job, {each / alone:.1f} times sbatch alone", flush=True)


if __name__ == "__main__":
    main()
