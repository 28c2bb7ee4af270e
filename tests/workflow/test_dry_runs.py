"""Dry runs: the jobs of each study and target, from wherever Snakemake is called, light and quick."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from edits import compiled, edited, put
from workspaces import RULES, dry_run, snakemake, typed

from vernacular.command.new import new_study
from vernacular.planning import plan
from vernacular.study import pages, stages
from vernacular.study.compile import DEFAULT as DEFAULT_TARGET
from vernacular.study.compile import Study
from vernacular.study.schema import StudyError
from vernacular.study.sources import check_folders
from vernacular.study.targets import outputs

CORPUS = {"make_questions": 2, "make_training_data": 1, "make_traces": 1, "filter_traces": 1}
SUMMARIES = {"make_table": 1, "make_claims": 1, "check_leaks": 1, "make_samples": 1, "make_page": 1}
DEFAULT = {
    **CORPUS,
    "pretrain": 1,
    "train_sft": 1,
    "make_rl_prompts": 1,
    "train_grpo": 3,
    "generate": 12,
    "score": 12,
    "plot_training": 1,
    "plot_pareto": 1,
    "plot_languages": 1,
    **SUMMARIES,
}
# What scores need: all but figures and the report on the filter.
NEEDED = [*CORPUS, "pretrain", "train_sft", "make_rl_prompts", "train_grpo", "generate", "score", "make_table"]


def without_claims(jobs: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in jobs.items() if name != "make_claims"}


def outputs_of(study: Study, name: str) -> list[str]:
    """What `snakemake <name>` makes of a study."""
    return outputs(study, study.targets[f"{name}-" if name else DEFAULT_TARGET])


def test_default_study_takes_three_seconds(fresh: Path, failing_scontrol: Path) -> None:
    """At most 3 s on an idle machine. Measured is the processor's time, which a busy one changes by half at most."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = typed(fresh, "--dry-run", path=failing_scontrol)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.jobs == DEFAULT
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= 5


def test_target_adamame_is_the_default_study(default_study: dict[str, Any]) -> None:
    study = compiled(default_study)
    assert outputs_of(study, "adamame") == outputs_of(study, "")


def test_two_seeds_are_twice_the_models_and_no_new_rule(fresh: Path, write_config: Any) -> None:
    overlay = write_config({"study": "seeds", "seeds": [1, 2]})
    per_seed = ("pretrain", "train_sft", "make_rl_prompts", "train_grpo", "generate", "score")
    assert dry_run(fresh, "--configfile", "config/config.yaml", overlay).jobs == DEFAULT | {
        name: 2 * DEFAULT[name] for name in per_seed
    }


def test_target_schedules(fresh: Path) -> None:
    run = dry_run(fresh, "--printshellcmds", "schedules")
    assert run.jobs == DEFAULT | {"train_grpo": 7, "generate": 14, "score": 14}
    assert "make_table: writing tables/schedules-scores.csv" in run.messages
    assert "--checkpoints results/default/seed-1/checkpoints" in run.text
    assert "<results>" not in run.text and "<logs>" not in run.text


def test_target_trajectories(fresh: Path) -> None:
    """Seven trainings with five checkpoints each, and where they start; without it no checkpoint is taken."""
    run = dry_run(fresh, "trajectories")
    made = {"pretrain": 1, "train_sft": 1, "make_rl_prompts": 1, "train_grpo": 7, "take_checkpoint": 36}
    made |= {"generate": 36, "score": 36, "make_table": 1, "plot_trajectories": 1, "check_leaks": 1, "make_page": 1}
    assert run.jobs == {**CORPUS, **made}


def test_target_slam(fresh: Path) -> None:
    """The questions of dev and test (and train, for the prompts of slam-adamame), four sets, eight trainings."""
    run = dry_run(fresh, "slam")
    models = {"pretrain": 1, "train_finetune": 4, "slam_probe": 1, "slam_select": 3, "train_slam": 3, "train_grpo": 1}
    corpus = {"make_questions": 3, "make_training_data": 4, "make_rl_prompts": 1}
    tables = {"make_slam_table": 1, "make_slam_costs": 1, "plot_slam_probe": 1, "plot_training": 1}
    assert run.jobs == {**corpus, **models, "generate": 14, "score": 14, **tables, **SUMMARIES}
    assert not [message for message in run.messages if "lrm" in message]


def test_target_slam_sweep(fresh: Path) -> None:
    """Each of the eight layers alone; neither the two-stage baseline nor GRPO."""
    run = dry_run(fresh, "slam-sweep")
    models = {"pretrain": 1, "train_finetune": 1, "slam_probe": 1, "slam_select": 8, "train_slam": 8}
    tables = {"make_slam_sweep": 1, "plot_slam_sweep": 1, **without_claims(SUMMARIES)}
    corpus = {"make_questions": 2, "make_training_data": 3}
    assert run.jobs == {**corpus, **models, "generate": 18, "score": 18, **tables}


def test_target_merge(fresh: Path) -> None:
    """One mapping for all merges but LangBridge; only the LLM is evaluated behind a translator."""
    run = dry_run(fresh, "merge")
    models = {"pretrain": 1, "pretrain_translator": 1, "train_mapping": 1, "train_merge": 5}
    generation = {"generate": 4, "generate_translated": 4, "generate_merged": 20, "score": 28}
    tables = {"make_merge_table": 1, "make_merge_languages": 4, "plot_merge_gates": 1, **SUMMARIES}
    assert run.jobs == {"make_questions": 1, "make_training_data": 4, **models, **generation, **tables}


def test_target_merge_steering(fresh: Path) -> None:
    """What the gate does, looked at: one merge in six ways; the LLM on questions in two languages, or two texts."""
    run = dry_run(fresh, "merge-steering")
    models = {"pretrain": 1, "pretrain_translator": 1, "train_mapping": 1, "train_merge": 1}
    generation = {"generate": 6, "generate_merged": 7, "score": 13}
    tables = {"plot_pareto": 1, "plot_languages": 1, **without_claims(SUMMARIES)}
    assert run.jobs == {"make_questions": 1, "make_training_data": 3, **models, **generation, **tables}


def test_a_merge_on_the_adamame_model(fresh: Path) -> None:
    """Twice, from one mapping: on English and on native solutions."""
    run = dry_run(fresh, "merge-adamame")
    assert run.jobs["train_grpo"] == run.jobs["train_mapping"] == 1
    assert run.jobs["train_merge"] == 2 and run.jobs["generate_merged"] == 4


def test_the_three_parts_in_one_call(fresh: Path) -> None:
    """What they share is made once. The merges' LLM is not SLAM's, so a third is trained from scratch."""
    run = dry_run(fresh, "all", "slam", "merge")
    assert run.jobs["pretrain"] == 3 and run.jobs["pretrain_translator"] == 1
    assert run.jobs["generate"] == 12 + 14 + 4 and run.jobs["make_page"] == 3
    pages = {message for message in run.messages if message.startswith("make_page")}
    assert pages == {f"make_page: writing {name}.html" for name in ("index", "slam", "merge")}


def test_target_claims(fresh: Path) -> None:
    """What claims compare, and no more: neither the sweep nor the other schedules, two merges beside ST-Merge."""
    run = dry_run(fresh, "claims")
    trained = {message for message in run.messages if message.startswith("train_")}
    assert {f"train_grpo: training {name} (seed 1)" for name in ("grpo", "adamame", "constant")} <= trained
    assert "train_merge: training st-merge-no-language (seed 1)" in trained
    assert not [m for m in trained if any(n in m for n in ("slam-layer", "linear", "langbridge", "lora", "slam-top"))]
    assert run.jobs["make_claims"] == run.jobs["check_leaks"] == run.jobs["slam_probe"] == 1
    assert "make_table" not in run.jobs


def test_cards_of_the_evaluated_models(fresh: Path) -> None:
    """Beside the folders: five models of the default study, and the jobs that they need anyway."""
    run = dry_run(fresh, "cards")
    assert run.jobs == {name: count for name, count in DEFAULT.items() if name in NEEDED} | {"make_card": 5}
    card = dry_run(fresh, "results/default/cards/seed-1/st-merge.md")
    assert card.jobs["make_card"] == card.jobs["make_table"] == 1 and card.jobs["train_merge"] == 5


# --- targets of any name


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
    assert stages.training_data_options(one, "plain-text") == stages.training_data_options(each, "plain-text")
    assert stages.training_data_options(one, "plain-text").data[0]["shares"] == dict.fromkeys(languages, 0.5)


def test_list_is_a_table_of_contents(fresh: Path, default_study: dict[str, Any]) -> None:
    """`snakemake --list` has a line for each target and rule, with words about it."""
    listed = snakemake(fresh, "--list").out.splitlines()
    described = {match[1] for line in listed if (match := re.fullmatch(r"([\w-]+) \(.{15,}\)", line))}
    assert described == {line.split(" ")[0] for line in listed}
    assert {target.name for target in compiled(default_study).named_targets} | RULES - {
        "preflight",
        "rescore",
    } <= described


# --- other studies


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


# --- ways of calling


def test_profile_of_a_cluster_as_typed(fresh: Path, failing_scontrol: Path) -> None:
    run = dry_run(fresh, "--profile", "slurm", path=failing_scontrol)
    assert run.jobs == DEFAULT and "profiles slurm" in run.text and "Warning" not in run.text


def test_local_profile_in_another_directory(fresh: Path, tmp_path: Path) -> None:
    run = dry_run(fresh, "--directory", tmp_path, "--profile", "local")
    assert run.jobs == DEFAULT and "profiles local" in run.text and "Warning" not in run.text


def test_called_from_elsewhere(fresh: Path, tmp_path: Path) -> None:
    assert dry_run(tmp_path, "--snakefile", fresh / "Snakefile", "--directory", tmp_path).jobs == DEFAULT


def test_working_directory_with_its_own_study(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    text = (fresh / "config" / "smoke.yaml").read_text(encoding="utf-8")
    (tmp_path / "config" / "config.yaml").write_text(text.replace("study: smoke", "study: own"), encoding="utf-8")
    run = dry_run(fresh, "--directory", tmp_path)
    assert run.jobs["train_grpo"] == 1 and "results/own/" in run.text and "results/default" not in run.text


def test_scripts_run_from_another_folder(fresh: Path, tmp_path: Path) -> None:
    """A real job, the cheapest one, from a folder that is not the repository."""
    config = fresh / "config" / "smoke.yaml"
    target = "results/smoke/corpus/questions/dev.parquet"
    done = typed(fresh, "--directory", tmp_path, "--configfile", config, "--cores", "1", "--", target)
    assert done.status == 0 and (tmp_path / target).stat().st_size > 0, done.text
    assert not (fresh / "results").exists()


MODULE = """
module vernacular:
    snakefile: "{root}/Snakefile"
    {config}

use rule * from vernacular
"""


def test_as_a_module(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(MODULE.format(root=fresh, config=""), encoding="utf-8")
    assert dry_run(tmp_path).jobs == DEFAULT


def test_as_a_module_with_its_own_configuration(fresh: Path, tmp_path: Path) -> None:
    text = f'configfile: "{fresh}/config/smoke.yaml"\nconfig["study"] = "own"\n' + MODULE.format(
        root=fresh, config="config: config"
    )
    (tmp_path / "Snakefile").write_text(text, encoding="utf-8")
    run = dry_run(tmp_path)
    assert run.jobs["train_grpo"] == 1 and "results/own/" in run.text
    (tmp_path / "Snakefile").write_text(text.replace('config["study"]', 'config["studie"]'), encoding="utf-8")
    assert dry_run(tmp_path).complaint.endswith("studie: unknown key; did you mean 'study'?")


def test_a_new_study_names_its_file_and_finds_functions_next_to_it(fresh: Path, tmp_path: Path) -> None:
    new_study(tmp_path / "mine", "minimal")
    config = tmp_path / "mine" / "config" / "config.yaml"
    whole = yaml.safe_load(config.read_text(encoding="utf-8"))
    whole["rl"] = {"benchmark": "sums", "languages": ["fr"], "hash_range": [0, 1]}
    whole["models"]["own"] = {"recipe": "grpo", "from": "native", "prompts": 8} | {
        "alignment": {"schedule": "mine.py:g"},
        "training": {"max_steps": 2, "loss_type": "dr_grpo"},
    }
    config.write_text(yaml.safe_dump(whole), encoding="utf-8")
    assert (
        "config/config.yaml: models.own.alignment.schedule: no file 'mine.py'" in dry_run(tmp_path / "mine").complaint
    )
    (config.parent / "mine.py").write_text("def g(step, total):\n    return step / total\n", encoding="utf-8")
    assert dry_run(tmp_path / "mine").jobs["try_functions"] == 1


def test_dry_run_imports_no_torch(fresh: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": ""}
    command = [sys.executable, "-X", "importtime", "-m", "snakemake", "--dry-run", "--quiet"]
    done = subprocess.run(command, cwd=fresh, env=environment, capture_output=True, text=True, timeout=120)
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert done.returncode == 0 and "vernacular.study.resolve" in imported and "snakemake.workflow" in imported, (
        done.stderr[-2000:]
    )
    assert not imported & {"torch", "trl", "transformers", "datasets", "peft", "lingua"}


def test_training_questions_are_those_of_traces_and_prompts(default_study: dict[str, Any]) -> None:
    """Training sets draw their own problems: those of SLAM and of the merges are no work for AdaMame's part."""
    study = compiled(default_study)
    assert list(stages.questions_options(study, "train").benchmarks) == ["mini-mgsm"]
    asked = set(stages.questions_options(study, "test").benchmarks)
    assert asked == {"mini-mgsm", "mini-msvamp", "mini-xcsqa", "mini-xnli"}
