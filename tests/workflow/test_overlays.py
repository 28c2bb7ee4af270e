"""A file laid over the default study, as a researcher writes it in the second hour; and the smallest study of all."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from workspaces import ROOT, dry_run, snakemake

from vernacular.planning.dry_run import longest, table
from vernacular.study.compile import Study, compile_study
from vernacular.study.layers import check_named, lay, read_layer
from vernacular.study.schema import StudyError
from vernacular.study.targets import pages_of

DEFAULT = str(ROOT / "config" / "config.yaml")


def over_default(folder: Path, text: str) -> Study:
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    layers = [read_layer(DEFAULT, DEFAULT), read_layer(folder / "mine.yaml", "mine.yaml")]
    check_named(layers)
    return compile_study(lay(layers, ROOT / "config"), "mine.yaml", ROOT / "config" / "claims.yaml")


OWN = "study: mine\nevaluations: [{benchmarks: [mini-mgsm], models: [lrm, adamame], languages: [en, fr]}]\n"


def test_own_evaluations(tmp_path: Path) -> None:
    """The sections `slam` and `merge` then have no tables, and ask for nothing."""
    study = over_default(tmp_path, OWN)
    assert [target.name for target in study.named_targets] == ["main"]
    assert not any(target.merge or target.slam for target in study.targets.values())


def test_null_removes_sections_and_keys(tmp_path: Path) -> None:
    text = OWN + "merge: null\nclaims: null\nlicence: null\nmodels: {adamame: {lora: null, training: {beta: null}}}\n"
    study = over_default(tmp_path, text)
    assert "merge" not in study.config and study.config["licence"] is None
    options = study.models["adamame"].options
    assert "lora" not in options and "beta" not in options["training"] and options["training"]["loss_type"] == "dr_grpo"
    text = "study: mine\nmodels: {merge-reasoner: null}\n"
    with pytest.raises(StudyError, match=r"unknown model 'merge-reasoner'|is not among the study's"):
        over_default(tmp_path, text)


@pytest.mark.parametrize("section", ["slam", "merge"])
def test_a_section_whose_models_are_gone(section: str, tmp_path: Path) -> None:
    text = OWN + f"{section}: {{reference: nobody}}\n"
    with pytest.raises(StudyError, match=f"{section}.reference: .*`{section}: null` removes the section"):
        over_default(tmp_path, text)


def test_another_recipe_has_none_of_the_old_keys(tmp_path: Path) -> None:
    text = OWN + "models: {lrm: {recipe: hub, repo: Qwen/Qwen3-0.6B, revision: main}}\n"
    lrm = over_default(tmp_path, text).models["lrm"].options
    assert lrm == {"recipe": "hub", "repo": "Qwen/Qwen3-0.6B", "revision": "main"}
    text = OWN + "models: {lrm: {recipe: pretrain, vocabulary: 900}}\n"  # the same recipe: the other keys stay
    lrm = over_default(tmp_path, text).models["lrm"].options
    assert lrm["vocabulary"] == 900 and lrm["training"]["max_steps"] == 1750


def test_like_takes_another_model(tmp_path: Path) -> None:
    text = (
        OWN
        + "models:\n  a: {like: b, threads: 2}\n  b: {like: adamame, alignment: {floor: 0.5}}\n  lrm: {like: base}\n"
    )
    models = over_default(tmp_path, text).config["models"]
    assert models["a"] == {**models["b"], "threads": 2}
    assert models["b"]["alignment"] == {**models["adamame"]["alignment"], "floor": 0.5}
    assert models["b"]["training"] == models["adamame"]["training"]
    assert models["lrm"] == models["base"]  # not what lrm was below


def test_likes_of_each_other(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"models\.b\.like: a cycle: a -> b -> a"):
        over_default(tmp_path, OWN + "models: {a: {like: b}, b: {like: a}}\n")


def test_numbers_of_yaml_1_2(tmp_path: Path) -> None:
    text = (
        OWN
        + "models: {adamame: {training: {learning_rate: 1e-4, beta: 1E-2}}, lrm: {architecture: {rms_norm_eps: 1e-6}}}"
    )
    models = over_default(tmp_path, text).models
    assert models["adamame"].options["training"]["learning_rate"] == 0.0001
    assert models["lrm"].options["architecture"]["rms_norm_eps"] == 0.000001


def test_only_resources_need_no_name(tmp_path: Path) -> None:
    text = "models: {adamame: {resources: {runtime: 30}}}\nlimits: {runtime: 60}\n"
    assert over_default(tmp_path, text).config["study"] == "default"
    with pytest.raises(StudyError, match="mine.yaml: the key 'study' is missing.*results/default.*study: default if"):
        over_default(tmp_path, "models: {adamame: {threads: 2}}\n")
    assert over_default(tmp_path, "study: default\nbootstrap: 200\n").config["bootstrap"] == 200


def test_default_study_comes_first(tmp_path: Path) -> None:
    """Also where what was meant to change it is a whole study by its keys."""
    text = "study: mine\nbenchmarks: {a: {source: phrasebook}}\nmodels: {b: {like: adamame}}\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    mine, default = read_layer(tmp_path / "mine.yaml", "mine.yaml"), read_layer(DEFAULT, DEFAULT)
    with pytest.raises(StudyError, match=f"{re.escape(DEFAULT)}: is a whole study and would undo mine.yaml"):
        lay([mine, default], ROOT / "config")
    assert lay([default, mine], ROOT / "config")["study"] == "mine"


def test_the_line_of_the_guide(tmp_path: Path) -> None:
    """It is pasted as printed in the guide."""
    [line] = re.findall(r"^ +(my-adamame: .*)$", (ROOT / "docs/own-study.md").read_text(encoding="utf-8"), re.MULTILINE)
    study = over_default(tmp_path, f"study: mine\nmodels:\n  {line}\nevaluations:\n  - models: [my-adamame]\n")
    assert study.models["my-adamame"].options["alignment"]["schedule"] == "linear"


def test_what_a_study_need_not_write(tmp_path: Path) -> None:
    config: dict[str, Any] = yaml.safe_load((ROOT / "config" / "minimal.yaml").read_text(encoding="utf-8"))
    config["models"]["base"] |= {"training": {}}
    config["models"]["encoder"] = {"recipe": "translator", "data": "pairs", "vocabulary": 500, "training": {}} | {
        "length": 64,
        "architecture": {"model_type": "t5"},
    }
    config["data"]["pairs"] = [{"task": "pairs", "benchmarks": {"sums": [0, 1]}}]
    study = compile_study(config, "x", ROOT / "config" / "claims.yaml").config
    [evaluation] = study["evaluations"]
    assert evaluation["models"] == ["base", "native"] and evaluation["benchmarks"] == ["sums"]  # no translator
    assert evaluation["languages"] == study["data"]["pairs"][0]["languages"] == ["en", "fr", "ja"]
    assert study["models"]["base"]["architecture"]["model_type"] == "llama" and study["models"]["base"]["length"] == 512


def test_the_minimal_study(fresh: Path) -> None:
    lines = (fresh / "config" / "minimal.yaml").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if not line.startswith("#")]) <= 15
    jobs = dry_run(fresh, "--configfile", "config/minimal.yaml").jobs
    assert {"pretrain": 1, "train_finetune": 1, "generate": 2, "make_page": 1}.items() <= jobs.items()


def test_what_the_minimal_study_offers_runs() -> None:
    """Its last two lines are pasted as they are, without their #."""
    text = (ROOT / "config" / "minimal.yaml").read_text(encoding="utf-8")
    model, section = re.findall("^#( *mine: .*|rl: .*)$", text, re.MULTILINE)
    config = yaml.safe_load(f"{text}{section}\n")
    config["models"] |= yaml.safe_load(model)
    study = compile_study(config, "x", ROOT / "config" / "claims.yaml")
    assert study.models["mine"].options["alignment"]["schedule"] == "linear"
    assert study.answers.keys() == {(name, "sums") for name in ("base", "native", "mine")}


def test_a_hub_model_over_the_default_study(fresh: Path, tmp_path: Path) -> None:
    text = OWN + "merge: null\nmodels: {lrm: {recipe: hub, repo: Qwen/Qwen3-0.6B, revision: main}}\n"
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    jobs = dry_run(fresh, "--configfile", "config/config.yaml", tmp_path / "mine.yaml").jobs
    assert jobs["download"] == 1 and jobs["train_grpo"] == 1 and "pretrain" not in jobs


def test_a_finished_run_names_its_page(workspace: Path) -> None:
    run = snakemake(workspace, "--touch", "--forceall", "--cores", "1")
    assert run.status == 0 and "page: results/default/index.html" in run.text.splitlines(), run.text
    study = compile_study(yaml.safe_load(Path(DEFAULT).read_text("utf-8")), "x", ROOT / "config" / "claims.yaml")
    assert pages_of(study, ["slam", "results/default/tables/scores.csv"]) == ["results/default/slam.html"]
    assert pages_of(study, ["all", "merge"]) == ["results/default/index.html", "results/default/merge.html"]


def test_what_a_dry_run_is_about(fresh: Path) -> None:
    """A line for each rule, and the trainings and answers among its jobs that take most hours."""
    smoke = yaml.safe_load((fresh / "config" / "smoke.yaml").read_text(encoding="utf-8"))
    study = compile_study(smoke, "x", ROOT / "config" / "claims.yaml")
    run = dry_run(fresh, "adamame", "--configfile", "config/smoke.yaml")
    *lines, total = table(run.text, study, "adamame")
    assert {line.split()[0]: int(line.split()[1]) for line in lines} == run.jobs
    assert re.fullmatch(r"total +\d+  for the target adamame", total)
    works = longest(run.text, study)
    assert len(works) == 5 and {"lrm"} < {work.name for work in works}
    assert [work.hours for work in works] == sorted((work.hours for work in works), reverse=True)
    assert table("Nothing to be done", study, "slam") == ["Nothing to do for the target slam: everything is there."]
