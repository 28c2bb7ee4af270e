"""The smoke study on a real SLURM: the same bytes as on this machine, without a network, and what goes wrong there."""

import filecmp
import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
import yaml
from clusters import STUDY, Cluster, checkout, node_down_and_up, snakemake, start_snakemake

pytestmark = pytest.mark.slow
KILLS = int(os.getenv("VERNACULAR_KILLS", "2"))
SEED = int(os.getenv("VERNACULAR_SEED", "1"))
SAME = ("tables/scores.csv", "figures/pareto.csv", "corpus/filter*.csv")
SAME += ("seed-1/models/*/*.safetensors", "seed-1/scores/*/*.parquet")


def compare(here: Path, there: Path) -> int:
    """Every table, score and weight of a study is the same in another; returns how many there are."""
    names = [path.relative_to(here) for pattern in SAME for path in here.glob(pattern)]
    for name in names:
        assert filecmp.cmp(here / name, there / name, shallow=False), name
    return len(names)


def test_tables_and_weights_are_those_of_a_local_run(finished: Path, study: Path) -> None:
    assert compare(study / "results/smoke", finished / "results/smoke") >= 14


def test_jobs_had_no_network_and_left_no_logs_behind(cluster: Cluster, finished: Path) -> None:
    """They ran in the cluster's own network namespace, which has the loopback device alone."""
    devices = cluster.run("cat", "/proc/net/dev").stdout.splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]
    assert not list((finished / "results/slurm-logs").rglob("*.log"))
    assert cluster.run("squeue", "--noheader", "--states=RUNNING,PENDING").stdout == ""


def plan(cluster: Cluster, folder: Path, *words: str) -> str:
    done = snakemake(cluster, folder, "--dry-run", *words)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_single_parts_run_again(cluster: Cluster, copied: Path) -> None:
    """One figure, one benchmark, one model by target; and a parameter takes what depends on it along."""
    assert "Nothing to be done" in plan(cluster, copied, *STUDY, "adamame")
    (copied / "results/smoke/figures/pareto.png").unlink()
    (copied / "results/smoke/seed-1/scores/sft/mini-msvamp.parquet").unlink()
    done = snakemake(cluster, copied, *STUDY, "results/smoke/seed-1/scores/sft/mini-msvamp.parquet")
    assert done.returncode == 0, done.stderr[-3000:]
    planned = plan(cluster, copied, *STUDY, "results/smoke/figures/pareto.png")
    assert "pareto" in planned and "train_" not in planned
    changed = plan(cluster, copied, "--config", "bootstrap=200", "--configfile", "config/smoke.yaml", "--", "adamame")
    assert "table" in changed and "train_" not in changed


def rewritten(path: Path, change: dict) -> None:
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **change}))


WRONG = {
    "an unknown partition": (
        {"partitions": {"nope": {"max_runtime": 1440}}},
        {},
        ["the cluster has no such partition", "profiles/slurm/partitions.yaml"],
    ),
    "more memory than a node has": (
        {"partitions": {"cpu": {}}},
        {"mem_mb": 99999999},
        ["that much memory", "resources"],
    ),
    "a longer job than the partition lets": (
        {"partitions": {"cpu": {}}},
        {"runtime": 99999},
        ["the partition's jobs are shorter", "limits.runtime"],
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_the_site_got_wrong_is_said_with_the_file_to_change(cluster: Cluster, copied: Path, wrong: str) -> None:
    partitions, defaults, said = WRONG[wrong]
    profile = copied / "profiles/slurm/profile.yaml"
    rewritten(copied / "profiles/slurm/partitions.yaml", partitions)
    rewritten(profile, {"default-resources": {"mem_mb": 400, "runtime": 5, **defaults}, "retries": 0})
    (copied / "results/smoke/tables/scores.csv").unlink()
    done = snakemake(cluster, copied, *STUDY, "results/smoke/tables/scores.csv")
    assert done.returncode != 0
    for words in [
        *said,
        "After fixing this, rerun: snakemake --profile slurm",
        "failed: make_table (results/smoke/tables/scores.csv)",
    ]:
        assert words in done.stderr, done.stderr[-3000:]


def test_gpus_are_asked_for_in_either_flavour_and_missed_by_preflight(
    cluster: Cluster, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node hands out devices that torch cannot use, as where the driver is missing: preflight says so."""
    overlay = copied / "gpu.yaml"
    overlay.write_text("models: {sft: {resources: {gpu: 1}}}\n")
    for flavour in ("gpu", "gres"):
        monkeypatch.setenv("VERNACULAR_GPU", flavour)
        command = ("--retries", "0", "--configfile", "config/smoke.yaml", "gpu.yaml", "--", "preflight")
        done = snakemake(cluster, copied, *command)
        assert done.returncode != 0 and "sees 0 GPUs, not 1" in done.stderr, done.stderr[-3000:]
        assert "Auto-selected partition 'gpu'" in done.stderr
    rewritten(copied / "profiles/slurm/partitions.yaml", {"partitions": {"cpu": {"max_gpu": 8}}})
    overlay.write_text("study: smoke\nmodels: {sft: {launch: {processes: 5}, resources: {gpu: 5}}}\n")
    shutil.rmtree(copied / "results/smoke/seed-1/models/sft")
    target = "results/smoke/seed-1/models/sft"
    done = snakemake(cluster, copied, "--retries", "0", "--configfile", "config/smoke.yaml", "gpu.yaml", "--", target)
    assert done.returncode != 0 and "no node of the partition has that many GPUs" in done.stderr, done.stderr[-3000:]


def test_no_value_folder_or_module_of_the_working_directory_is_run(cluster: Cluster, tmp_path: Path) -> None:
    """Neither on the login node nor in the job: what a shell would run arrives as it was written."""
    folder = checkout(tmp_path / "a$(touch was-run)`touch was-run`;touch was-run")
    for name in ("random", "types", "json"):
        (folder / f"{name}.py").write_text("open('was-run', 'w')\nraise SystemExit(7)\n")
    target = "results/smoke/corpus/questions/dev.parquet"
    words = ("--retries", "0", "--config", "scale=$(touch was-run)`touch was-run`", *STUDY, target)
    done = snakemake(cluster, folder, *words)
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / target).exists() and not list(tmp_path.rglob("was-run"))


def test_a_second_snakemake_stops_at_the_lock(cluster: Cluster, copied: Path) -> None:
    shutil.rmtree(copied / "results/smoke/seed-1/models/adamame")
    target = "results/smoke/seed-1/models/adamame"
    first = start_snakemake(cluster, copied, *STUDY, target)
    try:
        # The job deletes what it makes first; a Snakemake that looks meanwhile would fail before it comes to the lock.
        costs = copied / "results/smoke/costs/seed-1/adamame.csv"
        end = time.monotonic() + 60
        while costs.exists() and time.monotonic() < end:
            time.sleep(0.2)
        second = snakemake(cluster, copied, *STUDY, target)
        assert second.returncode != 0
        assert "cannot be locked" in second.stderr
    finally:
        first.send_signal(2)
        first.communicate(timeout=120)


# --- kills at random moments: the same tables and weights at the end, and nothing half-written


def random_job(cluster: Cluster, rng: random.Random) -> list[str]:
    jobs = cluster.run("squeue", "--noheader", "--states=RUNNING", "--format=%A").stdout.split()
    return [rng.choice(jobs)] if jobs else []


@pytest.mark.soak
def test_random_kills_leave_the_study_as_it_would_have_been(cluster: Cluster, finished: Path, tmp_path: Path) -> None:
    """With few kills one model and its scores, from the corpus on; with more the whole study."""
    rng = random.Random(SEED)
    print(f"{KILLS} kills, VERNACULAR_SEED={SEED}", flush=True)
    folder = checkout(tmp_path / "soak")
    target = "results/smoke/seed-1/scores/adamame/mini-mgsm.parquet" if KILLS <= 2 else "adamame"
    words = ("--retries", "8", *STUDY, target)  # twenty kills may hit one job more than three times
    run = start_snakemake(cluster, folder, *words)
    start = time.monotonic()
    for number in range(KILLS):
        time.sleep(rng.uniform(8, 40))
        if run.poll() is not None:
            run.communicate()
            assert run.returncode != 0 or number, "it ended before the first kill"
            if run.returncode == 0:
                print(f"the study ended after {number} kills", flush=True)
                break
            run = start_snakemake(cluster, folder, *words)
            continue
        how = rng.choice(["scancel", "kill -9 of a script", "node", "kill -9 of snakemake"])
        print(f"{time.monotonic() - start:.0f} s: {how}", flush=True)
        if how == "scancel":
            cluster.run("scancel", *random_job(cluster, rng))
        elif how == "kill -9 of a script":
            cluster.run("pkill", "--signal", "KILL", "--oldest", "--full", f"^python {folder}/workflow/scripts/")
        elif how == "node":
            node_down_and_up(cluster)
        else:
            run.send_signal(signal.SIGKILL)
            run.communicate()
            assert snakemake(cluster, folder, "--unlock", *STUDY).returncode == 0
            run = start_snakemake(cluster, folder, *words)
    said = run.communicate(timeout=1500)[1]
    for _ in range(2):
        if run.returncode == 0:
            break
        run = start_snakemake(cluster, folder, *words)
        said = run.communicate(timeout=1500)[1]
    assert run.returncode == 0, said[-4000:]
    here, there = folder / "results/smoke", finished / "results/smoke"
    assert compare(here, there) >= 4
    while cluster.run("squeue", "--noheader", "--states=RUNNING,PENDING").stdout:
        time.sleep(1)  # jobs of a killed snakemake end by themselves
    left = {path.relative_to(here).parts[:2] for path in here.rglob("*") if path.is_file()}
    expected = {path.relative_to(there).parts[:2] for path in there.rglob("*") if path.is_file()}
    assert {parts for parts in left - expected if "checkpoints" not in parts and "logs" not in parts} == set()
    assert not list(here.rglob("*.part")) and not list((here / "seed-1/checkpoints").glob("*/checkpoint-*"))
