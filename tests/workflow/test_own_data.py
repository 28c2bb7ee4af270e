"""Questions and languages of one's own in a study: what a user writes, what the dry run says."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from workspaces import dry_run, typed

STUDY: dict[str, Any] = {
    "study": "own",
    "languages": ["en", "he"],
    "instructions": {"he": "חשוב צעד אחר צעד ושים את התשובה בתוך \\boxed{}."},
    "sources": {"mine": {"format": "questions", "file": "mine.jsonl"}},
    "benchmarks": {"mine": {"source": "mine"}},
    "models": {"lrm": {"recipe": "folder", "path": "a-model"}},
    "evaluations": [
        {"target": "own", "benchmarks": ["mine"], "models": ["lrm"], "languages": ["en", "he"], "samples": 2},
    ],
}
ROWS = [
    {"id": "a", "language": "en", "question": "What is 2 + 3?", "answer": 5},
    {"id": "a", "language": "he", "question": "כמה הם 2 + 3?", "answer": 5},
]


@pytest.fixture
def own(fresh: Path, tmp_path: Path) -> Path:
    fresh = shutil.copytree(fresh, tmp_path / "repository", symlinks=True)
    (fresh / "mine.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS), encoding="utf-8")
    (fresh / "a-model").mkdir(exist_ok=True)
    return fresh


def written(folder: Path, **changes: Any) -> tuple[str, Path]:
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump({**STUDY, **changes}, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return "--configfile", path


def test_a_new_language_and_own_questions_need_no_phrasebook(own: Path, tmp_path: Path) -> None:
    found = dry_run(own, *written(tmp_path))
    assert found.jobs["generate"] == found.jobs["score"] == found.jobs["make_questions"] == 1
    assert "warning" not in found.text


def test_the_questions_are_made(own: Path, tmp_path: Path) -> None:
    made = "results/own/corpus/questions/test.parquet"
    done = typed(own, "--cores", "1", made, *written(tmp_path))
    assert done.status == 0, done.text
    assert (own / made).exists()


def test_an_english_instruction_is_announced(own: Path, tmp_path: Path) -> None:
    found = dry_run(own, *written(tmp_path, instructions={}))
    assert found.jobs["generate"] == 1
    [line] = [line for line in found.text.splitlines() if "warning" in line]
    assert line.startswith("vernacular: warning: no instruction in he: questions are asked with an English one")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a code that nobody knows": ({"languages": ["en", "he", "xx"]}, "languages: unknown language 'xx'; give its ISO"),
    "a language that is never named": ({"languages": ["en", "he", "yi"]}, "the identifier cannot name 'yi' (Yiddish)"),
    "an instruction for no language": (
        {"instructions": {"fa": "x"}},
        "instructions.fa: not among the study's languages; choose from: en, he",
    ),
    "no instruction in a published set": (
        {"prompts": "adamame", "instructions": {}},
        "the prompts 'adamame' have no instruction in 'he'; leave it out, or write one: instructions: {he: ...}",
    ),
    "problems of phrasebooks in it": (
        {"benchmarks": {"mine": {"source": "phrasebook", "questions": {"test": 5}}}},
        "evaluations.0.benchmarks: 'mine' is made from phrasebooks, and 'he' has none",
    ),
    "no file": (
        {"sources": {"mine": {"format": "questions", "file": "my.jsonl"}}},
        "sources.mine.file: no file my.jsonl; relative paths start at",
    ),
    "a file of another kind": (
        {"sources": {"mine": {"format": "questions", "file": "own.xlsx"}}},
        "sources.mine.file: own.xlsx is not a file of the format 'questions'",
    ),
    "file and folder": (
        {"sources": {"mine": {"format": "questions", "file": "mine.jsonl", "folder": "."}}},
        "sources.mine: needs one of file, folder, dataset and urls, not file and folder",
    ),
    "a kind of a format that defines it itself": (
        {"sources": {"mine": {"format": "mgsm", "folder": ".", "kind": "math"}}},
        "sources.mine.kind: goes only with the format 'questions'",
    ),
    "an unknown kind": (
        {"sources": {"mine": {"format": "questions", "file": "mine.jsonl", "kind": "maths"}}},
        "sources.mine.kind: 'maths' is not a valid choice; did you mean 'math'?",
    ),
    "a column that is none": (
        {"sources": {"mine": {"format": "questions", "file": "mine.jsonl", "columns": {"questoin": "q"}}}},
        "sources.mine.columns.questoin: not a column of questions; did you mean 'question'?",
    ),
    "questions of another split": (
        {"sources": {"mine": {"format": "questions", "file": "mine.jsonl", "split": "train"}}},
        "evaluations.0.benchmarks: the source of 'mine' has only the splits train, not 'test'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_before_any_job(own: Path, tmp_path: Path, case: str) -> None:
    changes, wanted = REFUSED[case]
    (own / "own.xlsx").touch()
    assert wanted in dry_run(own, *written(tmp_path, **changes)).complaint


def test_a_language_without_a_script_is_named(workspace: Path, tmp_path: Path) -> None:
    """In a table of languages that somebody has added a line to."""
    with (workspace / "src/vernacular/resources/languages.yaml").open("a", encoding="utf-8") as file:
        file.write("eo: {name: Esperanto}\n")
    assert "languages.yaml: 'eo': the key 'script' is missing" in dry_run(workspace).complaint
