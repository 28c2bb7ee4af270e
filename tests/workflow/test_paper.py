"""The papers' set-ups: each gives its whole DAG by a dry run on the cluster's profile, offline and within seconds."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from edits import Edit, compiled, put, refusal
from workspaces import ROOT, typed_at_once

from vernacular.language.languages import load_languages
from vernacular.study.sources import downloads_of

ONCE = dict.fromkeys(("list_downloads", "make_table", "make_claims", "make_samples", "make_page", "check_leaks"), 1)
ONCE |= {"plot_pareto": 1, "plot_languages": 1}
ADAMAME = {
    **ONCE,
    "download": 5,
    "fetch_folder": 1,
    "make_questions": 2,
    "make_traces": 1,
    "filter_traces": 1,
    "train_sft": 1,
    "make_rl_prompts": 1,
    "train_grpo": 2,
    "generate": 8,
    "score": 8,
    "plot_training": 1,
}
SLAM = {
    **ONCE,
    "download": 6,
    "fetch_folder": 2,
    "make_questions": 2,
    "make_training_data": 3,
    "slam_probe": 1,
    "slam_select": 3,
    "train_slam": 3,
    "train_finetune": 3,
    "generate": 12,
    "score": 12,
    "make_slam_table": 1,
    "make_slam_costs": 1,
    "plot_slam_probe": 1,
}


def merges(downloads: int, benchmarks: int) -> dict[str, int]:
    """Three seeds of one mapping, four merges and a reasoner."""
    return {
        **ONCE,
        "download": downloads,
        "fetch_folder": 6,
        "make_questions": 1,
        "make_training_data": 3,
        "train_mapping": 3,
        "train_merge": 12,
        "generate": 3 * benchmarks,
        "generate_merged": 12 * benchmarks,
        "score": 15 * benchmarks,
        "make_merge_table": 1,
        "make_merge_languages": benchmarks,
        "plot_merge_gates": 1,
    }


EVALUATION = {
    "download": 14,
    "list_downloads": 1,
    "fetch_folder": 2,
    "make_questions": 1,
    "generate": 24,
    "score": 24,
    "make_table": 1,
    "make_claims": 1,
    "make_samples": 1,
    "make_page": 1,
    "plot_pareto": 1,
    "plot_languages": 1,
}
STUDIES = {
    "paper/adamame-distill-1.5b": ADAMAME,
    "paper/adamame-qwen3-4b": ADAMAME,
    "paper/slam-metamath-7b": SLAM,
    "paper/slam-metamath-13b": SLAM,
    "paper/st-merge-metamath-7b": merges(6, 2),
    "paper/st-merge-x-csqa": merges(3, 1),
    "paper/st-merge-xnli": merges(3, 1),
    "one-gpu": {**ADAMAME, "train_grpo": 3, "generate": 10, "score": 10},
    "eval": EVALUATION,
}


def test_every_shipped_paper_study_is_here() -> None:
    there = {f"paper/{path.stem}" for path in (ROOT / "config" / "paper").glob("*.yaml")}
    assert there == STUDIES.keys() - {"one-gpu", "eval"}


@pytest.mark.parametrize("name", STUDIES)
def test_the_whole_dag_within_three_seconds(fresh: Path, failing_scontrol: Path, name: str) -> None:
    words = ("--dry-run", "--configfile", f"config/{name}.yaml", "--profile", "slurm")
    assert typed_at_once(fresh, *words, path=failing_scontrol).jobs == STUDIES[name]


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8"))


QWEN = read("paper/adamame-qwen3-4b")


@pytest.mark.parametrize("name", STUDIES)
def test_what_is_fetched_is_pinned_or_says_that_it_is_not(name: str) -> None:
    text = (ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8")
    for place, item in downloads_of(compiled(read(name)).config).items():
        if "repo" in item and item["revision"] == "main":
            assert "the first download pins it" in text.replace("\n  # ", " "), place
        elif "repo" in item:
            assert len(item["revision"]) == 40, place
        else:  # of a commit
            assert all(len(entry["url"].split("/")[5]) == 40 for entry in item["urls"]), place


def test_the_papers_compare_alignments_and_merges_alone() -> None:
    models = compiled(QWEN).config["models"]
    assert models["grpo"]["training"] == models["adamame"]["training"] and models["grpo"]["lora"]["lora_alpha"] == 64
    merge = compiled(read("paper/st-merge-metamath-7b")).config["models"]
    assert merge["mindmerger"]["training"] == merge["st-merge"]["training"] == merge["fix-merge"]["training"]


REFUSED: dict[str, tuple[Edit, str]] = {
    "two places": (
        put("sources.dapo.folder", "x"),
        "sources.dapo: needs one of file, folder, dataset and urls, not folder and",
    ),
    "no place": (
        put("sources.dapo", {"format": "dapo"}),
        "sources.dapo: needs one of file, folder, dataset and urls, not none",
    ),
    "unpinned": (put("sources.dapo", {"format": "dapo", "dataset": "a/b"}), "sources.dapo: a dataset of the hub needs"),
    "unknown format": (
        put("sources.dapo.format", "dapoo"),
        "sources.dapo.format: 'dapoo' is not a valid choice; did you mean",
    ),
    "folder by its name alone": (
        put("sources.dapo", "data"),
        "sources.dapo: expected a mapping, got 'data'",
    ),
    "checksum": (put("sources.dapo.urls.0.sha256", "abc"), "sources.dapo.urls.0.sha256: 'abc' must have the form"),
    "unknown source": (
        put("traces.source", "traces"),
        "traces.source: unknown source 'traces'; did you mean 'sft-traces'",
    ),
    "questions as traces": (
        put("traces.source", "dapo"),
        "'dapo' (format dapo) has no traces; choose from: sft-traces",
    ),
    "longer real traces": (put("traces.check", 0.1), "traces.check: describes the miniature's traces"),
    "flaws of real traces": (put("traces.flaws", {"no-box": 0.1}), "traces.flaws: describes the miniature's traces"),
    "training questions as test": (
        put("evaluations.0.benchmarks", ["dapo"]),
        "evaluations.0.benchmarks: the source of 'dapo' has only the splits train, not 'test'",
    ),
    "set of a benchmark with a source": (
        put("data", {"x": [{"task": "reasoning", "benchmarks": {"dapo": [0, 1]}, "languages": ["fr"]}]}),
        "data.x.0.benchmarks: 'dapo' has a source; name it as `source`",
    ),
    "solutions of what has none": (
        put("data", {"x": [{"task": "reasoning", "source": "dapo", "languages": ["fr"]}]}),
        "data.x.0.source: 'dapo' (format dapo) has no solutions",
    ),
    "longer solutions of a source": (
        put("data", {"x": [{"task": "reasoning", "source": "dapo", "languages": ["fr"], "restate": 0.1}]}),
        "data.x.0.restate: is for the miniature's traces; leave it out",
    ),
    "plain text of a source": (
        put("data", {"x": [{"task": "text", "source": "dapo", "languages": ["fr"]}]}),
        "data.x.0.task: 'text' is made only from phrasebooks",
    ),
    "unknown template": (
        put("models.lrm.chat_template", "qwen"),
        "chat template 'qwen' is not among those of resources",
    ),
    "no revision": (put("models.lrm", {"recipe": "hub", "repo": "a/b"}), "models.lrm: the key 'revision' is missing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    edit, said = REFUSED[name]
    assert said in refusal(QWEN, edit)


def test_checkpoints_fall_between_rollouts() -> None:
    """A generation lasts steps_per_generation batches, of which a step accumulates some: 512 of 256 are two steps."""
    path = "models.adamame.training.save_steps"
    assert re.search("save_steps: 5 is not a multiple of 2, .* the nearest is 4", refusal(QWEN, put(path, 5)))


def test_published_numbers() -> None:
    """Each is of a known language or an average, between 0 and 100, and says where it stands."""
    with (ROOT / "src/vernacular/resources/published.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [tuple(row[k] for k in ("paper", "model", "base", "benchmark", "language", "metric")) for row in rows]
    assert len(rows) > 80 and len(set(keys)) == len(keys)
    for row in rows:
        assert row["language"] == "average" or row["language"] in load_languages(), row
        assert (
            0 < float(row["value"]) <= 100 and row["source"] and row["metric"] in ("accuracy", "pass_at_4", "lcpr")
        ), row
    by_language = [row for row in rows if row["model"] == "MindMerger" and row["base"] == "LLaMAX-7B-X-CSQA"]
    values = [float(row["value"]) for row in by_language if row["language"] != "average"]
    [average] = [float(row["value"]) for row in by_language if row["language"] == "average"]
    assert len(values) == 16 and abs(sum(values) / 16 - average) < 0.1  # as it was copied
