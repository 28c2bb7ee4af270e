"""The small scale: what each target plans, from the hub and from folders, and what is refused."""

from pathlib import Path

import pytest
import yaml
from edits import Edit, compiled, put, refusal
from workspaces import ROOT, dry_run, lay_out_small, typed_at_once

from vernacular.planning import plan
from vernacular.study import sources
from vernacular.study.schema import StudyError
from vernacular.study.sources import check_folders, downloads_of
from vernacular.study.stages import fetch_flags, model_place

SMALL = yaml.safe_load((ROOT / "config" / "small.yaml").read_text(encoding="utf-8"))
TARGETS = list(dict.fromkeys(evaluation["target"] for evaluation in SMALL["evaluations"]))
PAGES = {"make_page": 1, "make_samples": 1, "make_table": 1, "check_leaks": 1}
ADAMAME = {
    "download": 6, "list_downloads": 1, "fetch_folder": 1, "make_questions": 2, "make_training_data": 2,
    "train_finetune": 2, "make_traces": 1, "filter_traces": 1, "train_sft": 1, "make_rl_prompts": 1, "train_grpo": 3,
    "generate": 4, "score": 4, "plot_pareto": 1, "plot_languages": 1, "plot_training": 1, "make_claims": 1, **PAGES,
}  # fmt: skip


def test_the_whole_dag_within_three_seconds(fresh: Path, failing_scontrol: Path) -> None:
    assert typed_at_once(fresh, "--dry-run", "--configfile", "config/small.yaml", path=failing_scontrol).jobs == ADAMAME


def test_what_each_part_trains_and_answers(fresh: Path) -> None:
    """At most four models of each; what they share is made once."""
    trained = {"slam": 5, "slam-more": 4, "merges": 5, "merges-more": 4, "weights": 5}
    for target, count in trained.items():
        jobs = dry_run(fresh, target, "--configfile", "config/small.yaml").jobs
        found = sum(number for name, number in jobs.items() if name.startswith("train_"))
        assert (target, jobs.get("generate", 0) + jobs.get("generate_merged", 0) <= 4) == (target, True)
        assert jobs["fetch_folder"] == 1 + target.startswith("merges"), target
        assert (target, found) == (target, count), jobs
    probes = dry_run(fresh, "probes", "--configfile", "config/small.yaml").jobs
    assert probes == {"download": 2, "fetch_folder": 1, "make_questions": 1, "slam_probe": 1, "plot_probes": 1}


def test_gemma_is_asked_for_by_its_overlay_alone(fresh: Path) -> None:
    run = dry_run(fresh, "probes", "--configfile", "config/small.yaml", "config/small-gemma.yaml")
    assert run.jobs["slam_probe"] == 2 and "models/gemma" in run.text
    assert not [name for name in downloads_of(compiled(SMALL).config) if "gemma" in name]


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A working directory with the folders that config/small-local.yaml names."""
    lay_out_small(tmp_path)
    return tmp_path


def test_from_folders_nothing_is_fetched(fresh: Path, local: Path) -> None:
    files = [fresh / "config" / name for name in ("small.yaml", "small-local.yaml")]
    for target in TARGETS:
        jobs = dry_run(fresh, target, "--directory", local, "--configfile", *files).jobs
        assert "download" not in jobs and "list_downloads" not in jobs, target
    probes = dry_run(fresh, "probes", "--directory", local, "--configfile", *files)
    assert probes.jobs["slam_probe"] == 2 and "models/gemma" in probes.text
    jobs = dry_run(fresh, "--directory", local, "--configfile", *files).jobs
    assert jobs == {name: count for name, count in ADAMAME.items() if name not in ("download", "list_downloads")}


def test_without_a_folder_the_line_names_it(fresh: Path, local: Path) -> None:
    (local / "models" / "gemma").rmdir()
    files = [fresh / "config" / name for name in ("small.yaml", "small-local.yaml")]
    complaint = dry_run(fresh, "--directory", local, "--configfile", *files).complaint
    assert "models.gemma.path: no folder models/gemma; relative paths start at" in complaint


def test_a_plan_knows_its_models() -> None:
    study = plan.read_study([str(ROOT / "config" / "small.yaml")])
    works = [*plan.trainings(study), *plan.answerings(study)]
    assert {work.name: work.note for work in works if work.note} == {}


PART = "data.multilingual-tasks.1"
REFUSED: dict[str, tuple[Edit, str]] = {
    "solutions of what has none": (
        put(f"{PART}.solutions", "mgsm"),
        f"{PART}.solutions: 'mgsm' (format mgsm) has no solutions; did you mean 'gsm8k'?",
    ),
    "solutions of an unknown source": (put(f"{PART}.solutions", "gsm8"), f"{PART}.solutions: unknown source 'gsm8'"),
    "native solutions of another source": (
        put(f"{PART}.english_trace_share", 0.5),
        f"{PART}.english_trace_share: solutions of another source are found by the English question",
    ),
    "questions without pairs": (
        put(f"{PART}.source", "mgsm"),
        f"{PART}.source: 'mgsm' (format mgsm) has no pairs; choose from: translations",
    ),
    "traces of translations": (
        put("data.question-translation.0.think", True),
        "data.question-translation.0.think: goes only with the task 'reasoning'",
    ),
    "traces of the phrasebooks": (
        put("data.native-and-english.1.think", True),
        "data.native-and-english.1.think: goes only with `source`",
    ),
    "answers that pairs have not": (
        lambda c: (
            c["sources"].update(translations={"format": "bitext", "folder": "data/pairs"}),
            c["data"]["question-translation"][0].update(translated=["questions", "answers"]),
        ),
        "data.question-translation.0.translated: 'translations' has no answers to translate; set it to [questions]",
    ),
    "a split of files that tell it": (
        put("sources.gsm8k.split", "dev"),
        "sources.gsm8k.split: a source of the format 'gsm8k' has splits of its own; leave it out",
    ),
    "a probe of nobody": (put("slam.probes", ["smolm2"]), "slam.probes: model 'smolm2' is not among"),
    "neither folder nor file": (
        put("models.smollm2", {"recipe": "folder"}),
        "models.smollm2: needs `path` (a folder) or `gguf` (a file), one of the two",
    ),
    "folder and file": (
        put("models.smollm2", {"recipe": "folder", "path": "a", "gguf": "a.gguf"}),
        "models.smollm2: needs `path` (a folder) or `gguf` (a file), one of the two",
    ),
    "a file of a repository that is none": (
        put("models.smollm2.gguf", "model.bin"),
        "models.smollm2.gguf: 'model.bin' must have the form name.gguf",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    edit, said = REFUSED[name]
    assert said in refusal(SMALL, edit)


def test_a_gguf_file_of_a_repository_is_fetched_alone() -> None:
    found = compiled(SMALL, edit=put("models.smollm2.gguf", "SmolLM2-Q8_0.gguf"))
    assert found.downloads["models/smollm2"]["files"] == ["SmolLM2-Q8_0.gguf"]
    assert fetch_flags(found, "smollm2") == ["--gguf", "SmolLM2-Q8_0.gguf"]
    assert fetch_flags(found, "e5") == ["--encoder"]


def test_a_gguf_file_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at before any job, and so is the package that reads it."""
    file = tmp_path / "tiny.gguf"
    found = compiled(SMALL, edit=put("models.smollm2", {"recipe": "folder", "gguf": str(file)}))
    assert model_place(found, "smollm2") == str(file) and "models/smollm2" not in found.downloads
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    with pytest.raises(StudyError, match=r"models.smollm2.gguf: a GGUF file needs the package gguf: pip install"):
        check_folders(found.config)
    monkeypatch.setattr(sources, "find_spec", lambda name: name)
    with pytest.raises(StudyError, match=f"models.smollm2.gguf: no file {file}; relative paths start at"):
        check_folders(found.config)
    file.write_bytes(b"GGUF")
    check_folders(found.config)
