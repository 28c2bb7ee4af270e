"""The leak check on the miniature's own corpora, in which nothing leaks, and on rows that were planted."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts import run_script

from vernacular.corpus.leaks import NEAR, WAYS, Evaluation, check_corpus, grams, is_near, plain, row_leaks
from vernacular.corpus.miniature import AnyProblem, make_problems, question_rows
from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.language.prompts import question_text
from vernacular.storage.records import QUESTION, TRAINING, write_rows

LANGUAGES = ["en", "fr", "ja", "th"]
NUMBERS = {"opening": [2, 12], "term": [2, 6], "factor": [2, 3], "result": [2, 16]}
BENCHMARKS: dict[str, Any] = {
    "story": {"setting": "story", "steps": 2, "numbers": NUMBERS},
    "frame": {"setting": "frame", "steps": 1, "numbers": {**NUMBERS, "opening": [2, 24], "result": [2, 24]}},
    "choice": {"setting": "facts", "steps": 1, "numbers": NUMBERS},
    "entailment": {"setting": "statements", "steps": 1, "numbers": NUMBERS},
}
for options in BENCHMARKS.values():
    options["questions"] = {"train": 60, "dev": 0, "test": 20}
ALL = {name: [0.0, 1.0] for name in BENCHMARKS}
PART = {
    "benchmarks": ALL,
    "languages": LANGUAGES,
    "english_trace_share": 0.5,
    "bilingual": 0.5,
    "translated": ["questions", "answers"],
}
SETS = [{**PART, "task": task} for task in ("reasoning", "context", "text", "translation", "pairs")]


def problems(split: str) -> dict[str, AnyProblem]:
    found: dict[str, AnyProblem] = {}
    for name, options in BENCHMARKS.items():
        found |= make_problems(name, options, split, 1)
    return found


@pytest.fixture(scope="module")
def asked() -> list[dict[str, Any]]:
    return list(question_rows(BENCHMARKS, LANGUAGES, "test", 1))


@pytest.fixture(scope="module")
def evaluation(asked: list[dict[str, Any]]) -> Evaluation:
    return Evaluation(asked, problems("test"))


@pytest.fixture(scope="module")
def corpus() -> list[dict[str, Any]]:
    return list(training_rows(TrainingDataOptions(SETS, 1, BENCHMARKS)))


def ways(row: dict[str, Any], evaluation: Evaluation, trained: dict[str, AnyProblem] | None = None) -> set:
    return {(leak.question, leak.way) for leak in row_leaks(row, evaluation, trained or {})}


def first(asked: list[dict[str, Any]], benchmark: str, language: str) -> dict[str, Any]:
    return next(row for row in asked if (row["benchmark"], row["language"]) == (benchmark, language))


def test_what_the_miniature_trains_on_is_clean(corpus: list[dict[str, Any]], evaluation: Evaluation) -> None:
    row, lines = check_corpus("mine", corpus, evaluation, problems("train"))
    assert row == {"corpus": "mine", "rows": len(corpus), **dict.fromkeys(WAYS, 0)} and row["rows"] > 2000
    assert lines == []
    assert {row["task"] for row in corpus} == {option["task"] for option in SETS}


def test_every_evaluation_question_is_found(asked: list[dict[str, Any]], evaluation: Evaluation) -> None:
    """In each benchmark and language, under an id that says nothing, within other text."""
    for row in asked:
        text = f"Some words first.\n{question_text(row['question'], row['choices'])}\nAnd after."
        assert (row["id"], "text") in ways({"id": "x", "completion": text}, evaluation), row
        assert (row["id"], "text") in ways({"id": "x", "prompt": "", "context": text}, evaluation), row


def test_a_question_by_its_id(asked: list[dict[str, Any]], evaluation: Evaluation) -> None:
    assert ways({"id": asked[0]["id"], "question": "?"}, evaluation) == {(asked[0]["id"], "id")}


def test_the_same_problem_told_otherwise(evaluation: Evaluation) -> None:
    """Another id, name, thing and wording: only the operations and operands are those of a test problem."""
    identifier, problem = next((key, p) for key, p in problems("test").items() if key.startswith("story"))
    shown = " ".join(map(str, problem.operands))  # type: ignore[union-attr]
    assert ways({"id": "own", "question": shown}, evaluation, {"own": problem}) == {(identifier, "operands")}


def test_an_id_must_tell_the_truth(evaluation: Evaluation) -> None:
    """Or a row could hide a test problem from the check by operands behind another id."""
    identifier, problem = next((key, p) for key, p in problems("train").items() if key.startswith("story"))
    with pytest.raises(ValueError, match=f"mine: row 1 .{identifier}.: its text lacks the number"):
        check_corpus("mine", [{"id": identifier, "question": "97 and 98"}], evaluation, {identifier: problem})


def test_options_in_another_order(asked: list[dict[str, Any]], evaluation: Evaluation) -> None:
    row = first(asked, "choice", "fr")
    same = {"id": "x", "prompt": question_text(row["question"], row["choices"][::-1])}
    assert ways(same, evaluation) == {(row["id"], "text")}
    other = {"id": "x", "prompt": question_text(row["question"], [*row["choices"][:4], "autre chose"])}
    assert ways(other, evaluation) == set()  # the facts are shared; how they are put together is what is asked


def test_near_duplicates(asked: list[dict[str, Any]], evaluation: Evaluation) -> None:
    row = first(asked, "story", "en")
    name = next(name for name in ("Anna", "Maria", "Sara", "Nina") if name in row["question"])
    near = row["question"].replace(name, f"{name}h", 1)
    assert ways({"id": "x", "text": near}, evaluation) == {(row["id"], "near-duplicate")}
    number = next(word for word in row["question"].split() if word.isdigit())
    assert ways({"id": "x", "text": row["question"].replace(number, "97", 1)}, evaluation) == set()


@given(st.text("abc", max_size=60), st.lists(st.tuples(st.integers(0, 60), st.text("abcd", max_size=2)), max_size=4))
def test_leaving_early_loses_no_near_duplicate(line: str, edits: list[tuple[int, str]]) -> None:
    other = line
    for place, letters in edits:
        other = other[:place] + letters + other[place + 1 :]
    own, theirs = grams(line), grams(other)
    assert is_near(own, other) == (len(own & theirs) >= NEAR * len(own | theirs))


def test_case_punctuation_and_digits_do_not_hide_a_question(
    asked: list[dict[str, Any]], evaluation: Evaluation
) -> None:
    row = first(asked, "story", "th")
    thai = row["question"].translate({ord(str(d)): chr(0x0E50 + d) for d in range(10)})
    assert thai != row["question"] and (row["id"], "text") in ways({"id": "x", "text": thai}, evaluation)
    row = first(asked, "story", "en")
    shouted = row["question"].upper().replace(".", " !")
    assert (row["id"], "text") in ways({"id": "x", "text": shouted}, evaluation)
    assert plain("Ｃafé １２, ok!") == plain("cafe\u0301 12 OK") == "café12ok"


# --- the script


def files(folder: Path, rows: list[dict[str, Any]], asked: list[dict[str, Any]]) -> tuple[Any, ...]:
    write_rows(folder / "set.parquet", rows, TRAINING)
    write_rows(folder / "test.parquet", asked, QUESTION)
    options = {"benchmarks": BENCHMARKS, "evaluated": list(BENCHMARKS), "splits": ["test"], "seed": 1}
    return (
        *(folder / "set.parquet", "--questions", folder / "test.parquet"),
        *("--options", json.dumps(options), "--out", folder / "leaks.csv"),
    )


def test_the_script_passes_what_is_clean(
    tmp_path: Path, corpus: list[dict[str, Any]], asked: list[dict[str, Any]]
) -> None:
    assert run_script("check_leaks", *files(tmp_path, corpus[:400], asked)) == 0
    text = (tmp_path / "leaks.csv").read_text(encoding="utf-8")
    assert text == f"corpus,rows,id,operands,text,near-duplicate\n{tmp_path / 'set.parquet'},400,0,0,0,0\n"


def test_the_script_fails_and_names_the_rows(
    tmp_path: Path, corpus: list[dict[str, Any]], asked: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [dict(row) for row in corpus[:100]]
    row = first(asked, "entailment", "ja")
    rows[41] |= {"id": "planted", "prompt": None, "question": None, "completion": row["question"]}
    assert run_script("check_leaks", *files(tmp_path, rows, asked)) == 1
    said = capsys.readouterr()
    assert f"set.parquet: row 42 (planted) holds {row['id']} in ja (by text)" in said.out
    [line] = said.err.splitlines()
    assert line.startswith("check_leaks: 1 rows of training corpora hold evaluation questions") and row["id"] in line
    assert not (tmp_path / "leaks.csv").exists()
