"""Each of the papers' configurations on tiny models of its architectures: every training and every evaluation, by the
code that trains and answers. The overlay changes sizes, sources and what only GPUs have."""

import json
from pathlib import Path

import pytest
import yaml
from studies import ROOT
from tiny_papers import HIDDEN, PAPERS, SIZES, SOURCES, changed, paper, tiny

from vernacular.planning import preflight
from vernacular.planning.rehearsal import rehearse
from vernacular.planning.sizes import load_sizes
from vernacular.study.compile import compile_study

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", PAPERS)
def test_a_papers_configuration_runs(name: str, tmp_path: Path) -> None:
    config, whole = tiny(name, tmp_path / "sources"), paper(name)
    ends = SIZES | SOURCES | HIDDEN
    assert not [path for path in changed(whole, config) if not any(path.endswith(f".{end}") for end in ends)]
    study = compile_study(config, f"{name}.yaml", ROOT / "config" / "claims.yaml")
    out = tmp_path / "models"
    outcomes = list(rehearse(study, out))
    assert [outcome for outcome in outcomes if outcome[2]] == []
    trained = {model for model, about in study.models.items() if about.trained}
    assert {model for rule, model, *_ in outcomes if rule.startswith("train")} == trained
    assert {rule for rule, *_ in outcomes} >= {"generate"} | {study.models[model].recipe.rule for model in trained}
    for model in trained:
        manifest = json.loads((out / model / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["trainable_parameters"] > 0, model
        # With the paper's own options, sizes apart.
        training = whole["models"][model]["training"]
        kept = {key: value for key, value in training.items() if key not in SIZES | HIDDEN | {"warmup_steps"}}
        assert kept.items() <= manifest["recipe"]["training"].items(), model
    for model, recipe in whole["models"].items():
        if recipe["recipe"] == "hub":
            kind = json.loads((out / model / "config.json").read_text(encoding="utf-8"))["model_type"]
            assert kind == load_sizes()["models"][recipe["repo"]]["shape"]["model_type"]


def test_a_step_that_fails_is_a_line_and_so_is_what_rests_on_it(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """The command, on the CPU; the SFT's adapters name a module that the model lacks."""
    config = tiny("adamame-qwen3-4b", tmp_path / "sources")
    config["models"]["sft"]["lora"]["target_modules"] = ["no_such_module"]
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    assert preflight.main([str(path), "--run", "--folder", str(tmp_path / "models")]) == 1
    captured = capsys.readouterr()
    lines = [line for line in captured.out.splitlines() if line.startswith(("train_", "generate", "make_rl"))]
    assert lines[0].startswith("train_sft sft: wrong: ") and "no_such_module" in lines[0]
    assert lines[1] == "train_grpo grpo: wrong: not tried, since what it starts from failed"
    assert lines[-1] == "generate lrm: ok"
    assert captured.err.splitlines()[-1] == "preflight: 4 of 5 jobs would fail or do not fit; see above"
