"""Every rule's script under faults: killed, on a full or read-only disk, before cut files, with a clock that jumps.

Each ends in one line that says what is wrong, or does no harm; run again, the job leaves the bytes of an undisturbed
run. `make test-all` takes one rule, `make soak` all (VERNACULAR_FAULTS=all). The moments of the kills are drawn with
VERNACULAR_SEED.
"""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from jobs import Job, jobs_of, jumping_clock, server, start
from studies import run_study
from test_faults import ALL, SEED, mount

pytestmark = pytest.mark.slow
RESULTS = "results/smoke"
# Rule -> an output, of a job that takes little; all rules of the study but the downloads'.
RULES = {
    "make_questions": "corpus/questions/test.parquet",
    "make_training_data": "corpus/training/reasoning.parquet",
    "make_traces": "corpus/traces/raw.parquet",
    "filter_traces": "corpus/traces/kept.parquet",
    "check_leaks": "corpus/merge-leaks.csv",
    "pretrain": "seed-1/models/base",
    "pretrain_translator": "seed-1/models/translator",
    "train_finetune": "seed-1/models/reasoner",
    "train_sft": "seed-1/models/sft",
    "make_rl_prompts": "seed-1/corpus/rl/sft.parquet",
    "train_grpo": "seed-1/models/adamame",
    "slam_probe": "seed-1/slam/reasoner/probe.parquet",
    "slam_select": "seed-1/slam/slam/layers.json",
    "train_slam": "seed-1/models/slam",
    "train_mapping": "seed-1/models/mapping",
    "train_merge": "seed-1/models/st-merge",
    "generate": "seed-1/generations/reasoner/mini-xnli.parquet",
    "generate_merged": "seed-1/generations/st-merge/mini-xnli.parquet",
    "generate_translated": "seed-1/generations/reasoner+translate-en/mini-xnli.parquet",
    "score": "seed-1/scores/lrm/mini-msvamp.parquet",
    "make_table": "tables/scores.csv",
    "make_claims": "tables/claims.csv",
    "plot_pareto": "figures/pareto.png",
    "plot_languages": "figures/languages.png",
    "plot_training": "figures/training.png",
    "make_samples": "tables/samples.csv",
    "make_page": "index.html",
    "make_card": "cards/seed-1/lrm.md",
    "make_slam_table": "tables/slam.csv",
    "make_slam_costs": "costs/slam.csv",
    "plot_slam_probe": "figures/slam-probe-reasoner.png",
    "make_slam_sweep": "tables/slam-sweep.csv",
    "plot_slam_sweep": "figures/slam-sweep.png",
    "make_merge_table": "tables/merge.csv",
    "make_merge_languages": "tables/merge-mini-xnli.csv",
    "plot_merge_gates": "figures/merge-gates.png",
}
TRAININGS = [rule for rule in RULES if rule.startswith(("train_", "pretrain"))]
CHOSEN = list(RULES) if ALL else ["make_samples"]
PARTS = ["all", "slam", "slam-sweep", "merge", "merge-steering", "cards"] if ALL else ["all"]


class Stage(NamedTuple):
    """The study on a disk of its own, and a job of it with what it left undisturbed."""

    folder: Path
    mounted: bool
    rule: str
    job: Job
    whole: dict[str, bytes]
    seconds: float
    log: Path
    context: object

    def run(self, **options) -> tuple[int, str]:  # type: ignore[no-untyped-def]
        """(exit status, what it said) of the job, after its outputs were removed."""
        remove(self.folder, self.job)
        process = start(self.context, self.folder, self.job, self.log, **options)  # type: ignore[arg-type]
        process.join(1200)
        assert process.exitcode is not None, "hangs"
        return process.exitcode, self.log.read_text(encoding="utf-8")

    def runs_again(self) -> None:
        status, said = self.run()
        assert status == 0, said[-2000:]
        assert contents(self.folder, self.job) == self.whole

    def failed_clearly(self, status: int, said: str, *told: str) -> None:
        """One line that tells, and nothing half-written; or it was no fault for this job, whose outputs are whole."""
        left = contents(self.folder, self.job)
        if status == 0:
            assert left == self.whole
            return
        last = said.rstrip("\n").split("\n")[-1]
        assert status == 1 and "Traceback" not in said and any(word in last for word in told), said[-3000:]
        assert all(self.whole[name] == data for name, data in left.items()), "half a file"


def contents(folder: Path, job: Job) -> dict[str, bytes]:
    """The bytes of all that a job made, without what it measured (seconds, memory)."""
    paths = [path for name in job.outputs if "/costs/seed-" not in name for path in below(folder / name)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def below(path: Path) -> list[Path]:
    found = [path, *path.rglob("*")]
    return [file for file in found if file.is_file() and not file.name.startswith(".")]


def remove(folder: Path, job: Job) -> None:
    for name in job.outputs:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():  # a read-only disk refuses to remove what is not there, too
            path.unlink()


@pytest.fixture(scope="module")
def whole_study(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study with every part that the chosen rules need; of all rules it is a copy, which no other test shares."""
    if not ALL:
        return study
    folder = Path(shutil.copytree(study, tmp_path_factory.mktemp("whole") / "study", symlinks=True))
    run_study(folder, *PARTS)
    return folder


@pytest.fixture(scope="module")
def disk(whole_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, bool]]:
    """(folder with a copy of the study, whether it is on a small disk of its own)."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", str(folder)], capture_output=True
        ).returncode
    )
    shutil.copytree(whole_study, folder, symlinks=True, dirs_exist_ok=True)
    yield folder, mounted
    if mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="module")
def jobs(whole_study: Path) -> list[Job]:
    return jobs_of(whole_study, PARTS)


@pytest.mark.skipif(not ALL, reason="the default target alone has not all rules")
def test_no_script_is_left_out(jobs: list[Job]) -> None:
    chosen = {f"{RESULTS}/{output}" for output in RULES.values()}
    assert {job.words[0] for job in jobs if chosen & {*job.outputs}} == {job.words[0] for job in jobs}


@pytest.fixture(scope="module", params=CHOSEN)
def stage(
    request: pytest.FixtureRequest,
    disk: tuple[Path, bool],
    jobs: list[Job],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    folder, mounted = disk
    [job] = [job for job in jobs if f"{RESULTS}/{RULES[request.param]}" in job.outputs]
    context = server()
    log = tmp_path_factory.mktemp("log") / "log"
    begun = time.monotonic()
    first = Stage(folder, mounted, request.param, job, {}, 0.0, log, context)
    status, said = first.run()
    assert status == 0, said[-3000:]
    yield first._replace(whole=contents(folder, job), seconds=time.monotonic() - begun)


@pytest.fixture
def small_disk(stage: Stage) -> Stage:
    if not stage.mounted:
        pytest.skip("NOT TESTED: this machine lets this user mount no small disk")
    return stage


def test_killed_at_a_random_moment(stage: Stage) -> None:
    delay = random.Random(f"{SEED} {stage.rule}").uniform(0, stage.seconds)
    for _ in range(5):  # sooner each time, should it have ended before the kill
        remove(stage.folder, stage.job)
        process = start(stage.context, stage.folder, stage.job, stage.log)  # type: ignore[arg-type]
        time.sleep(delay)
        process.kill()
        process.join()
        if process.exitcode:
            break
        delay /= 3
    assert process.exitcode == -9
    left = contents(stage.folder, stage.job)
    assert all(stage.whole[name] == data for name, data in left.items()), "half a file"
    stage.runs_again()


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_full_disk(small_disk: Stage, share: float) -> None:
    """Without a free page, and with room for half of what the job writes."""
    stage = small_disk
    remove(stage.folder, stage.job)
    used = os.statvfs(stage.folder)
    room = int(share * sum(map(len, stage.whole.values()))) // used.f_frsize
    full = (used.f_blocks - used.f_bfree + room) * used.f_frsize
    mount("-o", f"remount,size={full}", stage.folder)
    try:
        stage.failed_clearly(*stage.run(), "No space left", "is the disk full?")
    finally:
        mount("-o", "remount,size=1g", stage.folder)
    stage.runs_again()


def test_a_read_only_folder(small_disk: Stage) -> None:
    stage = small_disk
    remove(stage.folder, stage.job)
    mount("-o", "remount,ro", stage.folder)
    try:
        status, said = stage.run()
    finally:
        mount("-o", "remount,rw", stage.folder)
    assert status
    stage.failed_clearly(status, said, "Read-only file system")
    stage.runs_again()


def cut_files(folder: Path, inputs: list[str]) -> list[Path]:
    """Of each kind of input one: a file, or of a model folder the weights, the manifest and the history."""
    kinds: dict[tuple[str, ...], list[Path]] = {}
    for name in inputs:
        path = folder / name
        if name.startswith(RESULTS) and path.exists():
            kinds.setdefault((*Path(name).parts[2:5:2], path.suffix), []).append(path)
    found = []
    for paths in kinds.values():
        if paths[0].is_dir():
            names = ("manifest.json", "history.csv")
            found += [file for file in below(paths[0]) if file.name in names or file.suffix == ".safetensors"]
        else:
            found.append(paths[0])
    return found


def test_cut_files(stage: Stage) -> None:
    """Each kind of file that the job reads, cut to half: named, or not read at all."""
    noticed = 0
    files = cut_files(stage.folder, stage.job.inputs)
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        try:
            status, said = stage.run()
            noticed += bool(status)
            stage.failed_clearly(status, said, path.name, str(path.parent.relative_to(stage.folder)))
        finally:
            path.write_bytes(whole)
    assert noticed or not files
    print(f"{stage.rule}: {noticed} of {len(files)} cut files noticed: {', '.join(file.name for file in files)}")
    stage.runs_again()


def test_a_clock_that_jumps(stage: Stage) -> None:
    status, said = stage.run(before=jumping_clock)
    assert status == 0, said[-3000:]
    assert contents(stage.folder, stage.job) == stage.whole
    for name in stage.job.outputs:
        if "/costs/seed-" in name:
            assert (pd.read_csv(stage.folder / name)["seconds"] >= 0).all()


@pytest.mark.parametrize("cut", [True, False])
def test_a_checkpoint(stage: Stage, cut: bool) -> None:
    """Killed once a checkpoint stands, which is gone on from; one whose largest file loses its second half is not."""
    if stage.rule not in TRAININGS:
        return
    checkpoints = stage.folder / RESULTS / "seed-1/checkpoints"
    remove(stage.folder, stage.job)
    process = start(stage.context, stage.folder, stage.job, stage.log)  # type: ignore[arg-type]
    while not (marks := list(checkpoints.rglob("whole"))) and process.is_alive():
        time.sleep(0.002)
    process.kill()
    process.join()
    assert marks, "it ended before its checkpoint was seen"
    for mark in marks if cut else []:
        largest = max(below(mark.parent), key=lambda file: file.stat().st_size)
        os.truncate(largest, largest.stat().st_size // 2)
    stage.runs_again()
    assert ("resumed" in stage.log.read_text(encoding="utf-8")) != cut
