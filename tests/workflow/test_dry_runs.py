"""Dry runs: the jobs of each study and target, from wherever Snakemake is called, light and quick."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from workspaces import dry_run, snakemake

CORPUS = {"questions": 2, "training_data": 1, "raw_traces": 1, "filter_traces": 1}
SUMMARY = {"table": 1, "training_curves": 1}
DEFAULT = {
    **CORPUS,
    "pretrain": 1,
    "train_sft": 1,
    "rl_prompts": 1,
    "train_grpo": 3,
    "generate": 12,
    "score": 12,
    **SUMMARY,
    "pareto": 1,
    "languages": 1,
    "claims_table": 1,
    "leaks": 1,
    "samples": 1,
    "page": 1,
}
# What scores need: all but figures and the report on the filter.
NEEDED = [*CORPUS, "pretrain", "train_sft", "rl_prompts", "train_grpo", "generate", "score", "table"]


def test_default_study(fresh: Path) -> None:
    assert dry_run(fresh).jobs == DEFAULT


def test_target_adamame_is_the_default_study(fresh: Path) -> None:
    assert dry_run(fresh, "adamame").jobs == DEFAULT


def test_two_seeds_are_twice_the_models_and_no_new_rule(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "seeds.yaml").write_text("study: seeds\nseeds: [1, 2]\n", encoding="utf-8")
    per_seed = ("pretrain", "train_sft", "rl_prompts", "train_grpo", "generate", "score")
    assert dry_run(fresh, "--configfile", "config/config.yaml", tmp_path / "seeds.yaml").jobs == DEFAULT | {
        name: 2 * DEFAULT[name] for name in per_seed
    }


def test_target_schedules(fresh: Path) -> None:
    run = dry_run(fresh, "schedules")
    models = {"train_grpo": 7, "generate": 14, "score": 14}
    made = {"pretrain": 1, "train_sft": 1, "rl_prompts": 1, **models, **SUMMARY, "claims_table": 1, "leaks": 1}
    made |= {"samples": 1, "page": 1}
    assert run.jobs == {**CORPUS, **made}
    assert "table: writing tables/schedules.csv" in run.messages


def test_target_trajectories(fresh: Path) -> None:
    """Seven trainings with five checkpoints each, and where they start; without it no checkpoint is taken."""
    run = dry_run(fresh, "trajectories")
    made = {"pretrain": 1, "train_sft": 1, "rl_prompts": 1, "train_grpo": 7, "take_checkpoint": 36, "generate": 36}
    made |= {"score": 36, "table": 1, "trajectories_figure": 1, "leaks": 1, "page": 1}
    assert run.jobs == {**CORPUS, **made}


def test_target_slam(fresh: Path) -> None:
    """The questions of dev and test (and train, for the prompts of slam-adamame), four sets, eight trainings."""
    run = dry_run(fresh, "slam")
    models = {"pretrain": 1, "train_finetune": 4, "slam_probe": 1, "slam_select": 3, "train_slam": 3, "train_grpo": 1}
    corpus = {"questions": 3, "training_data": 4, "rl_prompts": 1}
    tables = {"generate": 14, "score": 14, "table": 1, "slam_table": 1, "slam_costs": 1, "slam_figure": 1}
    tables |= {"claims_table": 1, "leaks": 1, "samples": 1, "page": 1}
    assert run.jobs == {**corpus, **models, **tables}
    assert not [message for message in run.messages if "lrm" in message]


def test_target_slam_sweep(fresh: Path) -> None:
    """Each of the eight layers alone; neither the two-stage baseline nor GRPO."""
    run = dry_run(fresh, "slam_sweep")
    models = {"pretrain": 1, "train_finetune": 1, "slam_probe": 1, "slam_select": 8, "train_slam": 8}
    tables = {"generate": 18, "score": 18, "slam_sweep_table": 1, "slam_sweep_figure": 1}
    tables["leaks"] = 1
    assert run.jobs == {"questions": 2, "training_data": 3, **models, **tables}


def test_target_merge(fresh: Path) -> None:
    """One mapping for all merges but LangBridge; only the LLM is evaluated behind a translator."""
    run = dry_run(fresh, "merge")
    models = {"pretrain": 1, "pretrain_translator": 1, "train_mapping": 1, "train_merge": 5}
    generation = {"generate": 4, "generate_translated": 4, "generate_merged": 20, "score": 28}
    tables = {"table": 1, "merge_table": 1, "merge_languages": 4, "merge_gates": 1, "claims_table": 1, "leaks": 1}
    tables |= {"samples": 1, "page": 1}
    assert run.jobs == {"questions": 1, "training_data": 4, **models, **generation, **tables}


def test_target_merge_steering(fresh: Path) -> None:
    """What the gate does, looked at: one merge in six ways; the LLM on questions in two languages, or two texts."""
    run = dry_run(fresh, "merge_steering")
    models = {"pretrain": 1, "pretrain_translator": 1, "train_mapping": 1, "train_merge": 1}
    generation = {"generate": 6, "generate_merged": 7, "score": 13}
    assert run.jobs == {"questions": 1, "training_data": 3, **models, **generation, "table": 1, "leaks": 1}


def test_a_merge_on_the_adamame_model(fresh: Path) -> None:
    """Twice, from one mapping: on English and on native solutions."""
    run = dry_run(fresh, "merge_adamame")
    assert run.jobs["train_grpo"] == run.jobs["train_mapping"] == 1
    assert run.jobs["train_merge"] == 2 and run.jobs["generate_merged"] == 4


def test_the_three_parts_in_one_call(fresh: Path) -> None:
    """What they share is made once. The merges' LLM is not SLAM's, so a third is trained from scratch."""
    run = dry_run(fresh, "all", "slam", "merge")
    assert run.jobs["pretrain"] == 3 and run.jobs["pretrain_translator"] == 1
    assert run.jobs["generate"] == 12 + 14 + 4 and run.jobs["page"] == 3
    pages = {message for message in run.messages if message.startswith("page")}
    assert pages == {f"page: writing {name}.html" for name in ("index", "slam", "merge")}


def test_target_claims(fresh: Path) -> None:
    """What claims compare, and no more: neither the sweep nor the other schedules, two merges beside ST-Merge."""
    run = dry_run(fresh, "claims")
    trained = {message for message in run.messages if message.startswith("train_")}
    assert {f"train_grpo: training {name} (seed 1)" for name in ("grpo", "adamame", "constant")} <= trained
    assert "train_merge: training st-merge-no-language (seed 1)" in trained
    assert not [m for m in trained if any(n in m for n in ("slam-layer", "linear", "langbridge", "lora", "slam-top"))]
    assert run.jobs["claims_table"] == run.jobs["leaks"] == run.jobs["slam_probe"] == 1 and "table" not in run.jobs


def test_cards_of_the_evaluated_models(fresh: Path) -> None:
    """Beside the folders: five models of the default study, and the jobs that they need anyway."""
    run = dry_run(fresh, "cards")
    assert run.jobs == {name: count for name, count in DEFAULT.items() if name in NEEDED} | {"model_card": 5}
    card = dry_run(fresh, "results/default/cards/seed-1/st-merge.md")
    assert card.jobs["model_card"] == card.jobs["table"] == 1 and card.jobs["train_merge"] == 5


def test_a_plan_counts_what_is_left_to_run(fresh: Path) -> None:
    from vernacular.planning import plan

    assert int(plan.jobs(["config/smoke.yaml"])) >= 0
    with pytest.raises(ValueError, match="^[^\\n]*bootstrap: 1 is too small[^\\n]*$"):
        (fresh.parent / "bad.yaml").write_text("bootstrap: 1\n", encoding="utf-8")
        plan.jobs(["config/smoke.yaml", str(fresh.parent / "bad.yaml")])


def test_listed_layers_need_no_probe_of_their_own(workspace: Path) -> None:
    """A list of layers is checked against the model that was probed, so the probe runs once for all."""
    run = dry_run(workspace, "slam_sweep", "slam")
    assert run.jobs["slam_probe"] == 1 and run.jobs["slam_select"] == 11


def test_smoke_study_has_every_rule_of_the_default_study(fresh: Path) -> None:
    run = dry_run(fresh, "--configfile", "config/smoke.yaml")
    assert run.jobs == {**DEFAULT, "train_grpo": 1, "generate": 7, "score": 7}
    assert "results/default" not in run.text  # --configfile takes the place of the default study


def test_two_models_overlay(fresh: Path) -> None:
    run = dry_run(fresh, "--configfile", "config/config.yaml", "config/two-models.yaml")
    assert run.jobs == DEFAULT
    assert "results/two-models/seed-2/" in run.text and "results/default" not in run.text


def test_mgsm_study_fetches_finished_models(workspace: Path) -> None:
    config = yaml.safe_load((workspace / "config" / "mgsm.yaml").read_text(encoding="utf-8"))
    folder = workspace / config["sources"]["mgsm"]["folder"]
    folder.mkdir(parents=True)
    for language in config["evaluations"][0]["languages"]:
        (folder / f"mgsm_{language}.tsv").write_text("1 + 1?\t2\n", encoding="utf-8")
    names = len(config["models"])
    expected = {
        "questions": 1,
        "fetch_folder": names,
        "generate": names,
        "score": names,
        "table": 1,
        "pareto": 1,
        "languages": 1,
        "claims_table": 1,
        "samples": 1,
        "page": 1,
    }
    for target in ("all", "mgsm"):
        assert dry_run(workspace, target, "--configfile", "config/mgsm.yaml").jobs == expected


def test_mgsm_study_without_its_files(fresh: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((fresh / "config" / "mgsm.yaml").read_text(encoding="utf-8"))
    file, sources = tmp_path / "mine.yaml", {"mgsm": {"format": "mgsm", "folder": str(tmp_path / "nowhere")}}
    file.write_text(yaml.safe_dump({**config, "study": "mine", "sources": sources}), encoding="utf-8")
    complaint = dry_run(fresh, "--configfile", file).complaint
    assert "mine.yaml: sources.mgsm.folder: no files of the format 'mgsm' in" in complaint
    assert str(tmp_path / "nowhere") in complaint
    (tmp_path / "nowhere").mkdir()
    (tmp_path / "nowhere" / "mgsm_en.tsv").write_text("1 + 1?\t2\n", encoding="utf-8")
    assert "has no file for 'bn'; choose from: en" in dry_run(fresh, "--configfile", file).complaint


@pytest.mark.parametrize("profile", ["slurm", "local"])
def test_profiles_as_typed(fresh: Path, failing_scontrol: Path, profile: str) -> None:
    run = dry_run(fresh, "--profile", profile, path=failing_scontrol)
    assert run.jobs == DEFAULT and f"profiles {profile}" in run.text and "Warning" not in run.text


def test_directory_option(fresh: Path, tmp_path: Path) -> None:
    assert dry_run(fresh, "--directory", tmp_path, "--profile", "local").jobs == DEFAULT
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
    done = snakemake(fresh, "--directory", tmp_path, "--configfile", config, "--cores", "1", "--", target)
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


def test_paths_hold_no_unreplaced_names(fresh: Path) -> None:
    run = dry_run(fresh, "--printshellcmds", "adamame", "schedules")
    assert "--checkpoints results/default/seed-1/checkpoints" in run.text
    assert "<results>" not in run.text and "<logs>" not in run.text


def test_dry_run_takes_three_seconds(fresh: Path, failing_scontrol: Path) -> None:
    """At most 3 s on an idle machine; twice that here, and a second try, for a busy one."""
    times = []
    while not times or times[-1] > 6 and len(times) < 2:
        start = time.perf_counter()
        assert dry_run(fresh, path=failing_scontrol).jobs == DEFAULT
        times.append(time.perf_counter() - start)
    assert min(times) <= 6, times


def test_dry_run_imports_no_torch(fresh: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": ""}
    command = [sys.executable, "-X", "importtime", "-m", "snakemake", "--dry-run", "--quiet"]
    done = subprocess.run(command, cwd=fresh, env=environment, capture_output=True, text=True, timeout=120)
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert done.returncode == 0 and "vernacular.study.resolve" in imported and "snakemake.workflow" in imported, (
        done.stderr[-2000:]
    )
    assert not imported & {"torch", "trl", "transformers", "datasets", "peft", "lingua"}


def test_training_questions_are_those_of_traces_and_prompts(fresh: Path) -> None:
    """Training sets draw their own problems: those of SLAM and of the merges are no work for AdaMame's part."""

    def asked(split: str) -> str:
        return dry_run(fresh, "--printshellcmds", f"results/default/corpus/questions/{split}.parquet").text

    assert "mini-mgsm" in asked("train") and "mini-xcsqa" not in asked("train") and "mini-msvamp" not in asked("train")
    assert all(name in asked("test") for name in ("mini-mgsm", "mini-msvamp", "mini-xcsqa", "mini-xnli"))
