"""The benchmarks: their rows, their table, the command that runs them. How fast anything is, no test says."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks"
sys.path.insert(0, str(FOLDER))

import bench  # noqa: E402
import gpu  # noqa: E402


def test_every_script_is_run_or_is_known_to_stand_apart() -> None:
    scripts = {path.stem for path in FOLDER.glob("*.py")}
    assert scripts == {*bench.NAMES, "bench", "texts", "slurm", "gpu"}


def test_a_row_holds_medians_and_the_spread_of_the_ratios() -> None:
    sides = iter([4.0, 2.0, 9.0, 3.0, 5.0, 5.0])
    found = bench.paired("x", "rows a second", lambda: next(sides), lambda: next(sides), ">= 2", pairs=3)
    assert set(found) == set(bench.COLUMNS)
    assert (found["ours"], found["other"]) == (5.0, 3.0)
    assert (found["low"], found["ratio"], found["high"]) == (1.0, 2.0, 3.0)
    assert found["reached"] == "yes"


@pytest.mark.parametrize("reached", [">= 2", "<= 2", "ours >= 4"])
@pytest.mark.parametrize("missed", [">= 2.1", "<= 1.9", "ours <= 3"])
def test_targets(reached: str, missed: str) -> None:
    found = [bench.row("x", "seconds", [(4.0, 2.0)], target)["reached"] for target in (reached, missed, "")]
    assert found == ["yes", "no", ""]


def test_sides_are_timed() -> None:
    work: list[int] = []
    assert bench.seconds(lambda: work.append(1))() >= 0
    assert bench.rate(10, lambda: work.append(sum(range(100_000))))() > 0
    assert len(work) == 2


def test_the_command_writes_the_table(tmp_path: Path) -> None:
    """One cheap benchmark at its least; the CSV has the columns, and the table that is printed is that of the CSV."""
    out = tmp_path / "results.csv"
    command = [sys.executable, str(FOLDER / "bench.py"), "--tiny", "--limit", "600", "--out", str(out), "start"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    with out.open(newline="") as file:
        assert next(csv.reader(file)) == bench.COLUMNS
    [row] = bench.read_csv(out)
    assert (
        row["name"] == "start of filter_traces" and float(row["low"]) == float(row["high"]) == float(row["ratio"]) > 0
    )
    assert done.stdout.startswith(bench.table([row])) and "cores" in done.stdout


def test_an_unknown_benchmark_is_named() -> None:
    done = subprocess.run(
        [sys.executable, str(FOLDER / "bench.py"), "identity"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and done.stderr.startswith("bench: no benchmark 'identity'; there are: identify, ")


def test_what_a_benchmark_failed_of_is_told(tmp_path: Path) -> None:
    command = [sys.executable, str(FOLDER / "bench.py"), "--limit", "0.01", "--out", str(tmp_path / "r.csv"), "start"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "start failed (more than 0 s)" in done.stderr


def test_trainings_are_measured_and_one_that_fails_is_told(tmp_path: Path) -> None:
    """One training at its least; another that gets no time takes nothing from what was measured."""
    out = tmp_path / "gpu.csv"
    command = [sys.executable, str(FOLDER / "gpu.py"), "--tiny", "--cpu", "--limit", "600", "--out", str(out), "slam"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    [row] = csv.DictReader(out.read_text().splitlines())
    assert list(row) == gpu.COLUMNS and (row["training"], row["steps"]) == ("SLAM", "1")
    assert min(float(row[key]) for key in ("seconds", "tokens_a_second", "peak_memory", "parameters")) > 0
    assert "| SLAM | tiny, 0.2M |" in done.stdout
    command[command.index("600")] = "0.01"
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1 and "slam, tiny failed (more than 0 s)" in done.stderr
    assert out.read_text().splitlines() == [",".join(gpu.COLUMNS)]


def test_the_page_shows_the_results() -> None:
    """All except the simulations' rows, which docs/claims.md sums up."""
    page = (ROOT / "docs" / "measurements.md").read_text(encoding="utf-8")
    rows = [row for row in bench.read_csv(FOLDER / "results.csv") if row["unit"] != "share of studies"]
    assert bench.table(rows) in page
