"""Trackers: what they are told of a training, that nothing leaves the machine, and that no weight depends on them.

Trackio and Weights & Biases are stand-ins with the functions that Transformers' callbacks call, which note the calls;
TensorBoard is the real one, where it is installed.
"""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from scripts import run_script
from transformers import LlamaConfig, LlamaForCausalLM

from vernacular.models.job import Job
from vernacular.models.loop import supervised_arguments, trl_arguments
from vernacular.models.pretrain import train_tokenizer
from vernacular.models.tracking import Tracking, prepare, reported
from vernacular.storage.records import TRAINING, write_rows
from vernacular.study import tracking as study_tracking
from vernacular.study.recipes import RECIPES
from vernacular.study.schema import StudyError

NOTING = """
import json, os
class Notes(dict):
    def update(self, *args, **kwargs): note("config", {})
    def _label(self, **kwargs): pass
    def get(self): return None
    summary = {}
def note(what, values):
    with open(os.environ["NOTES"], "a") as file:
        told = {key: value for key, value in os.environ.items() if key.startswith(("WANDB_", "TRACKIO_"))}
        file.write(json.dumps([what, values, told], default=str) + "\\n")
def init(**values):
    global run
    run = Notes()
    note("init", values)
def log(values, **_): note("log", values)
def finish(): note("finish", {})
def define_metric(*args, **kwargs): pass
def watch(*args, **kwargs): pass
config, run, __version__ = Notes(), None, "0.0"
class context_vars: current_space_id = current_project = Notes()
"""
CONFIG_ERROR = "class ConfigError(Exception): pass\n"  # where Transformers looks for wandb's
TRAINING_OPTIONS = {"max_steps": 3, "per_device_train_batch_size": 2, "logging_steps": 1, "learning_rate": 1e-3}
RECIPE = {"recipe": "finetune", "threads": 1, "length": 64, "overlong": "truncate", "compile": False}


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    before = dict(os.environ)
    for name in [name for name in before if name.startswith(("WANDB_", "TRACKIO_", "TENSORBOARD_"))]:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[list[Any]]]]:
    """What was told to `trackio` and `wandb`: [call, values, environment] in order."""
    packages, notes = tmp_path / "packages", tmp_path / "notes.jsonl"
    for name in ("trackio", "wandb", "wandb/sdk", "wandb/sdk/lib"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text(NOTING if "/" not in name else "", encoding="utf-8")
    (packages / "wandb/sdk/lib/config_util.py").write_text(CONFIG_ERROR, encoding="utf-8")
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setenv("NOTES", str(notes))
    yield lambda: [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
    for name in [name for name in sys.modules if name.split(".")[0] in ("trackio", "wandb")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny `parent` and the rows `data`."""
    folder = tmp_path_factory.mktemp("inputs")
    texts = [f"{n} + 4 = {n + 4}" for n in range(8)]
    tokenizer = train_tokenizer(iter(texts), 300)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=64, **sizes))
    for part in (model, tokenizer):
        part.save_pretrained(folder / "parent")
    same = {"language": "en", "task": "reasoning", "context": None}
    rows = [{**same, "id": text, "question": text, "prompt": text, "completion": text[-1]} for text in texts]
    write_rows(folder / "data.parquet", rows, TRAINING)
    return folder


def trained(inputs: Path, folder: Path, *track: str) -> dict[str, Any]:
    """The manifest of a training of three steps."""
    given = [f"parent={inputs / 'parent'}", f"data={inputs / 'data.parquet'}"]
    recipe = json.dumps({**RECIPE, "training": TRAINING_OPTIONS})
    words = ["--recipe", recipe, "--code", "c", "--seed", "1", "--input", *given, *track]
    words += ["--checkpoints", folder / "checkpoints", "--out", folder / "model", "--costs", folder / "costs.csv"]
    assert run_script("train_finetune", *words) == 0
    manifest: dict[str, Any] = json.loads((folder / "model/manifest.json").read_text(encoding="utf-8"))
    return manifest


def losses(folder: Path) -> list[float]:
    with (folder / "model/history.csv").open(encoding="utf-8") as file:
        return [float(row["loss"]) for row in csv.DictReader(file) if row["loss"]]


@pytest.mark.parametrize("tracker", ["trackio", "wandb"])
def test_a_tracker_is_told_each_step_and_changes_nothing(
    inputs: Path, tmp_path: Path, stand_ins: Callable[[], list[list[Any]]], tracker: str
) -> None:
    plain = trained(inputs, tmp_path / "plain")
    where = tmp_path / "tracking"
    tracked = trained(inputs, tmp_path / "tracked", "--track", tracker, "mine/tuned/seed-1", str(where))
    for same in ("key", "files", "recipe"):
        assert tracked[same] == plain[same]

    calls = stand_ins()
    [[_, started, told]] = [call for call in calls if call[0] == "init"]
    assert started["name"] == "mine/tuned/seed-1"
    if tracker == "wandb":
        assert started["project"] == "mine" and told["WANDB_MODE"] == "offline" and told["WANDB_DIR"] == str(where)
        assert told["WANDB_RUN_ID"] == tracked["key"] and told["WANDB_RESUME"] == "allow"
    else:
        assert started["project"] == "mine" and started["space_id"] is None
        assert told["TRACKIO_DIR"] == str(where / "trackio")
    logged = [values["train/loss"] for what, values, _ in calls if what == "log" and "train/loss" in values]
    assert logged == losses(tmp_path / "tracked") == losses(tmp_path / "plain") and len(logged) == 3


def test_tensorboard_itself(inputs: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="TensorBoard is not in requirements.lock")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trained(inputs, tmp_path, "--track", "tensorboard", "mine/tuned/seed-1", str(tmp_path / "tracking"))
    events = EventAccumulator(str(tmp_path / "tracking/tensorboard/tuned/seed-1")).Reload()
    found = [event.value for event in events.Scalars("train/loss")]
    assert found == pytest.approx(losses(tmp_path), rel=1e-6) and len(found) == 3


# --- the environment


def tracking(tracker: str, folder: Path) -> Tracking:
    return Tracking(tracker, "mine/tuned/seed-2", folder)


def test_the_users_environment_comes_first(tmp_path: Path) -> None:
    os.environ.update(
        WANDB_MODE="online", WANDB_PROJECT="ours", TRACKIO_DIR="/elsewhere", TENSORBOARD_LOGGING_DIR="/tb"
    )
    for tracker in ("wandb", "trackio", "tensorboard"):
        prepare(tracking(tracker, tmp_path), "key")
    assert os.environ["WANDB_MODE"] == "online" and os.environ["WANDB_PROJECT"] == "ours"
    assert os.environ["TRACKIO_DIR"] == "/elsewhere"
    assert os.environ["TENSORBOARD_LOGGING_DIR"] == "/tb/tuned/seed-2"  # one folder for each run, wherever it is


def test_trackio_stays_here(tmp_path: Path) -> None:
    """Jobs ask no hub, so a Space that the shell names would end the training."""
    os.environ["TRACKIO_SPACE_ID"] = "me/space"
    prepare(tracking("trackio", tmp_path), "key")
    assert "TRACKIO_SPACE_ID" not in os.environ


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    study_tracking.check_tracker({})
    monkeypatch.setitem(study_tracking.PACKAGES, "wandb", ("a_package_that_nobody_has",))
    wanted = "^track: 'wandb' is not installed here; pip install wandb, or leave `track` out$"
    with pytest.raises(StudyError, match=wanted):
        study_tracking.check_tracker({"track": "wandb"})


# --- every recipe


def test_every_trainer_reports_to_the_tracker(tmp_path: Path) -> None:
    recipe = {"recipe": "any", "training": {"max_steps": 1}}
    job = Job(recipe, "c", 1, {}, tmp_path, tmp_path, tmp_path, {}, "k", 2, tracking=tracking("wandb", tmp_path))
    wanted = {"report_to": ["wandb"], "run_name": "mine/tuned/seed-2", "project": "mine"}
    assert reported(job.tracking) == wanted
    found = supervised_arguments(job, "random")
    assert {key: getattr(found, key) for key in wanted} == wanted
    assert {key: trl_arguments(job)[key] for key in wanted} == wanted
    assert (
        supervised_arguments(Job(recipe, "c", 1, {}, tmp_path, tmp_path, tmp_path, {}, "k", 2), "random").report_to
        == []
    )


def test_no_recipe_may_name_a_tracker_itself() -> None:
    """It would be part of the recipe, and a change of it would train the model again."""
    for name, recipe in RECIPES.items():
        if recipe.reads:
            assert {"report_to", "run_name", "project"} <= recipe.taken, name
