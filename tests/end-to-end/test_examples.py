"""Two examples, run on the smoke study's models: one's own questions to the page, a schedule and a reward in GRPO."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from studies import ROOT, run_study

EXAMPLES = ROOT / "examples"


def example(folder: Path, name: str, study: Path, **changes: Any) -> str:
    """A copy of an example, with its data and functions next to it, on the smoke study's models."""
    shutil.copytree(EXAMPLES, folder / "examples")
    config = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    for recipe in config["models"].values():
        if recipe["recipe"] == "folder":
            recipe["path"] = str(study / recipe["path"].replace("results/default", "results/smoke"))
    path = folder / "examples" / "mine.yaml"
    path.write_text(yaml.safe_dump({**config, "bootstrap": 200, **changes}, allow_unicode=True), encoding="utf-8")
    return str(path)


def test_own_questions(study: Path, tmp_path: Path) -> None:
    run_study(tmp_path, configs=(example(tmp_path, "own-questions", study),))
    results = tmp_path / "results" / "own-questions"
    scores = pd.read_csv(results / "tables" / "scores.csv")
    assert {"en", "fr", "he"} <= set(scores["language"])
    assert set(scores.loc[scores["language"] == "he", "n"]) == {3} and set(scores["k"]) == {4}
    asked = pd.read_parquet(results / "seed-1" / "generations" / "lrm" / "mine.parquet")
    assert asked.loc[asked["language"] == "he", "prompt"].str.contains("חשוב צעד אחר צעד בעברית").all()
    assert "Hebrew" in (results / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_own_schedule_and_reward(study: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((EXAMPLES / "own-schedule.yaml").read_text(encoding="utf-8"))
    training = config["models"]["root"]["training"] | {"max_steps": 4, "save_steps": 2, "logging_steps": 1}
    training |= {"per_device_train_batch_size": 16, "num_generations": 4, "max_completion_length": 100}
    models = {name: recipe | {"training": training} for name, recipe in config["models"].items() if name != "sft"}
    models["sft"] = {"recipe": "folder", "path": str(study / "results" / "smoke" / "seed-1" / "models" / "sft")}
    few = {"mini-mgsm": {"source": "phrasebook", "questions": {"train": 60, "test": 4}}}
    few["mini-mgsm"]["numbers"] = {"opening": [2, 12], "term": [2, 6], "factor": [2, 3], "result": [2, 16]}
    changes = {"benchmarks": few, "models": models, "languages": ["en", "fr", "ja"]}
    changes["rl"] = config["rl"] | {"languages": ["fr", "ja"], "max_new_tokens": 100}
    changes["evaluations"] = [config["evaluations"][0] | {"languages": ["fr", "ja"], "in_domain": ["fr"]}]
    made = "results/own-schedule/seed-1/models/root-short"
    run_study(tmp_path, made, configs=(example(tmp_path, "own-schedule", study, **changes),))

    with (tmp_path / made / "history.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    strength = [float(row["alignment_strength"]) for row in rows]
    assert all(abs(found - 2.0 * (step / 4) ** 0.5) < 1e-6 for step, found in enumerate(strength)), strength
    assert len(strength) == 4
    for row in rows:  # TRL's total is ours and 0.2 of the user's
        own, brief = float(row["rewards/alignment/mean"]), float(row["rewards/my_functions.brevity/mean"])
        assert 0 <= brief <= 1 and abs(float(row["reward"]) - own - 0.2 * brief) < 1e-4
    manifest = json.loads((tmp_path / made / "manifest.json").read_text(encoding="utf-8"))
    assert "functions" in manifest["inputs"] and manifest["recipe"]["rewards"][0]["weight"] == 0.2
