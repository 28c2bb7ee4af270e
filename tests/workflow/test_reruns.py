"""What runs again after an edit: no more than what the edit touches, and never less.

The study's outputs are empty files here: whether something runs again follows from times and recorded parameters alone.
"""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from workspaces import dry_run, snakemake

from vernacular.study.claims import load_claims
from vernacular.study.recipes import RECIPES
from vernacular.study.schema import StudyError

SUMMARIES = {
    "make_table": 1,
    "plot_pareto": 1,
    "plot_languages": 1,
    "make_claims": 1,
    "make_samples": 1,
    "make_page": 1,
}
GRPO_MODELS = {"grpo", "fidelity-reward", "adamame"}


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def add_code(workspace: Path, *modules: str) -> None:
    for module in modules:
        append(workspace / "src" / "vernacular" / module, "\nADDED = 1\n")


def delete_models(workspace: Path) -> None:
    shutil.rmtree(workspace / "results" / "default" / "seed-1" / "models")


def test_nothing_to_do(finished: Path) -> None:
    assert dry_run(finished, "--profile", "local").jobs == {}
    assert dry_run(finished, "--profile", "slurm").jobs == {}


def test_what_changes_no_result_reruns_nothing(workspace: Path) -> None:
    """Words, layout, messages; what a job asks a cluster for, threads, a launcher of one process; another folder."""
    library, config = workspace / "src" / "vernacular", workspace / "config" / "config.yaml"
    for module in ("adamame/reward.py", "language/identify.py", "models/loop.py", "evaluation/score.py"):
        replace(library / module, '"""', '"""Other words. ')  # the module's docstring
        append(library / module, "\n\n# a comment\n")
    replace(library / "adamame/reward.py", "folder: Path) -> None:\n", 'folder: Path) -> None:\n        """New."""\n')
    append(workspace / "workflow/scripts/train_grpo.py", "\n\n# a comment\n")
    replace(workspace / "workflow/rules/train.smk", "rule train:", "# a comment\nrule train:")
    add_code(
        workspace, "storage/messages.py", "models/tracking.py", "study/check.py", "study/schema.py", "run/failures.py"
    )
    study = yaml.safe_load(config.read_text(encoding="utf-8"))
    for part in (*study["models"].values(), *study["evaluations"], study["rl"], study["slam"]):
        part["resources"] = {"gpu": 1, "mem_mb": 64000, "runtime": 600}
    study |= {"limits": {"runtime": 700}, "threads": 2}
    study["models"]["adamame"]["launch"] = {"processes": 1}
    config.write_text("# a comment\n" + yaml.safe_dump(study, sort_keys=False), encoding="utf-8")
    assert dry_run(workspace, "--cores", "1").jobs == {}


def tracked(workspace: Path, tracker: str) -> tuple[str, Path]:
    """The option that lays a tracker over the default study, which keeps its name; its package is an empty one."""
    for name in ("wandb", "trackio"):
        (workspace / "src" / name).mkdir(exist_ok=True)
        (workspace / "src" / name / "__init__.py").touch()
    mine = workspace / "mine.yaml"
    mine.write_text(f"track: {tracker}\n", encoding="utf-8")
    return "--configfile", mine


def test_a_tracker_reruns_nothing(workspace: Path) -> None:
    """To add one, to take another and to leave it out again."""
    for tracker in ("wandb", "trackio", "null"):
        option, mine = tracked(workspace, tracker)
        found = dry_run(workspace, option, "config/config.yaml", mine)
        assert found.jobs == {}, tracker


def test_every_training_is_told_of_the_tracker(workspace: Path) -> None:
    option, mine = tracked(workspace, "wandb")
    targets = ("all", "slam", "merge")
    found = dry_run(workspace, *targets, "--forceall", "--printshellcmds", option, "config/config.yaml", mine)
    told = re.findall(r"/models/(\S+) --costs \S+ --track wandb default/(\S+)/seed-1 (\S+) --progress", found.text)
    rules = {recipe.rule for recipe in RECIPES.values() if recipe.reads}
    assert rules <= found.jobs.keys()
    assert len({model for model, _, _ in told}) == sum(found.jobs[rule] for rule in rules)
    assert all(model == named and folder == "results/default/tracking" for model, named, folder in told)


def test_changed_bonus_reruns_its_models_alone(workspace: Path) -> None:
    config = workspace / "config" / "config.yaml"
    text = config.read_text(encoding="utf-8")
    changed = re.sub(r"(\n  adamame:\n(?:    .*\n)*?    alignment: \{.*?bonus: )[\d.]+", r"\g<1>1.25", text)
    assert changed != text
    config.write_text(changed, encoding="utf-8")
    run = dry_run(workspace)
    assert run.jobs == {"train_grpo": 1, "generate": 2, "score": 2, "plot_training": 1, **SUMMARIES}
    assert "train_grpo: training adamame (seed 1)" in run.messages


def test_edited_reward_reruns_every_grpo_model_and_nothing_before(workspace: Path) -> None:
    add_code(workspace, "adamame/reward.py")
    run = dry_run(workspace)
    assert run.jobs == {"train_grpo": 3, "generate": 6, "score": 6, "plot_training": 1, **SUMMARIES}
    assert {m for m in run.messages if "training" in m and "(seed" in m} == {
        f"train_grpo: training {name} (seed 1)" for name in GRPO_MODELS
    }


def test_deleted_score_comes_back_without_generation(workspace: Path) -> None:
    (workspace / "results/default/seed-1/scores/adamame/mini-mgsm.parquet").unlink()
    run = dry_run(workspace)
    assert run.jobs == {"score": 1, **SUMMARIES}
    assert "score: adamame on mini-mgsm (seed 1)" in run.messages


def test_deleted_models_rerun_nothing(workspace: Path) -> None:
    delete_models(workspace)
    assert dry_run(workspace).jobs == {}
    (workspace / "results/default/seed-1/scores/lrm/mini-msvamp.parquet").unlink()
    without_samples = {name: 1 for name in SUMMARIES if name != "make_samples"}  # which are of mini-mgsm
    assert dry_run(workspace).jobs == {"score": 1, **without_samples}


def test_deleted_figure_and_table(workspace: Path) -> None:
    for name in ("pareto.svg", "languages.csv", "training-languages.svg"):
        (workspace / "results/default/figures" / name).unlink()
    drawn = {"plot_pareto": 1, "plot_languages": 1, "make_page": 1}
    assert dry_run(workspace).jobs == {**drawn, "plot_training": 1}
    (workspace / "results/default/figures/training-languages.svg").touch()
    (workspace / "results/default/tables/scores.csv").unlink()
    assert dry_run(workspace).jobs == {**drawn, "make_table": 1}


def test_edited_claims_are_tested_again_and_nothing_else(workspace: Path) -> None:
    claims = workspace / "config" / "claims.yaml"
    replace(claims, "threshold: -0.02", "threshold: -0.05")  # SLAM's, which the default study does not measure
    assert dry_run(workspace).jobs == {"make_claims": 1, "make_page": 1}
    replace(claims, "direction: lower", "direction: sideways")
    with pytest.raises(
        StudyError, match="claims.language-collapse.direction: 'sideways' is not a valid choice; choose"
    ):
        load_claims(claims)


def test_edited_metrics_need_no_model(workspace: Path) -> None:
    delete_models(workspace)
    add_code(workspace, "evaluation/statistics.py")
    assert dry_run(workspace).jobs == {name: 1 for name in SUMMARIES if name != "make_samples"}
    add_code(workspace, "evaluation/score.py")
    assert dry_run(workspace).jobs == {"score": 12, **SUMMARIES}


def test_edited_generation_reruns_generations_and_prompts_but_no_pretraining(workspace: Path) -> None:
    add_code(workspace, "evaluation/generate.py")
    jobs = dry_run(workspace).jobs
    assert jobs["generate"] == 12 and jobs["make_rl_prompts"] == 1 and jobs["train_grpo"] == 3
    assert not jobs.keys() & {"pretrain", "train_sft", "make_questions", "filter_traces"}


def test_edited_identifier_reruns_what_it_feeds(workspace: Path) -> None:
    add_code(workspace, "language/identify.py")
    jobs = dry_run(workspace).jobs
    assert {"filter_traces": 1, "train_sft": 1, "score": 12}.items() <= jobs.items()
    # Among the traces' sources are ones that tell no language, so the rule that reads traces is fed by it too.
    assert not jobs.keys() & {"pretrain", "make_training_data", "make_questions"}


def test_fewer_samples_do_not_retrain(workspace: Path) -> None:
    replace(workspace / "config" / "config.yaml", "samples: 4", "samples: 3")
    assert dry_run(workspace).jobs == {"generate": 12, "score": 12, **SUMMARIES}


def test_more_processes_train_again(workspace: Path) -> None:
    replace(workspace / "config" / "config.yaml", "prompts: 1000 #", "launch: {processes: 2}\n    prompts: 1000 #")
    assert dry_run(workspace).jobs["train_grpo"] == 3


def test_added_seed_keeps_the_first(workspace: Path) -> None:
    replace(workspace / "config" / "config.yaml", "seeds: [1]", "seeds: [1, 2]")
    run = dry_run(workspace)
    assert {"pretrain": 1, "train_sft": 1, "train_grpo": 3, "generate": 12, "score": 12}.items() <= run.jobs.items()
    assert not run.jobs.keys() & {"make_questions", "make_training_data", "make_traces", "filter_traces"}
    assert not [message for message in run.messages if message.endswith("(seed 1)")]


def test_edited_phrasebook_reruns_the_corpus(workspace: Path) -> None:
    append(workspace / "src/vernacular/resources/phrasebook" / "fr.yaml", "\n# a comment\n")
    assert dry_run(workspace).jobs["make_questions"] == 2


# --- upgrades

COSTLY = {"pretrain", "generate", "generate_merged", "score", "make_rl_prompts", "take_checkpoint", "filter_traces"}


def costly(jobs: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in jobs.items() if name in COSTLY or name.startswith("train_")}


def older(workspace: Path) -> Path:
    """A results folder as an older version left it: other hashes and options, other names of tables and figures."""
    add_code(workspace, "storage/files.py")
    replace(workspace / "config" / "config.yaml", "hash_range: [0.6, 0.7]", "hash_range: [0.6, 0.69]")
    results = workspace / "results" / "default"
    shutil.rmtree(results / "logs", ignore_errors=True)
    (results / "tables" / "scores.csv").rename(results / "tables" / "rates.csv")
    for file in (results / "figures").glob("pareto.*"):
        file.rename(file.with_name(f"plot{file.suffix}"))
    return results


def test_touch_after_an_upgrade(workspace: Path) -> None:
    """The way of docs/running.md to keep results after hashes changed: only what has a new name is made."""
    results = older(workspace)
    assert {"pretrain", "train_sft", "train_grpo", "generate", "score"} <= costly(dry_run(workspace).jobs).keys()
    touched = snakemake(workspace, "--profile", "local", "--touch", "all")
    assert touched.status == 0, touched.text
    made = {"make_table": 1, "plot_pareto": 1, "plot_languages": 1, "make_page": 1}
    assert dry_run(workspace).jobs == made
    assert not (results / "tables" / "scores.csv").exists()  # a touch makes no file that is not there


def test_touch_after_an_upgrade_with_deleted_models(workspace: Path) -> None:
    """Who freed the disk keeps the rest, too; a claim needs scores and no model."""
    older(workspace)
    delete_models(workspace)
    assert snakemake(workspace, "--touch", "adamame").status == 0
    assert costly(dry_run(workspace, "all", "results/default/tables/claims.csv").jobs) == {}
