"""The start of several processes: what accelerate is told, and one line where they cannot start.

Trainings with two processes stand in tests/end-to-end/test_launch.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils.launch import prepare_multi_gpu_env
from scripts import SCRIPTS

from vernacular.models import launch
from vernacular.models.launch import STRATEGIES, launch_command, start_processes
from vernacular.models.processes import agreed, gathered, join
from vernacular.storage.records import TRAINING, write_rows


def recipe(strategy: str = "ddp", count: int = 4) -> dict[str, Any]:
    return {"threads": 3, "launch": {"processes": count, "strategy": strategy}}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_accelerate_understands_every_strategy(strategy: str) -> None:
    """By its own parser and checks; a file in the user's home says nothing."""
    command = launch_command(recipe(strategy), ["train.py", "--recipe", "{}"])
    assert command[:4] == [sys.executable, "-P", "-m", "accelerate.commands.launch"]
    args, _, _ = _validate_launch_command(launch_command_parser().parse_args(command[4:]))
    assert args.num_processes == 4 and args.num_machines == 1 and args.mixed_precision == "no"
    assert (args.training_script, args.training_script_args) == ("train.py", ["--recipe", "{}"])
    assert args.multi_gpu == (strategy == "ddp")
    assert args.use_deepspeed == strategy.startswith("zero")
    assert not args.use_deepspeed or args.zero_stage == int(strategy[-1])
    if strategy != "zero3":
        assert args.zero3_save_16bit_model in (None, False, "false")
    environment = prepare_multi_gpu_env(args)
    assert environment["OMP_NUM_THREADS"] == "3" and 0 < args.main_process_port < 2**16
    assert (environment.get("ACCELERATE_USE_FSDP") == "true") == (strategy == "fsdp2")
    if strategy == "fsdp2":
        assert environment["FSDP_VERSION"] == "2" and environment["FSDP_STATE_DICT_TYPE"] == "SHARDED_STATE_DICT"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that took the place of this process."""
    found: list[list[str]] = []
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    monkeypatch.setattr("os.execv", lambda path, command: found.append(command))
    return found


def test_the_script_starts_itself_anew_once(started: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "--seed", "1"])
    start_processes({"threads": 1})
    assert not started
    start_processes(recipe())
    assert [command[-3:] for command in started] == [sys.argv]
    monkeypatch.setenv("LOCAL_RANK", "0")  # left there by something else
    start_processes(recipe())
    assert len(started) == 2 and "LOCAL_RANK" not in os.environ
    monkeypatch.setenv("LOCAL_RANK", "0")  # in one of the processes
    monkeypatch.setenv("WORLD_SIZE", "4")
    start_processes(recipe())
    assert len(started) == 2


def test_shards_by_deepspeed_without_it(started: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"'zero2' needs the package deepspeed.*pip install '.\[gpu\]'"):
        start_processes(recipe("zero2"))
    assert not started


def test_other_processes_than_the_recipe_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand behind another launcher: the weights would be others under the same key."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match=r"asks for 4 processes \(`launch`\), but 2 were started"):
        join(recipe())
    monkeypatch.delenv("WORLD_SIZE")
    with pytest.raises(ValueError, match=r"asks for 4 processes \(`launch`\), but 1 were started"):
        join(recipe())
    join({"threads": 1})
    assert not torch.distributed.is_initialized() and gathered("x") == ["x"] and agreed("x") == "x"


def test_machines_without_the_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ValueError, match="'fsdp2' needs GPUs and this machine has none; use ddp"):
        join(recipe("fsdp2"))
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    with pytest.raises(ValueError, match="asks for 4 processes .*this machine has 2 GPUs"):
        join(recipe())


# --- What the environment says ----------------------------------------------------------------------------------------

ALONE = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "SLURM_PROCID": "0", "SLURM_NTASKS": "1", "PMI_SIZE": "1"}
ALONE |= {"ACCELERATE_MIXED_PRECISION": "no", "ACCELERATE_USE_FSDP": "false", "PMIX_NAMESPACE": "slurm.7.0"}
ALONE |= {"MASTER_ADDR": "10.0.0.1", "OMPI_COMM_WORLD_RANK": "0"}
OTHERS = {"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "x", "SLURM_PROCID": "3", "PMI_RANK": "1", "PMI_SIZE": "2"}
OTHERS |= {"ACCELERATE_MIXED_PRECISION": "fp16", "ACCELERATE_USE_DEEPSPEED": "true", "OMPI_COMM_WORLD_SIZE": "2"}
OTHERS |= {"FSDP_VERSION": "2", "MV2_COMM_WORLD_RANK": "5", "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": "8"}
KEPT = {
    "SLURM_JOB_ID": "7",
    "CUDA_VISIBLE_DEVICES": "0",
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "NCCL_DEBUG": "1",
}


def test_a_training_of_one_process_forgets_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], started: list[list[str]]
) -> None:
    for name, value in {**ALONE, **KEPT}.items():
        monkeypatch.setenv(name, value)
    start_processes({"threads": 1})
    assert not {*ALONE} & {*os.environ} and {*KEPT} <= {*os.environ} and not started
    assert capsys.readouterr() == ("", "")
    for name, value in OTHERS.items():
        monkeypatch.setenv(name, value)
    start_processes({"threads": 1})
    assert not {*OTHERS} & {*os.environ} and {*KEPT} <= {*os.environ} and not started
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "contradict the recipe and are ignored" in said
    assert all(f"{name}={value}" in said for name, value in OTHERS.items())


def test_the_environment_changes_no_weights(tmp_path: Path) -> None:
    """A real training with all of them, and one without any."""
    rows = [
        {"id": f"q{n}", "language": "fr", "task": "reasoning", "question": f"{n} ?", "context": None}
        | {"prompt": f"{n} + 1 ?", "completion": f"<think>\n{n} plus 1\n</think>\n\\boxed{{{n + 1}}}"}
        for n in range(20)
    ]
    write_rows(tmp_path / "rows.parquet", rows, TRAINING)
    architecture = {"model_type": "llama", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1}
    recipe = {"threads": 1, "length": 64, "overlong": "truncate", "compile": False, "vocabulary": 300, "digits": 1}
    recipe |= {"architecture": {**architecture, "num_attention_heads": 2, "num_key_value_heads": 2}}
    recipe |= {"training": {"max_steps": 3, "per_device_train_batch_size": 2, "logging_steps": 1}}
    weights = []
    for name, environment in (("alone", ALONE), ("others", OTHERS)):
        command = [sys.executable, str(SCRIPTS / "pretrain.py"), "--recipe", json.dumps(recipe), "--code", "c"]
        command += ["--seed", "1", "--input", f"data={tmp_path / 'rows.parquet'}", "--out", str(tmp_path / name)]
        command += ["--checkpoints", str(tmp_path / "checkpoints"), "--costs", str(tmp_path / f"{name}.csv")]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        assert ("contradict the recipe" in done.stderr) == (name == "others")
        weights.append((tmp_path / name / "model.safetensors").read_bytes())
    assert weights[0] == weights[1]
