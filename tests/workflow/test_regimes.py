"""The regime of a study: what its criteria are measured on, which trainings that takes, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from edits import Edit, compiled, put, refusal
from workspaces import ROOT, dry_run

from vernacular.study.pages import page_inputs, page_targets
from vernacular.study.regime import check_criterion
from vernacular.study.schema import StudyError
from vernacular.study.targets import outputs, regime_options

CONFIG = "config/evidence/adamame.yaml"
EVIDENCE = yaml.safe_load((ROOT / CONFIG).read_text(encoding="utf-8"))
TREATED = ("adamame", "constant", "fidelity-reward")


def test_the_regime_is_measured_without_a_treated_model(fresh: Path) -> None:
    run = dry_run(fresh, "--configfile", CONFIG, "--printshellcmds", "regime")
    counts = {name: run.jobs[name] for name in ("pretrain", "train_sft", "train_grpo", "generate", "check_regime")}
    assert counts == {"pretrain": 1, "train_sft": 1, "train_grpo": 1, "generate": 5, "check_regime": 1}
    assert "make_table" not in run.jobs and not any(f"models/{name}" in run.text for name in TREATED)
    assert "questions/test" not in run.text


def test_that_of_the_merges_without_a_gate(fresh: Path) -> None:
    run = dry_run(fresh, "--configfile", "config/evidence/merges.yaml", "--printshellcmds", "regime")
    trainings = {name: run.jobs[name] for name in run.jobs if name.startswith(("pretrain", "train_"))}
    assert trainings == {"pretrain": 1, "pretrain_translator": 1, "train_mapping": 1, "train_merge": 4}
    assert run.jobs["generate_merged"] == 4 * 3 and run.jobs["check_regime"] == 1
    assert not any(f"models/{name}" in run.text for name in ("st-merge", "fix-merge"))
    assert "questions/test" not in run.text


def test_the_merges_study_asks_about_each_gate_and_four_weights() -> None:
    study = compiled(yaml.safe_load((ROOT / "config/evidence/merges.yaml").read_text(encoding="utf-8")))
    options = {name: model.options for name, model in study.models.items()}
    asked = {target.name: target.models for target in study.named_targets}
    tested, dev = asked["merge"], asked["dev"]
    gates = {options[name]["gate"] for name in tested if options[name]["recipe"] == "merge"}
    assert gates == {"none", "fixed", "sigmoid", "cross-attention", "vector", "attention-bias"}
    assert sorted(options[name]["encoder_weight"] for name in dev) == [0.25, 0.5, 1, 2]
    assert {options[name]["gate"] for name in dev} == {"none"} and set(study.criteria) == {"merges"}


def test_the_study_writes_its_regime() -> None:
    study = compiled(EVIDENCE)
    table = "results/evidence-adamame/tables/regime.csv"
    assert table in outputs(study, study.targets[""]) and table not in outputs(study, study.targets["dev-"])
    assert set(regime_options(study).asked) == {
        f"{label}/dev-mgsm" for label in ("lrm", "sft", "grpo", "lrm+forced-prefix", "lrm+forced-english")
    }


def test_the_first_page_shows_the_regime(default_study: dict[str, Any]) -> None:
    study, plain = compiled(EVIDENCE), compiled(default_study)
    shown = {target.page: page_inputs(study, target.page)["regime"] for target in page_targets(study)}
    assert shown.pop("index") == ["results/evidence-adamame/tables/regime.csv"] and shown
    assert not any(shown.values()) and page_inputs(plain, "index")["regime"] == []


def test_a_study_that_names_no_part_checks_none(default_study: dict[str, Any]) -> None:
    study = compiled(default_study)
    assert study.criteria == {} and not any("regime" in path for path in outputs(study, study.targets[""]))


REFUSED: dict[str, tuple[Edit, str]] = {
    "unknown part": (put("regime", ["adamam"]), "regime.0: 'adamam' is not a part of config/regime.yaml; did you mean"),
    "no dev evaluation": (
        put("evaluations.3.split", "test"),
        "evaluations.3.benchmarks: 'dev-mgsm' has no questions there",
    ),
    "a model that is not evaluated": (
        put("evaluations.1.models", ["lrm", "sft"]),
        "regime.0: 'adamame' compares 'grpo' (grpo-gains), which no evaluation with `split: dev` answers; add one",
    ),
    "a target of the rule's name": (put("evaluations.1.target", "regime"), "evaluations.1.target: 'regime' is taken"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    edit, said = REFUSED[name]
    assert said in refusal(EVIDENCE, edit)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"models": ["a", "b"]}, "x.models: `compare: value` takes 1, not 2"),
        ({"compare": "difference"}, "x.models: `compare: difference` takes 2, not 1"),
        ({"compare": "oracle"}, "x.models: `compare: oracle` takes 2 or more, not 1"),
        ({"low": None}, "x: has no bound; set `low`, `high` or both"),
        ({"languages": "indomain"}, "x.languages: 'indomain' is not a group of languages; did you mean 'in-domain'"),
        ({"than": ["xx"]}, "x.than: unknown language 'xx'"),
    ],
)
def test_criteria_that_cannot_be_measured_are_refused(changes: dict[str, Any], said: str) -> None:
    sound = {"models": ["a"], "compare": "value", "languages": "all", "than": None, "low": 0.1, "high": None}
    check_criterion(dict(sound), "x")
    with pytest.raises(StudyError) as caught:
        check_criterion(sound | changes, "x")
    assert said in str(caught.value)
