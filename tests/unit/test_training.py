"""What every training relies on: digests, keys, checkpoints, the lock, progress and history."""

import argparse
import csv
import importlib
import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scripts import run_script

from vernacular.models import job as job_module
from vernacular.models import loop
from vernacular.models.job import failed_write, training_job, training_key
from vernacular.models.loop import WHOLE, last_checkpoint, mark_whole, report_progress
from vernacular.models.provenance import digest
from vernacular.models.record import write_history
from vernacular.storage.files import read_json
from vernacular.storage.records import KEPT_TRACE, TRAINING, write_rows

SOURCE = Path(__file__).parents[2] / "src"

# --- Digests and keys -------------------------------------------------------------------------------------------------


def model_folder(path: Path) -> Path:
    path.mkdir()
    for name in (
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "chat_template.jinja",
        "manifest.json",
        "history.csv",
    ):
        (path / name).write_text(name)
    return path


def test_digest_follows_what_a_model_loads_and_nothing_else(tmp_path: Path) -> None:
    folder = model_folder(tmp_path / "a")
    before = digest(folder)
    assert before == digest(model_folder(tmp_path / "b"))
    for name in ("manifest.json", "history.csv", ".snakemake_timestamp"):
        (folder / name).write_text("changed")
        assert digest(folder) == before
    seen = {before}
    for name in ("model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"):
        (folder / name).write_bytes((folder / name).read_bytes()[:-1] + b"!")  # the same size
        seen.add(digest(folder))
    (folder / "model-00002.safetensors").touch()
    seen.add(digest(folder))
    assert len(seen) == 6


def test_digest_of_a_file_and_of_nothing(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_bytes(b"1" * 3_000_000)
    before = digest(file)
    file.write_bytes(b"1" * 2_999_999 + b"2")
    assert digest(file) != before
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "missing"):
        with pytest.raises(OSError, match=path.name):
            digest(path)


def test_key_changes_with_all_that_decides_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = {"alignment": {"bonus": 2.0, "floor": 0.1}, "threads": 1}
    inputs = {"parent": "aa", "data": "bb"}
    keys = [
        training_key(recipe, "code", inputs, 1),
        training_key(recipe | {"alignment": {"bonus": 2.0, "floor": 0.2}}, "code", inputs, 1),
        training_key(recipe | {"threads": 2}, "code", inputs, 1),
        training_key(recipe, "edited", inputs, 1),
        training_key(recipe, "code", inputs | {"parent": "ab"}, 1),
        training_key(recipe, "code", {"parent": "bb", "data": "aa"}, 1),
        training_key(recipe, "code", inputs, 2),
    ]
    assert keys[0] == training_key({"threads": 1, "alignment": {"floor": 0.1, "bonus": 2.0}}, "code", inputs, 1)
    monkeypatch.setattr(job_module, "versions", lambda: {"torch": "0"})
    keys.append(training_key(recipe, "code", inputs, 1))
    assert len(set(keys)) == len(keys)


# --- Checkpoints and the lock -----------------------------------------------------------------------------------------


def test_last_checkpoint_is_the_newest_whole_one(tmp_path: Path) -> None:
    assert last_checkpoint(tmp_path) is None
    for step, whole in ((5, True), (20, True), (100, False)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "optimizer.pt").touch()
        if whole:
            mark_whole(folder, 1.0)
    (tmp_path / "lock").touch()
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-20"  # 100 was cut short; 5 sorts after 20 as text
    assert sorted(os.listdir(tmp_path)) == ["checkpoint-20", "checkpoint-5", "lock"]
    (tmp_path / "checkpoint-20" / WHOLE).unlink()
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-5"


@pytest.mark.parametrize("file", ["optimizer.pt", "model.safetensors", WHOLE])
@pytest.mark.parametrize("kept", [None, 0, 3, "changed"])
def test_training_goes_on_from_a_sound_checkpoint_alone(tmp_path: Path, file: str, kept: int | str | None) -> None:
    """Cut off, gone, or with another byte: the training goes on from the one before."""
    for step in (5, 20):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        for name in ("optimizer.pt", "model.safetensors"):
            (folder / name).write_bytes(b"weights")
        mark_whole(folder, 12.5)
    assert read_json(tmp_path / "checkpoint-20" / WHOLE)["seconds"] == 12.5
    path = tmp_path / "checkpoint-20" / file
    if kept is None:
        path.unlink()
    elif kept == "changed":
        path.write_bytes(b"W" + path.read_bytes()[1:])
    else:
        path.write_bytes(path.read_bytes()[:kept])
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-5"
    assert os.listdir(tmp_path) == ["checkpoint-5"]


def arguments(tmp_path: Path) -> argparse.Namespace:
    (tmp_path / "data").write_text("rows")
    return argparse.Namespace(
        recipe={"threads": 1}, code="c", seed=1, input=[("data", tmp_path / "data")], out=tmp_path / "model",
        costs=tmp_path / "costs.csv", checkpoints=tmp_path / "checkpoints", progress=2, track=None,
    )  # fmt: skip


HOLDER = """
import argparse, json, sys, time
from pathlib import Path
from vernacular.models.job import training_job
from vernacular.models.loop import mark_whole
folder = Path(sys.argv[1])
args = argparse.Namespace(
    recipe={"threads": 1}, code="c", seed=1, input=[("data", folder / "data")], out=folder / "model",
    costs=folder / "costs.csv", checkpoints=folder / "checkpoints", progress=2, track=None,
)
with training_job(args) as job:
    (job.folder / "checkpoint-1").mkdir()
    mark_whole(job.folder / "checkpoint-1", 1.0)
    (folder / "started").touch()
    while not (folder / "finish").exists():
        time.sleep(0.02)
    time.sleep(0.3)
    job.out.mkdir()
    args.costs.touch()
    (job.out / "manifest.json").write_text(json.dumps({"key": job.key}))
"""


def start_holder(tmp_path: Path) -> subprocess.Popen:
    """Another process that is in the middle of the same training."""
    (tmp_path / "data").write_text("rows")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], env={**os.environ, "PYTHONPATH": str(SOURCE)}
    )
    for _ in range(15_000):
        if (tmp_path / "started").exists() or holder.poll() is not None:
            break
        time.sleep(0.02)
    assert (tmp_path / "started").exists()
    return holder


def test_a_second_process_waits_and_finds_the_work_done(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    importlib.import_module("transformers.trainer_utils")  # heavy: before the clock starts
    holder = start_holder(tmp_path)
    threading.Timer(3.0, (tmp_path / "finish").touch).start()
    with training_job(arguments(tmp_path)) as job:
        assert job is None and (tmp_path / "model" / "manifest.json").exists()
    assert holder.wait(timeout=20) == 0
    told = f"model: locked by process {holder.pid} on {socket.gethostname()} (left from a killed run?); waiting\n"
    assert told in capsys.readouterr().out
    assert os.listdir(tmp_path / "checkpoints") == []


def test_after_a_kill_the_next_process_takes_over(tmp_path: Path) -> None:
    holder = start_holder(tmp_path)
    holder.kill()
    holder.wait()
    with pytest.raises(RuntimeError), training_job(arguments(tmp_path)) as job:
        assert job is not None and last_checkpoint(job.folder) == job.folder / "checkpoint-1"
        raise RuntimeError("this one fails too")
    with training_job(arguments(tmp_path)) as job:
        assert job is not None and last_checkpoint(job.folder)  # a failure keeps the checkpoints
    assert not job.folder.exists()  # success does not
    (tmp_path / "model").mkdir()
    (tmp_path / "costs.csv").touch()
    (tmp_path / "model" / "manifest.json").write_text(json.dumps({"key": "of other weights"}))
    with training_job(arguments(tmp_path)) as job:
        assert job is not None


@pytest.mark.parametrize(
    "script",
    ["pretrain", "pretrain_translator", "train_finetune", "train_sft", "train_slam", "train_mapping", "train_merge"],
)
def test_no_rows_are_refused(script: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    data = tmp_path / "rows.parquet"
    write_rows(data, [], KEPT_TRACE if script == "train_sft" else TRAINING)
    given = ["--recipe", '{"threads": 1}', "--code", "c", "--seed", 1, "--input", f"data={data}", f"parent={data}"]
    paths = {"--out": tmp_path / "model", "--costs": tmp_path / "costs.csv", "--checkpoints": tmp_path / "checkpoints"}
    assert run_script(script, *given, *(part for option in paths.items() for part in option)) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error == f"{script}: {data}: no rows to train on; check the sections `data` and `traces`"
    assert not (tmp_path / "model").exists()


def test_an_input_without_a_name_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    given = ["--recipe", "{}", "--code", "c", "--seed", 1, "--checkpoints", "c", "--out", "o", "--costs", "c.csv"]
    with pytest.raises(SystemExit):
        run_script("pretrain", *given, "--input", "rows.parquet")
    assert "--input: expected NAME=PATH, got 'rows.parquet'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rollouts", "resumed", "said"),
    [
        (1, 0, ["1 of 10", "2 of 10, about 16 s left", "3 of 10, about 14 s left"]),  # the first step compiles
        (2, 4, ["5 of 10", "6 of 10", "7 of 10, about 6 s left", "8 of 10, about 4 s left"]),  # and GRPO's fills two
        (1, 9, ["10 of 10"]),
    ],
)
def test_the_time_left_counts_neither_the_first_step_nor_earlier_runs(
    rollouts: int, resumed: int, said: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    now = 1000.0
    monkeypatch.setattr(loop.time, "monotonic", lambda: now)
    arguments = SimpleNamespace(steps_per_generation=rollouts, gradient_accumulation_steps=1)
    job: Any = SimpleNamespace(out=Path("grpo"), progress=2)
    watched = loop.Loop(SimpleNamespace(args=arguments), job, [])
    for number, line in enumerate(said, start=1):
        now += 60 if number == 1 else 2
        watched.on_step_end(arguments, SimpleNamespace(global_step=resumed + number, max_steps=10), None)
        assert capsys.readouterr().err == f"grpo: step {line}\n"


def test_ten_lines_of_progress(capsys: pytest.CaptureFixture) -> None:
    for step in range(1, 101):
        report_progress("grpo", step, 100, 0.5)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10 and lines[5] == "grpo: step 60 of 100, about 20 s left"


def test_history_leaves_times_out(tmp_path: Path) -> None:
    log = [
        {"loss": 2.0, "step": 1, "step_time": 0.3},
        {"loss": 1.0, "match_rate": 0.5, "step": 2, "reward_seconds": 0.1},
    ]
    resumed = [{"step": 3, "num_tokens": 7.0, "num_input_tokens_seen": 21}, {"step": 4, "num_tokens": 28.0}]
    summary = {"train_loss": 1.5, "train_runtime": 9.0, "step": 2}
    speed = {"train_runtime": 1.0, "train_tokens_per_second": 9.0}
    write_history(tmp_path / "h.csv", [*(row | speed for row in log), summary])
    assert list(csv.DictReader((tmp_path / "h.csv").open())) == [
        {"step": "1", "loss": "2.0", "match_rate": ""},
        {"step": "2", "loss": "1.0", "match_rate": "0.5"},
    ]
    write_history(tmp_path / "h.csv", resumed)  # SFT's own count began anew; GRPO has no other
    assert list(csv.DictReader((tmp_path / "h.csv").open())) == [
        {"step": "3", "num_tokens": "", "num_input_tokens_seen": "21"},
        {"step": "4", "num_tokens": "28.0", "num_input_tokens_seen": ""},
    ]


def test_a_failed_write_is_told_apart_from_an_error_of_the_code(tmp_path: Path) -> None:
    """safetensors, tokenizers and torch raise no OSError for it. Here a limit of the process stands for a full disk."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel

    words = Tokenizer(WordLevel({str(number): number for number in range(5_000)}, unk_token="0"))
    tensor, limit = torch.zeros(100_000), resource.getrlimit(resource.RLIMIT_FSIZE)
    path = tmp_path / "x"
    for write in (
        lambda: save_file({"x": tensor}, path),
        lambda: torch.save(tensor, path),
        lambda: words.save(str(path)),
    ):
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
        try:
            with pytest.raises(Exception) as caught:  # noqa: PT011 (what is raised is what is asked)
                write()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert isinstance(caught.value, OSError) or failed_write(caught.value)
    assert failed_write(RuntimeError("basic_ios::clear: iostream error"))  # as torch.save said it on a full disk
    assert failed_write(RuntimeError("mat1 and mat2 shapes cannot be multiplied")) is None
