"""Kills, full and read-only disks, cut files under Snakemake: a clear message or a recovery, then the very same files.

`make test-all` takes one rule, `make soak` one of each sort (VERNACULAR_FAULTS=all); test_rule_faults.py goes through
all rules' scripts. The moments of the kills are drawn with VERNACULAR_SEED.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from studies import ROOT, command, environment, run_study, snakemake

pytestmark = pytest.mark.slow
ALL = os.getenv("VERNACULAR_FAULTS") == "all"
SEED = int(os.getenv("VERNACULAR_SEED", "1"))
RESULTS = "results/smoke"
# Rule -> (what it makes, its script, seconds within which it is killed): a stage, a training, answers, a figure. The
# scripts of all rules are tried in test_rule_faults.py.
RULES = {
    "filter_traces": (
        ["corpus/traces/kept.parquet", "corpus/filter.csv", "corpus/filter_quality.csv"],
        "filter_traces",
        3,
    ),
    "train_sft": (["seed-1/models/sft"], "train_sft", 10),
    "generate": (["seed-1/generations/sft/mini-mgsm.parquet"], "generate", 8),
    "plot_training": (
        [f"figures/training{more}.{kind}" for more in ("", "-languages") for kind in ("png", "svg", "pdf", "csv")],
        "plot_training",
        2,
    ),
}
CHOSEN = list(RULES) if ALL else ["filter_traces"]


def contents(folder: Path, outputs: list[str]) -> dict[str, bytes]:
    """The bytes of what a rule made; of a model what must be the same in every run (a manifest tells of no time)."""
    files = [path for name in outputs for path in ((folder / RESULTS / name).rglob("*"), [folder / RESULTS / name])]
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for group in files
        for path in group
        if path.is_file() and not path.name.startswith(".")
    }


def remove(folder: Path, outputs: list[str]) -> None:
    for name in outputs:
        path = folder / RESULTS / name
        subprocess.run(["rm", "-r", str(path)], check=True)


def targets(outputs: list[str]) -> list[str]:
    return [f"{RESULTS}/{name}" for name in outputs]


def running(script: str, folder: Path) -> int | None:
    """The process that runs a script for the study in `folder`."""
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            here = entry.name.isdigit() and os.readlink(entry / "cwd") == str(folder)
        except OSError:
            continue
        if here and len(words) > 1 and words[1].endswith(f"/scripts/{script}.py".encode()):
            return int(entry.name)
    return None


def recovers(folder: Path, outputs: list[str], before: dict[str, bytes]) -> None:
    """The next run completes, with the same bytes, and leaves nothing half-written."""
    run_study(folder, *targets(outputs))
    assert contents(folder, outputs) == before
    assert not list((folder / RESULTS).rglob(".*.part")) and not list((folder / RESULTS).rglob(".*.old"))


@pytest.mark.parametrize("rule", CHOSEN)
def test_a_killed_rule_leaves_nothing_half_and_the_next_run_ends_it(study_copy: Path, rule: str) -> None:
    outputs, script, seconds = RULES[rule]
    before = contents(study_copy, outputs)
    delay = random.Random(f"{SEED} {rule}").uniform(0, seconds)
    for _ in range(4):  # sooner each time, should it have ended before the kill
        remove(study_copy, outputs)
        run = subprocess.Popen(
            command(study_copy, *targets(outputs)), cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        while (process := running(script, study_copy)) is None and run.poll() is None:
            time.sleep(0.01)
        time.sleep(delay)
        if process is not None and (process := running(script, study_copy)) is not None:
            os.kill(process, signal.SIGKILL)
        said = run.communicate(timeout=1200)[1]
        if run.returncode:
            break
        delay /= 3
    print(f"{rule}: killed after {delay:.2f} s", flush=True)
    assert run.returncode and f"failed: {rule}" in said, said[-3000:]
    left = contents(study_copy, outputs)
    assert all(before[name] == data for name, data in left.items()), "half a file"
    recovers(study_copy, outputs, before)


# --- Disks ------------------------------------------------------------------------------------------------------------


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


@contextmanager
def disk_of(folder: Path, *options: str) -> Iterator[Path]:
    """The results of a study on a disk of their own."""
    results, kept = folder / RESULTS, folder / "kept"
    if os.geteuid():
        pytest.skip("NOT TESTED: only root may mount the disk that this test needs")
    results.rename(kept)
    results.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=1g", "tmpfs", results)
    except subprocess.CalledProcessError:
        pytest.skip("NOT TESTED: this machine lets nobody mount a small disk")
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", results], check=True)
        yield results
    finally:
        subprocess.run(["umount", "--lazy", results], check=True)


@pytest.mark.parametrize("rule", CHOSEN)
def test_a_full_disk_is_told_and_the_next_run_ends_it(study_copy: Path, rule: str) -> None:
    outputs, _, _ = RULES[rule]
    with disk_of(study_copy) as results:
        before = contents(study_copy, outputs)
        remove(study_copy, outputs)
        used = os.statvfs(results)
        full = (used.f_blocks - used.f_bfree) * used.f_frsize
        mount("-o", f"remount,size={full}", results)
        done = snakemake(study_copy, *targets(outputs))
        assert done.returncode and "the disk is full" in done.stderr, done.stderr[-3000:]
        assert contents(study_copy, outputs) == {}
        mount("-o", "remount,size=1g", results)
        recovers(study_copy, outputs, before)


def test_a_folder_that_cannot_be_written_is_told(study_copy: Path) -> None:
    outputs, _, _ = RULES["filter_traces"]
    with disk_of(study_copy) as results:
        before = contents(study_copy, outputs)
        remove(study_copy, outputs)
        mount("-o", "remount,ro", results)
        done = snakemake(study_copy, *targets(outputs))
        assert done.returncode and "Read-only file system" in done.stderr, done.stderr[-3000:]
        mount("-o", "remount,rw", results)
        recovers(study_copy, outputs, before)


# --- Cut files and clocks ---------------------------------------------------------------------------------------------

# What is cut -> the rule that reads it.
CUT = {
    "corpus/traces/raw.parquet": "filter_traces",
    "seed-1/models/sft/model.safetensors": "generate",
    "seed-1/models/adamame/history.csv": "plot_training",
}


@pytest.mark.parametrize("name", CUT if ALL else list(CUT)[:1])
def test_a_cut_file_is_named_and_making_it_again_mends_it(study_copy: Path, name: str) -> None:
    outputs, _, _ = RULES[CUT[name]]
    before, path = contents(study_copy, outputs), study_copy / RESULTS / name
    whole = path.stat()
    path.write_bytes(path.read_bytes()[: whole.st_size // 2])
    os.utime(path, ns=(whole.st_atime_ns, whole.st_mtime_ns))  # the disk did it, and tells nobody
    remove(study_copy, outputs)
    done = snakemake(study_copy, *targets(outputs), "--rerun-triggers", "mtime")
    assert done.returncode and f"failed: {CUT[name]}" in done.stderr, done.stderr[-3000:]
    logs = "".join(log.read_text(encoding="utf-8") for log in (study_copy / RESULTS / "logs").rglob("*.log"))
    told = path.parent.name if "models" in name else name
    assert told in logs and "delete" in logs and "Traceback" not in logs.split(told)[-1]
    made = path.parent if "models" in name else path
    subprocess.run(["rm", "-r", str(made)], check=True)
    recovers(study_copy, outputs, before)


def test_files_from_the_future_are_named_and_touched(study_copy: Path) -> None:
    """As a clock that was set back leaves them: Snakemake says so, and `--touch` mends it."""
    outputs, _, _ = RULES["filter_traces"]
    before = contents(study_copy, outputs)
    for path in (study_copy / RESULTS).rglob("*"):
        os.utime(path, (time.time() + 2 * 86400,) * 2)
    assert "Nothing to be done" in run_study(study_copy, *targets(outputs))
    remove(study_copy, outputs)
    failed = snakemake(study_copy, *targets(outputs))
    assert failed.returncode != 0 and "clock skew" in failed.stdout + failed.stderr
    run_study(study_copy, "--touch", "--forceall", f"{RESULTS}/corpus/traces/raw.parquet")
    recovers(study_copy, outputs, before)
