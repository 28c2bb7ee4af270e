"""Files that are whole but not what was asked for: completions or a language missing, rows twice, other types."""

import random
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from score_rows import score_row
from scripts import run_script

from vernacular.evaluation.complete import check_samples, complete
from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.options import GenerationOptions, SummaryOptions
from vernacular.storage.records import GENERATION, QUESTION, ROWS, SCORE, read_rows, write_rows

LANGUAGES, SAMPLES = ["en", "fr"], 3
OPTIONS = GenerationOptions(LANGUAGES, max_new_tokens=9, samples=SAMPLES, questions=4)
ASKED = {"m/b": {"languages": LANGUAGES, "questions": 4, "questions_en": None}}
KEYS = [(f"q{n}", language) for n in range(4) for language in LANGUAGES]
Rows = list[dict[str, Any]]


def generations() -> Rows:
    told = {"completion": "so\n</think>\n1", "trace": "so", "response": "1", "tokens": 3, "finish_reason": "stop"}
    return [
        dict.fromkeys(GENERATION.names) | {"id": name, "language": language, "sample": sample, **told}
        for name, language in KEYS
        for sample in range(SAMPLES)
    ]


def scores() -> Rows:
    keys = ("id", "language", "sample")
    return [score_row(*(row[key] for key in keys), tokens=3, characters=15) for row in generations()]


# What is done to the rows -> what the line says of generations.
WRONG: dict[str, tuple[Any, str]] = {
    "half": (lambda rows: rows[: len(rows) // 2], "12 of 24 completions are missing, such as of 'q2' in 'en'"),
    "none": (lambda rows: [], "24 of 24 completions are missing"),
    "a language less": (lambda rows: [r for r in rows if r["language"] != "fr"], "12 of 24 completions are missing"),
    "a sample less": (lambda rows: [r for r in rows if r["sample"]], "8 of 24 completions are missing"),
    "one row less": (lambda rows: rows[:-1], "1 of 24 completions are missing, such as of 'q3' in 'fr'"),
    "a row twice": (lambda rows: [*rows, rows[5]], "sample 2 of 'q0' in 'fr' appears twice"),
    "all rows twice": (lambda rows: rows * 2, "sample 0 of 'q0' in 'en' appears twice"),
    "an unknown id": (lambda rows: [*rows, {**rows[0], "id": "x"}], "sample 0 of 'x' in 'en' was not asked for"),
    "another language": (lambda rows: [*rows, {**rows[0], "language": "de"}], "in 'de' was not asked for"),
    "a sample more": (lambda rows: [*rows, {**rows[0], "sample": 3}], "sample 3 of 'q0' in 'en' was not asked for"),
    "no id": (lambda rows: [{**rows[0], "id": None}, *rows[1:]], "sample 0 of 'None' in 'en' was not asked for"),
    "no sample": (lambda rows: [{**rows[0], "sample": None}, *rows[1:]], "was not asked for"),
    "no trace": (lambda rows: [{**rows[0], "trace": None}, *rows[1:]], "sample 0 of 'q0' in 'en' has no 'trace'"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_generations_that_are_not_what_was_asked_are_not_scored(
    wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, said = WRONG[wrong]
    questions, file, out = (tmp_path / f"{name}.parquet" for name in ("questions", "generations", "out"))
    question = {"benchmark": "b", "kind": "math", "question": "?", "choices": None, "answer": "1"}
    rows = [{"id": f"q{n}", "language": language, **question} for n in range(9) for language in LANGUAGES]
    write_rows(questions, rows, QUESTION)
    command = ["score", "--generations", file, "--questions", questions, "--benchmark", "b", "--out", out]
    command += ["--options", OPTIONS.to_json(), "--identifier", '{"languages": ["en", "fr"]}']
    write_rows(file, random.Random(1).sample(generations(), 24), GENERATION)  # in any order
    assert run_script(*command) == 0 and len(list(read_rows(out))) == 24
    out.unlink()
    write_rows(file, change(generations()), GENERATION)
    assert run_script(*command) == 1
    error = capsys.readouterr().err
    assert f"score: {file}: {said}" in error or said in error, error
    assert str(file) in error and error.count("\n") == 1 and not out.exists()


@pytest.mark.parametrize("wrong", ["none", "a language less", "one row less", "a row twice", "all rows twice", "no id"])
def test_scores_that_are_not_what_was_asked_make_no_table(
    wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "seed-1/scores/m/b.parquet", tmp_path / "out.csv"
    command = ["make_table", path, "--options", SummaryOptions(ASKED, "s", "t", 100).to_json(), "--out", out]
    write_rows(path, scores(), SCORE)
    assert run_script(*command) == 0
    out.unlink()
    write_rows(path, WRONG[wrong][0](scores()), SCORE)
    assert run_script(*command) == 1
    error = capsys.readouterr().err
    assert str(path) in error and error.count("\n") == 1 and not out.exists()


def test_a_single_score_file_that_lost_half_of_its_questions(tmp_path: Path) -> None:
    """Written again by Arrow, as it is and with what the file said of itself."""
    path = tmp_path / "seed-1/scores/m/b.parquet"
    write_rows(path, scores(), SCORE)
    assert len(read_frames([path], ASKED)["m", "b", 1]) == len(scores())
    half = pa.Table.from_pylist([row for row in scores() if row["id"] in ("q0", "q1")], SCORE)
    pq.write_table(half, path)
    with pytest.raises(ValueError, match=r"b.parquet: not as the rule `score` wrote it; delete it"):
        read_frames([path], ASKED)
    with pq.ParquetWriter(path, SCORE) as writer:
        writer.write_table(half)
        writer.add_key_value_metadata({ROWS: "24"})
    with pytest.raises(ValueError, match=r"b.parquet: .*12 rows, but 24 were written"):
        read_frames([path], ASKED)


def test_models_that_were_asked_the_same_have_the_same_questions(tmp_path: Path) -> None:
    """Half of the questions, whole in itself, is seen by comparison with another model or seed."""
    paths = [tmp_path / f"seed-{seed}/scores/m/b.parquet" for seed in (1, 2)]
    write_rows(paths[0], scores(), SCORE)
    write_rows(paths[1], [row for row in scores() if row["id"] in ("q0", "q1")], SCORE)
    assert len(read_frames(paths)) == 2
    with pytest.raises(ValueError, match=r"b: m \(seed 2\) has scores of 4 questions, m \(seed 1\) of 8"):
        read_frames(paths, ASKED)


@pytest.mark.parametrize(
    ("column", "values", "kind"),
    [
        ("sample", ["0", "1"], "string"),
        ("sample", [0.0, 1.0], "double"),
        ("id", [7, 8], "int64"),
        ("language", [True, False], "bool"),
        ("completion", [["a"], ["b"]], "list"),
        ("tokens", ["3", "3"], "string"),
        ("gate_encoder", ["1", "2"], "string"),
    ],
)
def test_a_column_of_another_type_is_refused(column: str, values: list[Any], kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    table = pa.Table.from_pylist(generations()[:2], GENERATION)
    place = GENERATION.names.index(column)
    pq.write_table(table.set_column(place, column, pa.array(values)), path)
    with pytest.raises(ValueError, match=f"x.parquet: .*the column '{column}' holds {kind}.*, not "):
        list(read_rows(path, schema=GENERATION))
    whole = {"sample": pa.array([0, 1], pa.int8()), "id": pa.array(["a", "b"], pa.large_string())}
    whole |= {"gate_encoder": pa.nulls(2), "language": pa.array(["fr", "en"]).dictionary_encode()}
    for name, array in whole.items():
        table = table.set_column(GENERATION.names.index(name), name, array)
    pq.write_table(table, path)
    assert [row["language"] for row in read_rows(path, schema=GENERATION)] == ["fr", "en"]


def test_the_check_takes_rows_as_they_come() -> None:
    rows = iter([*generations()[:1], None])  # the second is never looked at
    assert next(complete(rows, KEYS, SAMPLES, "x")) == generations()[0]  # type: ignore[arg-type]
    check_samples(pd.DataFrame(scores()), "x")
