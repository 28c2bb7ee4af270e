"""Trajectories: which checkpoints a study asks for, that they are kept and come back as models, and their figure."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scripts import run_script

from vernacular.evaluation.version import METRICS_VERSION
from vernacular.models.checkpoints import copy_weights
from vernacular.models.job import CHECKPOINTS
from vernacular.study.checkpoints import add_checkpoints, checkpoint_paths
from vernacular.study.schema import StudyError

GRPO = {"recipe": "grpo", "from": "sft", "training": {"max_steps": 25, "save_steps": 10}}


def study_of(**options: Any) -> dict[str, Any]:
    evaluation = {"checkpoints": True, "split": "dev", "default": False, "decoding": "plain", "models": ["a", "b"]}
    models = {"lrm": {"recipe": "pretrain"}, "sft": {"recipe": "sft", "from": "lrm"}}
    models |= {name: {**GRPO, "training": dict(GRPO["training"])} for name in ("a", "b")}
    return {"models": models, "evaluations": [{**evaluation, **options}]}


def test_an_evaluation_names_every_checkpoint_and_where_they_start() -> None:
    study = study_of()
    add_checkpoints(study)
    [evaluation] = study["evaluations"]
    assert evaluation["models"] == ["sft@0", "a@10", "a@20", "a@25", "b@10", "b@20", "b@25"]
    assert study["models"]["a"]["checkpoint_steps"] == [10, 20, 25]
    assert study["models"]["a@20"] | {"resources": 0} == {
        "recipe": "checkpoint",
        "from": "a",
        "step": 20,
        "resources": 0,
    }
    assert checkpoint_paths(study["models"], evaluation["models"])["b"] == {
        "0": "sft@0",
        "10": "b@10",
        "20": "b@20",
        "25": "b@25",
    }


def test_a_study_without_checkpoints_keeps_nothing() -> None:
    study = study_of(checkpoints=False)
    add_checkpoints(study)
    assert "checkpoint_steps" not in study["models"]["a"]
    assert checkpoint_paths(study["models"], []) == {}


@pytest.mark.parametrize(
    ("options", "change", "words"),
    [
        ({"split": "test"}, {}, "set split: dev"),
        ({"default": True}, {}, "default: false"),
        ({"models": ["sft"]}, {}, "'sft' has the recipe 'sft', not grpo"),
        ({}, {"launch": {"processes": 2, "strategy": "zero3"}}, "use ddp or zero2"),
        ({}, {"training": {"num_train_epochs": 1}}, "set its training.max_steps"),
    ],
)
def test_what_is_refused(options: dict[str, Any], change: dict[str, Any], words: str) -> None:
    study = study_of(**options)
    study["models"]["a"] |= change
    with pytest.raises(StudyError, match=f"^evaluations.0[^\\n]*{words}"):
        add_checkpoints(study)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A trained model whose weights of step 2, but not of step 3, were kept as the trainer wrote them."""
    folder = tmp_path / "model"
    for step in (2, 3):
        checkpoint = tmp_path / f"checkpoint-{step}"
        checkpoint.mkdir()
        for name in ("model.safetensors", "optimizer.pt", "trainer_state.json"):
            (checkpoint / name).write_text(f"{name} of {step}")
        if step == 2:
            copy_weights(checkpoint, folder / CHECKPOINTS)
    for name in ("model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja", "manifest.json"):
        (folder / name).write_text(f"{name} of the end")
    return folder


def test_weights_are_kept_alone_and_come_back_as_a_model(model: Path, tmp_path: Path) -> None:
    assert [path.relative_to(model / CHECKPOINTS).as_posix() for path in (model / CHECKPOINTS).rglob("*.*")] == [
        "step-2/model.safetensors"
    ]
    assert run_script("take_checkpoint", "--model", model, "--parent", "p", "--step", 2, "--out", tmp_path / "a@2") == 0
    texts = {path.name: path.read_text() for path in (tmp_path / "a@2").iterdir()}
    assert texts.pop("model.safetensors") == "model.safetensors of 2"
    assert texts == {f: f"{f} of the end" for f in ("config.json", "tokenizer.json", "chat_template.jinja")}
    assert (model / "model.safetensors").read_text() == "model.safetensors of the end"


def test_step_0_is_the_model_itself(model: Path, tmp_path: Path) -> None:
    assert run_script("take_checkpoint", "--model", model, "--parent", "--step", 0, "--out", tmp_path / "m@0") == 0
    assert (tmp_path / "m@0/model.safetensors").read_text() == "model.safetensors of the end"
    assert not (tmp_path / "m@0" / CHECKPOINTS).exists()


def test_a_step_that_was_not_kept_is_one_line(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert run_script("take_checkpoint", "--model", model, "--parent", "p", "--step", 3, "--out", tmp_path / "a@3") == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1 and "the weights of this step were not saved" in error
    assert not (tmp_path / "a@3").exists()


def scores(seeds: int) -> pd.DataFrame:
    """Rates of two paths from one start: `a` gains LCPR, `b` accuracy."""
    rows = []
    for seed in [*range(1, seeds + 1), *["mean"] * (seeds > 1)]:
        for name, accuracy, lcpr in (
            ("sft@0", 0.5, 0.4),
            ("a@10", 0.5, 0.6),
            ("a@25", 0.5, 0.9),
            ("b@10", 0.6, 0.4),
            ("b@25", 0.8, 0.3),
        ):
            for language in ("all", "fr"):
                row = {"model": name, "benchmark": "mini", "language": language, "seed": seed, "tokens_mean": 30.0}
                row["metrics_version"] = METRICS_VERSION
                for metric, value in (("accuracy", accuracy), ("lcpr", lcpr)):
                    none = seed == "mean"  # of two seeds
                    row |= {
                        metric: value,
                        f"{metric}_low": None if none else value - 0.05,
                        f"{metric}_high": None if none else value + 0.05,
                    }
                rows.append({**row, "seeds": seeds if seed == "mean" else 1})
    return pd.DataFrame(rows)


@pytest.mark.parametrize("seeds", [1, 2])
def test_the_figure_and_its_numbers(tmp_path: Path, seeds: int) -> None:
    """A row for each step, means over the seeds; two runs give the same bytes."""
    scores(seeds).to_csv(tmp_path / "trajectories.csv", index=False)
    paths = {name: {"0": "sft@0", "10": f"{name}@10", "25": f"{name}@25"} for name in ("a", "b")}
    options = json.dumps({"study": "s", "scale": "miniature", "paths": paths})
    made = []
    for run in ("one", "two"):
        out = {kind: tmp_path / f"{run}.{kind}" for kind in ("png", "svg", "pdf", "csv")}
        files = [argument for kind, path in out.items() for argument in (f"--{kind}", path)]
        assert (
            run_script("plot_trajectories", "--table", tmp_path / "trajectories.csv", "--options", options, *files) == 0
        )
        made.append([path.read_bytes() for path in out.values()])
    assert made[0] == made[1] and b"<svg" in made[0][1][:600]
    table = pd.read_csv(tmp_path / "one.csv")
    assert list(zip(table["model"], table["step"], strict=True)) == [(m, s) for m in ("a", "b") for s in (0, 10, 25)]
    assert table["lcpr"].tolist() == [0.4, 0.6, 0.9, 0.4, 0.4, 0.3]


def test_a_table_that_lacks_a_step_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    scores(1).to_csv(tmp_path / "t.csv", index=False)
    options = json.dumps({"study": "s", "scale": "x", "paths": {"a": {"0": "sft@0", "30": "a@30"}}})
    files = [f"--{kind}={tmp_path / kind}" for kind in ("png", "svg", "pdf", "csv")]
    assert run_script("plot_trajectories", "--table", tmp_path / "t.csv", "--options", options, *files) == 1
    assert "no row of 'a@30' on mini" in capsys.readouterr().err and not (tmp_path / "png").exists()
