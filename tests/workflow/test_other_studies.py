"""Dry runs of other studies than the default one: smoke, overlays, MGSM, merges of weights."""

from pathlib import Path

import pytest
import yaml
from default_jobs import DEFAULT, SUMMARIES, outputs_of
from edits import compiled
from workspaces import dry_run

from vernacular.planning import plan
from vernacular.study.schema import StudyError
from vernacular.study.sources import check_folders


def test_a_plan_counts_what_is_left_to_run(fresh: Path) -> None:
    counts = plan.jobs(plan.dry_run(["config/smoke.yaml"], ["all"]))
    assert counts["total"] == sum(counts.values()) / 2
    with pytest.raises(ValueError, match="^[^\\n]*bootstrap: 1 is too small[^\\n]*$"):
        (fresh.parent / "bad.yaml").write_text("study: bad\nbootstrap: 1\n", encoding="utf-8")
        plan.dry_run(["config/smoke.yaml", str(fresh.parent / "bad.yaml")], ["all"])


def test_listed_layers_need_no_probe_of_their_own(finished: Path) -> None:
    """A list of layers is checked against the model that was probed, so the probe runs once for all."""
    run = dry_run(finished, "slam-sweep", "slam")
    assert run.jobs["slam_probe"] == 1 and run.jobs["slam_select"] == 11


def test_merges_of_weights(fresh: Path, tmp_path: Path) -> None:
    """Each waits for its parents; only a swap whose layers the probe chooses waits for the probe."""
    mean = {"recipe": "merge-weights", "from": "lrm", "models": ["sft", "adamame"], "method": "linear"}
    swap = {"recipe": "merge-weights", "from": "sft", "models": ["lrm"], "method": "layer-swap", "layers": [0]}
    models = {"mean": mean, "swapped": swap}
    evaluation = {
        "target": "weights",
        "benchmarks": ["mini-mgsm"],
        "models": ["sft", *models],
        "languages": ["en", "fr"],
    }
    overlay = tmp_path / "mine.yaml"
    for layers, probes in (([0], 0), ("auto", 1)):
        swap["layers"] = layers
        mine = {"study": "mine", "models": models, "evaluations": [evaluation]}
        overlay.write_text(yaml.safe_dump(mine), encoding="utf-8")
        run = dry_run(fresh, "weights", "--configfile", "config/smoke.yaml", str(overlay))
        assert run.jobs["merge_weights"] == 2 and run.jobs["train_grpo"] == 1
        assert run.jobs.get("slam_probe", 0) == run.jobs.get("slam_select", 0) == probes


def test_smoke_study_has_every_rule_of_the_default_study(fresh: Path) -> None:
    run = dry_run(fresh, "--configfile", "config/smoke.yaml")
    assert run.jobs == {**DEFAULT, "train_grpo": 1, "generate": 7, "score": 7}
    assert "results/default" not in run.text  # --configfile takes the place of the default study


def test_two_models_overlay(fresh: Path) -> None:
    run = dry_run(fresh, "--configfile", "config/config.yaml", "config/two-models.yaml")
    assert run.jobs == DEFAULT
    assert "results/two-models/seed-2/" in run.text and "results/default" not in run.text


def test_mgsm_study_fetches_finished_models(finished: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((finished / "config" / "mgsm.yaml").read_text(encoding="utf-8"))
    (tmp_path / "results").symlink_to(finished / "results")
    folder = tmp_path / config["sources"]["mgsm"]["folder"]
    folder.mkdir(parents=True)
    for language in config["evaluations"][0]["languages"]:
        (folder / f"mgsm_{language}.tsv").write_text("1 + 1?\t2\n", encoding="utf-8")
    names = len(config["models"])
    run = dry_run(finished, "--directory", tmp_path, "--configfile", finished / "config" / "mgsm.yaml")
    models = {"fetch_folder": names, "generate": names, "score": names}
    figures = {"plot_pareto": 1, "plot_languages": 1}
    tables = {name: 1 for name in SUMMARIES if name != "check_leaks"}  # nothing is trained
    assert run.jobs == {"make_questions": 1, **models, **figures, **tables}
    study = compiled(config)
    assert outputs_of(study, "mgsm") == outputs_of(study, "")


def test_mgsm_study_without_its_files(fresh: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((fresh / "config" / "mgsm.yaml").read_text(encoding="utf-8"))
    file, sources = tmp_path / "mine.yaml", {"mgsm": {"format": "mgsm", "folder": str(tmp_path / "nowhere")}}
    config |= {"study": "mine", "sources": sources}
    for model in config["models"].values():
        model["path"] = str(tmp_path)
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    complaint = dry_run(fresh, "--configfile", file).complaint
    assert "sources.mgsm.folder: in " in complaint and "there is not a file of the format 'mgsm'" in complaint
    assert str(tmp_path / "nowhere") in complaint
    (tmp_path / "nowhere").mkdir()
    (tmp_path / "nowhere" / "mgsm_en.tsv").write_text("1 + 1?\t2\n", encoding="utf-8")
    with pytest.raises(StudyError, match="has no file for 'bn'; choose from: en"):
        check_folders(compiled(config).config)
