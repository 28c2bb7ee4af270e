"""GRPO and an evaluation, killed in every way that a cluster knows: they end with the same weights and answers."""

import filecmp
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from clusters import Cluster, node_down_and_up, snakemake, start_snakemake

pytestmark = pytest.mark.soak

MODEL = "results/smoke/seed-1/models/adamame"
LOG = "results/smoke/logs/seed-1/train_grpo/adamame.log"
# Longer than the smoke study's, so that there is a middle; checkpoints every second step.
OVERLAY = "study: smoke\nmodels: {adamame: {training: {max_steps: 12, save_steps: 2}}}\n"


@pytest.fixture(scope="module")
def whole(cluster: Cluster, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with a longer GRPO, trained without a kill: what every other training must end with."""
    folder = tmp_path_factory.mktemp("kills") / "whole"
    shutil.copytree(finished, folder, symlinks=True)
    (folder / "longer.yaml").write_text(OVERLAY)
    done = train(cluster, folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def words(*more: str) -> tuple[str, ...]:
    return (*more, "--configfile", "config/smoke.yaml", "longer.yaml", "--", MODEL)


def train(cluster: Cluster, folder: Path):
    return snakemake(cluster, folder, *words())


def steps_done(folder: Path) -> int:
    """Of the newest whole checkpoint of the training."""
    found = [path.parent.name for path in (folder / "results/smoke/seed-1/checkpoints").glob("*/checkpoint-*/whole")]
    return max((int(name.split("-")[1]) for name in found), default=0)


def running_job(cluster: Cluster) -> str:
    return cluster.run("squeue", "--noheader", "--states=RUNNING", "--format=%A").stdout.split()[0]


def cancel(cluster: Cluster, folder: Path) -> None:
    cluster.run("scancel", running_job(cluster))


def kill_step(cluster: Cluster, folder: Path) -> None:
    """The trainer (or what answers) and all around it, as where a node runs out of memory."""
    cluster.run("pkill", "--signal", "KILL", "--full", "(train_grpo.py --recipe|generate.py --model)")


def restart_node(cluster: Cluster, folder: Path) -> None:
    node_down_and_up(cluster)


@pytest.mark.parametrize("kill", [cancel, kill_step, restart_node])
def test_a_killed_training_ends_with_the_same_weights(
    cluster: Cluster, whole: Path, tmp_path: Path, kill: Callable[[Cluster, Path], None]
) -> None:
    folder = tmp_path / "killed"
    shutil.copytree(whole, folder, symlinks=True)
    shutil.rmtree(folder / MODEL)
    run = start_snakemake(cluster, folder, *words())
    end = time.monotonic() + 300
    while not 4 <= steps_done(folder) < 12 and run.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    at = steps_done(folder)
    assert at >= 4, "it was not caught in the middle"
    kill(cluster, folder)
    said = run.communicate(timeout=600)[1]
    if run.returncode:  # it may take one more call
        done = train(cluster, folder)
        assert done.returncode == 0, said[-3000:] + done.stderr[-3000:]
    resumed = re.findall(r"resumed at step (\d+)", (folder / LOG).read_text())
    assert resumed and int(resumed[-1]) >= at
    compare(whole, folder)


def test_before_the_time_limit_a_checkpoint_is_written_and_the_next_run_goes_on(
    cluster: Cluster, whole: Path, tmp_path: Path
) -> None:
    """A minute for hundreds of steps; SLURM says so a quarter of a minute before. Then as long as it takes."""
    folder = tmp_path / "limited"
    shutil.copytree(whole, folder, symlinks=True)
    shutil.rmtree(folder / MODEL)
    profile, overlay = folder / "profiles/slurm/profile.yaml", OVERLAY.replace("max_steps: 12", "max_steps: 400")
    profile.write_text(profile.read_text().replace("TERM@120", "TERM@15"))
    (folder / "longer.yaml").write_text(overlay.replace("training:", "resources: {runtime: 1}, training:"))
    done = snakemake(cluster, folder, *words("--retries", "0"))
    assert done.returncode != 0
    assert "raise `resources.runtime` in the configuration" in done.stderr, done.stderr[-3000:]
    (step,) = re.findall(r"ended by SIGTERM after step (\d+) of 400, with a checkpoint", (folder / LOG).read_text())
    (folder / "longer.yaml").write_text(overlay)
    run = start_snakemake(cluster, folder, *words())
    end = time.monotonic() + 300
    while f"resumed at step {step}" not in (folder / LOG).read_text() and time.monotonic() < end:
        time.sleep(0.2)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=120)
    assert f"resumed at step {step}" in (folder / LOG).read_text()


# --- an evaluation

ANSWERS = "results/smoke/seed-1/generations/adamame/mini-mgsm.parquet"
ANSWERS_LOG = "results/smoke/logs/seed-1/generate/adamame/mini-mgsm.log"
ONE_BY_ONE = ("--configfile", "config/smoke.yaml", "--", ANSWERS)  # a batch for each of 8 x 4 x 2 completions


@pytest.fixture(scope="module")
def answered(cluster: Cluster, finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, its evaluation in the smallest batches, without a kill."""
    folder = tmp_path_factory.mktemp("answers") / "whole"
    shutil.copytree(finished, folder, symlinks=True)
    config = folder / "config/smoke.yaml"
    config.write_text(config.read_text().replace("    samples: 2\n", "    samples: 2\n    batch_tokens: 1\n"))
    (folder / ANSWERS).unlink()  # other batches alone rerun nothing
    done = snakemake(cluster, folder, *ONE_BY_ONE)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def kept(folder: Path) -> int:
    """Completions in the file of an evaluation that has begun, below the line of its key."""
    path = (folder / ANSWERS).with_name(".mini-mgsm.parquet.begun")
    return path.read_bytes().count(b"\n") - 1 if path.exists() else 0


@pytest.mark.parametrize("kill", [cancel, kill_step, restart_node])
def test_a_killed_evaluation_goes_on_and_ends_with_the_same_answers(
    cluster: Cluster, answered: Path, tmp_path: Path, kill: Callable[[Cluster, Path], None]
) -> None:
    folder = tmp_path / "killed"
    shutil.copytree(answered, folder, symlinks=True)
    (folder / ANSWERS).unlink()
    assert kept(folder) == 0  # the workflow ended well, and took it away
    run = start_snakemake(cluster, folder, *ONE_BY_ONE)
    end = time.monotonic() + 300
    while kept(folder) < 8 and run.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    at = kept(folder)
    assert 8 <= at < 64, "it was not caught in the middle"
    kill(cluster, folder)
    said = run.communicate(timeout=600)[1]
    if run.returncode:  # it may take one more call
        done = snakemake(cluster, folder, *ONE_BY_ONE)
        assert done.returncode == 0, said[-3000:] + done.stderr[-3000:]
    (resumed,) = re.findall(r"resumed after (\d+) of 64 completions", (folder / ANSWERS_LOG).read_text())
    assert int(resumed) >= at
    assert filecmp.cmp(answered / ANSWERS, folder / ANSWERS, shallow=False)
    assert kept(folder) == 0


def compare(one: Path, other: Path) -> None:
    for name in ("model.safetensors", "history.csv"):
        assert filecmp.cmp(one / MODEL / name, other / MODEL / name, shallow=False), name
    assert not list((other / "results/smoke").rglob("*.part"))
    assert not list((other / "results/smoke/seed-1/checkpoints").iterdir())
