"""A training whose loss or weights are no numbers any more ends there, with its last good checkpoint."""

import math
from pathlib import Path
from typing import Any

import pytest
import test_hub_models
import torch
from safetensors.torch import load_file
from test_hub_models import ROWS
from tiny_jobs import job_of

from vernacular.adamame.sft import train_sft
from vernacular.models import loop
from vernacular.models.finetune import finetune
from vernacular.models.job import Job
from vernacular.models.loop import last_checkpoint

parent = test_hub_models.parent  # a fixture
TRACE = {"id": "q", "language": "fr", "answer": "2", "source": "s", "flaw": None, "trace": "", "response": ""}
TRACES = [{**TRACE, "question": "1 + 1 ?", "completion": "2\n</think>\n\\boxed{2}"}] * 12
TRAINING = {"max_steps": 6, "per_device_train_batch_size": 2, "save_steps": 1, "bf16": False, "logging_steps": 1}
OURS = {"threads": 1, "length": 64, "overlong": "truncate", "compile": False}


def finetuning(job: Job) -> None:
    finetune(job, ROWS)


def sft(job: Job) -> None:
    train_sft(job, TRACES)


def finite(folder: Path) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in load_file(folder / "model.safetensors").values())


def spoil(monkeypatch: pytest.MonkeyPatch, step: int, what: Any) -> None:
    """Do something to the trainer's model when the step begins."""

    def on_step_begin(self: Any, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == step:
            what(self.trainer)

    monkeypatch.setattr(loop.Loop, "on_step_begin", on_step_begin)


def ends_with_a_checkpoint(train: Any, job: Job, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        train(job)
    last = last_checkpoint(job.folder)
    assert last and last.name == "checkpoint-3" and finite(last) and not job.out.exists()


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("train", [finetuning, sft])
def test_a_loss_that_is_not_finite_ends_the_training_at_that_step(
    train: Any,
    value: float,
    parent: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def what(trainer: Any) -> None:
        work = trainer.compute_loss
        trainer.compute_loss = lambda *args, **options: work(*args, **options) * value

    spoil(monkeypatch, 3, what)
    job = job_of({**OURS, "training": TRAINING}, tmp_path, parent=parent)
    ends_with_a_checkpoint(train, job, "tuned: the loss is (nan|inf) after step 3 of 6, and the checkpoint of step 3")


@pytest.mark.parametrize("train", [finetuning, sft])
def test_weights_that_are_not_finite_make_no_checkpoint(
    train: Any,
    parent: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loss was finite, its gradients were not: the step spoils the weights, the next loss would come too late."""

    def what(trainer: Any) -> None:
        weight = next(iter(trainer.model.parameters()))
        weight.register_hook(lambda gradient: torch.full_like(gradient, math.nan))

    spoil(monkeypatch, 3, what)
    job = job_of({**OURS, "training": {**TRAINING, "max_grad_norm": 0.0}}, tmp_path, parent=parent)
    ends_with_a_checkpoint(train, job, "hold NaN or infinite numbers after step 4 of 6, and the checkpoint of step 3")


def test_grpo_ends_too(parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def what(trainer: Any) -> None:
        work = trainer.compute_loss
        trainer.compute_loss = lambda *args, **options: work(*args, **options) + math.nan

    spoil(monkeypatch, 0, what)
    with pytest.raises(ValueError, match="tuned: the loss is nan after step 0 of 1, and there is no checkpoint yet"):
        test_hub_models.trained_by_grpo(parent, tmp_path)
    assert not (tmp_path / "tuned").exists()


def test_the_last_step_is_looked_at_too(parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def what(trainer: Any) -> None:
        next(iter(trainer.model.parameters())).register_hook(lambda gradient: torch.full_like(gradient, math.nan))

    spoil(monkeypatch, 5, what)
    job = job_of({**OURS, "training": {**TRAINING, "save_strategy": "no"}}, tmp_path, parent=parent)
    with pytest.raises(ValueError, match="after step 6 of 6, and there is no checkpoint yet"):
        finetuning(job)
    assert not job.out.exists()
