"""Dry runs: the jobs of each target of the default study."""

from pathlib import Path
from typing import Any

from default_jobs import CORPUS, DEFAULT, NEEDED, SUMMARIES, outputs_of
from edits import compiled
from workspaces import dry_run

from vernacular.study import corpus


def without_claims(jobs: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in jobs.items() if name != "make_claims"}


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
    """Seven trainings with eight checkpoints each, and where they start; without it no checkpoint is taken."""
    run = dry_run(fresh, "trajectories")
    made = {"pretrain": 1, "train_sft": 1, "make_rl_prompts": 1, "train_grpo": 7, "take_checkpoint": 57}
    made |= {"generate": 57, "score": 57, "make_table": 1, "plot_trajectories": 1, "check_leaks": 1, "make_page": 1}
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


def test_training_questions_are_those_of_traces_and_prompts(default_study: dict[str, Any]) -> None:
    """Training sets draw their own problems: those of SLAM and of the merges are no work for AdaMame's part."""
    study = compiled(default_study)
    assert list(corpus.questions_options(study, "train").benchmarks) == ["mini-mgsm"]
    asked = set(corpus.questions_options(study, "test").benchmarks)
    assert asked == {"mini-mgsm", "mini-msvamp", "mini-xcsqa", "mini-xnli"}
