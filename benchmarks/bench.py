"""Ours against another, side by side: every benchmark of this folder in one table, and what each of them needs.

    python benchmarks/bench.py [NAME ...] [--tiny] [--cpu] [--mgsm DIR] [--limit 180] [--out results.csv]

Each benchmark is a script beside this one that also runs by itself; it yields rows (COLUMNS) and gets at most --limit
seconds. Both sides of a row are measured in turn, at least PAIRS times; `ours` and `other` are medians, `ratio` is the
median of the pairs' ratios ours / other, `low` and `high` are the least and the greatest of them. Machines differ, so
only ratios are to be compared. Where other work shares the cores, --cpu takes CPU time in place of the wall's.
slurm.py and gpu.py are not among them: they need a SLURM and a GPU, and gpu.py compares with nothing.
"""

import argparse
import csv
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

NAMES = (
    "identify",
    "open",
    "filter",
    "score",
    "memory",
    "dry_run",
    "start",
    "generate",
    "pretrain",
    "grpo",
    "slam",
    "merge",
    "significance",
)
REAL = ("identify", "filter", "score")  # these take MGSM's questions as well
PAIRS = 5
COLUMNS = ["name", "ours", "other", "unit", "ratio", "low", "high", "target", "reached"]

CLOCK = "BENCH_CLOCK"  # the environment variable that holds `cpu` where CPU time is to be measured

Row = dict[str, Any]
Side = Callable[[], float]


def clock() -> float:
    """Seconds: of the wall, or of CPU time that this process and those it started have used, the running ones too."""
    if os.environ.get(CLOCK) != "cpu":
        return time.perf_counter()
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = sum(p.cpu_times().user + p.cpu_times().system for p in psutil.Process().children(recursive=True))
    return time.process_time() + ended.ru_utime + ended.ru_stime + running


def seconds(work: Callable[[], object]) -> Side:
    """A side that is measured by the time that the work takes."""

    def side() -> float:
        start = clock()
        work()
        return clock() - start

    return side


def rate(amount: float, work: Callable[[], object]) -> Side:
    """A side that is measured by how much of an amount the work does in a second."""
    taken = seconds(work)
    return lambda: amount / taken()


def paired(name: str, unit: str, ours: Side, other: Side, target: str = "", pairs: int = PAIRS) -> Row:
    """The row of two sides, measured in turn."""
    return row(name, unit, [(ours(), other()) for _ in range(pairs)], target)


def row(name: str, unit: str, values: list[tuple[float, float]], target: str = "") -> Row:
    """values: (ours, other), a pair a run. target: `>= 5` or `<= 1.1` for the ratio, `ours >= 0.999`, or none."""
    ratios = [a / b for a, b in values]
    ours, other = (statistics.median(column) for column in zip(*values, strict=True))
    figures = {"ratio": statistics.median(ratios), "ours": ours}
    *what, sign, limit = target.split() if target else ("", "0")
    figure = figures[what[0] if what else "ratio"]
    met = {">=": figure >= float(limit), "<=": figure <= float(limit), "": None}[sign]
    reached = "" if met is None else "yes" if met else "no"
    bounds = {"low": min(ratios), "high": max(ratios)}
    return {"name": name, "unit": unit, "other": other, **figures, **bounds, "target": target, "reached": reached}


def run(doc: str, rows: Callable[[argparse.Namespace], Iterator[Row]], options: dict[str, Any] | None = None) -> None:
    """The command line of one benchmark: its rows as a table, and as CSV where it is asked for.

    options: of the benchmark's own, `--name` -> default; a tuple is that of which one may be chosen.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="runs of each side")
    parser.add_argument("--tiny", action="store_true", help="the least that runs, to see that it does")
    parser.add_argument("--csv", type=Path, help="where to write the rows")
    for name, default in (options or {}).items():
        parser.add_argument(name, type=type(default), default=default, help=f"default: {default}")
    arguments = parser.parse_args()
    arguments.pairs = 1 if arguments.tiny else arguments.pairs
    found = list(rows(arguments))
    if arguments.csv:
        write_csv(arguments.csv, found)
    print(table(found))


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for found in rows:
            writer.writerow({key: f"{v:.4g}" if isinstance(v, float) else v for key, v in found.items()})


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table(rows: Iterable[Row]) -> str:
    """In Markdown, of rows as they are measured or as a CSV file has them."""
    lines = ["| what | ours | the other | unit | ratio | spread | to reach | reached |", "|---" * 8 + "|"]
    for found in rows:
        figure = {key: f"{float(found[key]):.4g}" for key in ("ours", "other", "ratio", "low", "high")}
        cells = [found["name"], figure["ours"], figure["other"], found["unit"], figure["ratio"]]
        cells += [f"{figure['low']} to {figure['high']}", found["target"], found["reached"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> str:
    """The processor, its cores, whether it computes in bfloat16, and the versions that matter."""
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    lines = text.splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    numbers = "with" if "avx512_bf16" in text or "amx_bf16" in text else "without"
    versions = f"Python {platform.python_version()}, torch {version('torch')}"
    return f"{name}, {os.cpu_count()} cores, {numbers} bfloat16; {versions}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cpu", action="store_true", help="measure CPU time")
    parser.add_argument("--mgsm", type=Path, metavar="DIR", help="folder of mgsm_<language>.tsv: real questions too")
    parser.add_argument("--limit", type=float, default=180, help="seconds for each; default: %(default)s")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which; default: {' '.join(NAMES)}")
    parser.add_argument("--tiny", action="store_true", help="the least that runs, to see that it does")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results.csv", help="default: %(default)s")
    arguments = parser.parse_args()
    names = arguments.names or NAMES
    if unknown := [name for name in names if name not in NAMES]:
        print(f"bench: no benchmark '{unknown[0]}'; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    if arguments.cpu:
        os.environ[CLOCK] = "cpu"
    rows, failed = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            path, log = Path(folder) / f"{name}.csv", Path(folder) / f"{name}.log"
            command = [sys.executable, str(Path(__file__).with_name(f"{name}.py")), f"--csv={path}"]
            command += ["--tiny"] if arguments.tiny else []
            command += [f"--mgsm={arguments.mgsm}"] if arguments.mgsm and name in REAL else []
            start = time.monotonic()
            with log.open("w") as file:
                try:
                    status = subprocess.run(command, stdout=file, stderr=file, timeout=arguments.limit).returncode
                except subprocess.TimeoutExpired:
                    status = f"more than {arguments.limit:.0f} s"  # type: ignore[assignment]
            print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
            if status == 0:
                rows += read_csv(path)
            else:
                failed.append(name)
                print(f"{name} failed ({status}):\n{log.read_text()}", file=sys.stderr, flush=True)
    write_csv(arguments.out, rows)
    print(f"{table(rows)}\n\n{machine()}; {'CPU time' if arguments.cpu else 'time of the wall'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
