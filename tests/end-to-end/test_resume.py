"""A training that is killed goes on from its last checkpoint and ends with the weights of one that never was."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from studies import ROOT

from vernacular.study.resolve import resolve_study

pytestmark = pytest.mark.slow
STUDY = "results/smoke"


def grpo_command(study: Path, folder: Path, schedule: str) -> list[str]:
    import yaml

    resolved = resolve_study(yaml.safe_load((ROOT / "config/smoke.yaml").read_text()), "config/smoke.yaml")
    recipe = resolved["models"]["adamame"]
    recipe["training"] |= {"max_steps": 8, "save_steps": 2}
    recipe["identifier"] = {"languages": resolved["languages"], **resolved["identifier"]}
    recipe["checkpoint_steps"] = [2, 6]  # one before the kill, one after it
    recipe["alignment"]["schedule"] = schedule
    seed = study / STUDY / "seed-1"
    return [
        *(sys.executable, str(ROOT / "workflow/scripts/train_grpo.py")),
        *("--recipe", json.dumps(recipe), "--code", "test", "--seed", "1"),
        *("--input", f"parent={seed / 'models/sft'}", f"data={seed / 'corpus/rl/sft.parquet'}"),
        *(
            "--checkpoints",
            str(folder / "checkpoints"),
            "--out",
            str(folder / "model"),
            "--costs",
            str(folder / "costs.csv"),
        ),
    ]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1"}


@pytest.mark.parametrize("schedule", ["cosine", "feedback"])  # feedback keeps a state of its own
def test_killed_grpo_ends_with_the_same_weights(study: Path, tmp_path: Path, schedule: str) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run(grpo_command(study, whole, schedule), env=environment(), check=True, capture_output=True)

    command = grpo_command(study, broken, schedule)
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(broken.glob("checkpoints/*/checkpoint-4/whole")):
        assert process.poll() is None and time.monotonic() < deadline, "training ended before it could be killed"
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (broken / "model").exists()

    done = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True)
    assert "resumed at step" in done.stdout
    kept = [f"checkpoints/step-{step}/model.safetensors" for step in (2, 6)]
    for file in ("model.safetensors", "history.csv", *kept):
        assert (broken / "model" / file).read_bytes() == (whole / "model" / file).read_bytes(), file
    assert not list((broken / "checkpoints").glob("*/checkpoint-*"))


def test_fewer_prompts_than_asked_for(study: Path, tmp_path: Path) -> None:
    """A training says how many there are and goes on with those: what the filter leaves cannot be known before."""
    command = grpo_command(study, tmp_path, "none")
    place = command.index("--recipe") + 1
    recipe = json.loads(command[place])
    recipe["training"]["max_steps"] = 2
    command[place] = json.dumps({**recipe, "prompts": 100_000, "checkpoint_steps": []})
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "model: RL prompts: " in done.stdout and "; `prompts` allows 100,000, but no more were left." in done.stdout
