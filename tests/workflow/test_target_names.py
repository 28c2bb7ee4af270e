"""Targets of any name: a user's own, those that sections name, and names alone, which bring nothing."""

import re
from pathlib import Path
from typing import Any

from default_jobs import SUMMARIES, outputs_of
from edits import compiled, edited, put
from workspaces import RULES, dry_run, snakemake

from vernacular.study import corpus, pages


def test_a_target_of_ones_own(finished: Path, default_study: dict[str, Any], write_config: Any) -> None:
    """An overlay adds it: two models with one change, their scores, claims, page and figures; all else is there."""
    adamame, evaluation = default_study["models"]["adamame"], default_study["evaluations"][0]
    bolder = {**adamame, "alignment": {**adamame["alignment"], "bonus": 3.0}}
    own = {**evaluation, "target": "my-ablation", "models": ["grpo", "adamame", "bolder"], "default": False}
    added = {"models": {"bolder": bolder}, "evaluations": [*default_study["evaluations"], own]}
    overlay = write_config({"study": "default", **added})
    run = dry_run(finished, "my-ablation", "--configfile", "config/config.yaml", overlay)
    figures = {"plot_pareto": 1, "plot_languages": 1, "plot_training": 1}
    assert run.jobs == {"train_grpo": 1, "generate": 2, "score": 2, **figures, **SUMMARIES}
    results = "results/default"
    wanted = {f"{results}/tables/my-ablation-{name}.csv" for name in ("scores", "claims")}
    wanted |= {f"{results}/corpus/my-ablation-leaks.csv", f"{results}/my-ablation.html"}
    names = ("pareto", "languages", "training", "training-languages")
    kinds = ("png", "svg", "pdf", "csv")
    wanted |= {f"{results}/figures/my-ablation-{name}.{kind}" for name in names for kind in kinds}
    study = compiled(
        {**default_study, "evaluations": [*default_study["evaluations"], own]}, edit=put("models.bolder", bolder)
    )
    made = outputs_of(study, "my-ablation")
    assert {path for path in made if "/scores/" not in path} == wanted
    assert len(made) - len(wanted) == 3 * len(own["benchmarks"])
    assert all(path in run.text for path in [*made, f"{results}/tables/my-ablation-samples.csv"])
    assert "my-ablation.html" in pages.page_options(study, "index").pages


def renamed(config: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """A configuration whose targets have other names."""
    for evaluation in (config := edited(config, lambda c: None))["evaluations"]:
        evaluation["target"] = names.get(evaluation["target"], evaluation["target"])
    return config


def test_sections_name_the_targets_of_their_tables(
    fresh: Path, default_study: dict[str, Any], write_config: Any
) -> None:
    """SLAM's and the merges' tables belong to whatever targets `slam.target`, `slam.sweep` and `merge.target` name."""
    names = {"slam": "layers", "slam-sweep": "one-layer", "merge": "joined"}
    config = renamed({**default_study, "study": "mine"}, names)
    config["slam"] |= {"target": "layers", "sweep": "one-layer"}
    config["merge"]["target"] = "joined"
    before, after = compiled({**default_study, "study": "mine"}), compiled(config)
    for old, new in names.items():
        prefix = re.compile(rf"/{new}(?=-(?:scores|claims|leaks|training)|\.html)")
        assert [prefix.sub(f"/{old}", path) for path in outputs_of(after, new)] == outputs_of(before, old)
    run = dry_run(fresh, "layers", "one-layer", "joined", "--configfile", write_config(config))
    assert run.jobs["make_slam_table"] == run.jobs["make_slam_sweep"] == run.jobs["make_merge_table"] == 1
    assert run.jobs["plot_slam_probe"] == run.jobs["plot_slam_sweep"] == run.jobs["plot_merge_gates"] == 1


def test_the_names_alone_bring_no_tables(default_study: dict[str, Any]) -> None:
    """Without their sections, targets called slam and merge are targets like others."""
    config = edited(
        {**default_study, "evaluations": default_study["evaluations"][:1]}, put("evaluations.0.default", True)
    )
    for name in ("slam", "merge"):
        config["evaluations"].append({**config["evaluations"][0], "target": name, "default": False})
    config["models"] = {n: m for n, m in config["models"].items() if not n.startswith("slam")}
    del config["slam"], config["merge"]
    study = compiled(config)
    for name in ("slam", "merge"):
        assert f"results/default/figures/{name}-pareto.png" in outputs_of(study, name)
        assert not [path for path in outputs_of(study, name) if path.endswith((f"tables/{name}.csv", "gates.png"))]


def test_checkpoints_are_evaluated_wherever_it_is_asked(default_study: dict[str, Any]) -> None:
    """By `checkpoints: true`, not by the target's name."""
    study = compiled(renamed(default_study, {"trajectories": "on-the-way"}))
    assert "results/default/figures/on-the-way-steps.png" in outputs_of(study, "on-the-way")
    assert any("@" in path for path in outputs_of(study, "on-the-way"))
    config = renamed(default_study, {"schedules": "trajectories", "trajectories": "on-the-way"})
    assert not any("@" in path for path in outputs_of(compiled(config), "trajectories"))


def test_one_share_for_all_languages(default_study: dict[str, Any]) -> None:
    languages = default_study["data"]["plain-text"][0]["languages"]
    one = compiled(default_study, edit=put("data.plain-text.0.shares", 0.5))
    each = compiled(default_study, edit=put("data.plain-text.0.shares", dict.fromkeys(languages, 0.5)))
    assert corpus.training_data_options(one, "plain-text") == corpus.training_data_options(each, "plain-text")
    assert corpus.training_data_options(one, "plain-text").data[0]["shares"] == dict.fromkeys(languages, 0.5)


def test_list_is_a_table_of_contents(fresh: Path, default_study: dict[str, Any]) -> None:
    """`snakemake --list` has a line for each target and rule, with words about it."""
    listed = snakemake(fresh, "--list").out.splitlines()
    described = {match[1] for line in listed if (match := re.fullmatch(r"([\w-]+) \(.{15,}\)", line))}
    assert described == {line.split(" ")[0] for line in listed}
    assert {target.name for target in compiled(default_study).named_targets} | RULES - {
        "preflight",
        "rescore",
    } <= described
