"""config/eval.yaml on files of one's own and a tiny model, from questions to the table: a set of formulas and one of
choices that are no translations of each other."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from benchmark_files import FILES, asked, lay_out
from hub_folders import write_model
from studies import ROOT, run_study

pytestmark = pytest.mark.slow


def overlay(folder: Path) -> dict[str, Any]:
    """What its first lines tell a user to write, with the other benchmarks taken out."""
    shipped = yaml.safe_load((ROOT / "config" / "eval.yaml").read_text(encoding="utf-8"))
    sources = {f"my-{form}": {"format": form, "folder": str(lay_out(folder, form))} for form in ("mmath", "include")}
    benchmarks: dict[str, Any] = dict.fromkeys(shipped["benchmarks"])
    benchmarks |= {form: {"source": f"my-{form}"} for form in ("mmath", "include")}
    few = {"models": ["mine"], "samples": 2, "max_new_tokens": 12, "temperature": 0.8}
    return {
        "study": "eval-mine",
        "bootstrap": 200,
        "sources": {**dict.fromkeys(shipped["sources"]), **sources},
        "benchmarks": benchmarks,
        "models": {
            **dict.fromkeys(shipped["models"]),
            "mine": {"recipe": "folder", "path": str(folder / "model"), "chat_template": "qwen3"},
        },
        "evaluations": [
            {**few, "benchmarks": ["mmath"], "languages": ["en", "fr", "ja"]},
            {**few, "benchmarks": ["include"], "languages": ["fr", "mk"], "questions": 1},
        ],
    }


def test_my_model_on_my_files(tmp_path: Path) -> None:
    write_model(tmp_path / "model", "qwen3", "")
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(overlay(tmp_path), allow_unicode=True, sort_keys=False), encoding="utf-8")
    run_study(tmp_path, configs=("config/eval.yaml", str(path)))
    results = tmp_path / "results" / "eval-mine"

    scores = pd.read_csv(results / "tables" / "scores.csv")
    rows = {(row.benchmark, row.language): (row.n, row.k) for row in scores.itertuples()}
    assert rows["mmath", "ja"] == (3, 2) and rows["mmath", "all"][1] == 2
    assert rows["include", "fr"] == rows["include", "mk"] == (1, 2)  # the first of each language
    assert scores["accuracy"].between(0, 1).all()

    prompts = pd.read_parquet(results / "seed-1/generations/mine/mmath.parquet")["prompt"]
    assert all(prompts.str.contains(asked("ja", n), regex=False).any() for n in range(3))
    prompts = pd.read_parquet(results / "seed-1/generations/mine/include.parquet")["prompt"]
    [first, _] = FILES["include"]["North Macedonian/test-00000-of-00001.parquet"]
    [asked_first] = prompts[prompts.str.contains(first["question"], regex=False)].unique()
    assert "A) 3\nB) quatre\nC) 5, 6\nD) " in asked_first
    assert "index.html" in {page.name for page in results.iterdir()}
