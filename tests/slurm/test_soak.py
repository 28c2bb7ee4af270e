"""The smoke study on SLURM with kills at random moments: the same tables at the end, and nothing half-written."""

import filecmp
import os
import random
import signal
import time
from pathlib import Path

from conftest import STUDY, Cluster, checkout, snakemake, start_snakemake
from test_kills import node_down_and_up
from test_study import SAME

KILLS = int(os.getenv("VERNACULAR_KILLS", "2"))
SEED = int(os.getenv("VERNACULAR_SEED", "1"))


def random_job(cluster: Cluster, rng: random.Random) -> list[str]:
    jobs = cluster.run("squeue", "--noheader", "--states=RUNNING", "--format=%A").stdout.split()
    return [rng.choice(jobs)] if jobs else []


def test_random_kills_leave_the_study_as_it_would_have_been(cluster: Cluster, finished: Path, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    print(f"{KILLS} kills, VERNACULAR_SEED={SEED}", flush=True)
    folder = checkout(tmp_path / "soak")
    words = ("--retries", "8", *STUDY, "adamame")  # twenty kills may hit one job more than three times
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
            node_down_and_up(cluster, folder)
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
    weights = [path.relative_to(there) for path in there.glob("seed-1/models/*/*.safetensors")]
    for name in [*SAME, *weights]:
        assert filecmp.cmp(here / name, there / name, shallow=False), name
    while cluster.run("squeue", "--noheader", "--states=RUNNING,PENDING").stdout:
        time.sleep(1)  # jobs of a killed snakemake end by themselves
    left = {path.relative_to(here).parts[:2] for path in here.rglob("*") if path.is_file()}
    expected = {path.relative_to(there).parts[:2] for path in there.rglob("*") if path.is_file()}
    assert {parts for parts in left - expected if "checkpoints" not in parts and "logs" not in parts} == set()
    assert not list(here.rglob("*.part")) and not list((here / "seed-1/checkpoints").glob("*/checkpoint-*"))
