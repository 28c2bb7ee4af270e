"""Questions of one's own: the lines that rescore.py takes, CSV, Parquet, of any kind, three of them or 30,000."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scripts import run_script

from vernacular.corpus.sources import question_rows
from vernacular.storage.records import QUESTION, read_rows

ROWS: list[dict[str, Any]] = [
    {"id": "apples-a", "language": "en", "question": "What is 2 + 3?", "answer": "5"},
    {"id": "apples-a", "language": "fr", "question": "Combien font 2 + 3, « au total » ?", "answer": "5"},
    {"id": "pears,7", "language": "fr", "question": "Combien font 2,5 + 1 ?", "answer": "3.5"},
]
CHOICES = [
    {"id": 1, "language": "en", "question": "Where is a book?", "choices": ["in a shop", "in a river"], "answer": "A"}
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    table = pd.DataFrame(rows)
    if path.suffix == ".parquet":
        table.to_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    else:
        table.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",", encoding="utf-8-sig")
    return path


def read(path: Path, languages: list[str], **options: Any) -> list[dict[str, Any]]:
    return list(question_rows({"format": "questions", **options}, path, "mine", languages, "test"))


@pytest.mark.parametrize("name", ["mine.jsonl", "mine.csv", "mine.tsv", "mine.parquet"])
def test_each_form_of_file_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ROWS)
    found = read(path, ["en", "fr"])
    assert [{key: row[key] for key in ROWS[0]} for row in found] == [
        {**row, "id": f"mine-test-{row['id']}"} for row in ROWS
    ]
    assert {row["kind"] for row in found} == {"math"} and {row["choices"] for row in found} == {None}
    assert found == read(tmp_path, ["en", "fr"])  # the folder
    assert [row["language"] for row in read(path, ["en"])] == ["en"]


def test_numbers_are_ids_and_answers(tmp_path: Path) -> None:
    rows = [{"id": 7, "language": "en", "question": "2 + 3?", "answer": 5}]
    for name in ("a.jsonl", "a.csv", "a.parquet"):
        [found] = read(write(tmp_path / name, rows), ["en"])
        assert (found["id"], found["answer"]) == ("mine-test-7", "5")


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("math", [{**ROWS[0], "answer": r"\frac{1}{2}"}, {**ROWS[2], "answer": "(2, 3)"}]),
        ("choice", CHOICES),
        ("entailment", [{**ROWS[0], "question": "A dog runs.\nAn animal moves.", "answer": "entailment"}]),
    ],
)
def test_answers_of_each_kind(tmp_path: Path, kind: str, rows: list[dict[str, Any]]) -> None:
    found = read(write(tmp_path / "mine.jsonl", rows), ["en", "fr"], kind=kind)
    assert [(row["kind"], row["answer"]) for row in found] == [(kind, row["answer"]) for row in rows]


@pytest.mark.parametrize("cell", ['["in a shop", "in a river"]', "in a shop | in a river"])
def test_choices_in_a_cell(tmp_path: Path, cell: str) -> None:
    [found] = read(write(tmp_path / "mine.csv", [{**CHOICES[0], "choices": cell}]), ["en"], kind="choice")
    assert found["choices"] == ["in a shop", "in a river"]


def test_columns_of_other_names_and_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("nr;lang;problem;gold\n1;fr;Combien font 2, 3 et 4 ?;9\n", encoding="utf-8")
    columns = {"id": "nr", "language": "lang", "question": "problem", "answer": "gold"}
    [found] = read(path, ["fr"], columns=columns)
    assert (found["question"], found["answer"]) == ("Combien font 2, 3 et 4 ?", "9")
    with pytest.raises(ValueError, match="line 2: `columns` names 'solution'; there are nr, lang, problem, gold"):
        read(path, ["fr"], columns={**columns, "answer": "solution"})


def test_thirty_thousand(tmp_path: Path) -> None:
    rows = [
        {"id": f"q{i}", "language": "fr", "question": f"Combien font {i} + 1 ?", "answer": i + 1} for i in range(30_000)
    ]
    assert len(read(write(tmp_path / "mine.csv", rows), ["fr"])) == 30_000


def test_a_file_of_training_questions_has_no_others(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", ROWS)
    found = list(question_rows({"format": "questions", "split": "train"}, path, "mine", ["fr"], "train"))
    assert [row["id"] for row in found] == ["mine-train-apples-a", "mine-train-pears,7"]


BAD = {
    "no answer": ({"answer": None}, "line 2: 'answer' is"),
    "other name": ({"answer": ..., "gold": "5"}, r"has no key 'answer' \(the correct answer\); is it 'gold'\?"),
    "no question": ({"question": ..., "problem": "x"}, r"has no key 'question' .*; is it 'problem'\?"),
    "prose": ({"answer": "because it is"}, "'answer'"),
    "unknown language": ({"language": "french"}, "unknown language 'french'; did you mean 'fr'"),
    "kind": ({"kind": "choice"}, "'kind' is choice, but the source's is math; set `kind` in its entry"),
    "a question of nothing": ({"question": " "}, "is blank"),
    "twice": ({"id": "apples-a", "language": "en"}, "a second question 'apples-a' in 'en'"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_named(tmp_path: Path, case: str) -> None:
    change, wanted = BAD[case]
    row = {key: value for key, value in {**ROWS[1], **change}.items() if value is not ...}
    with pytest.raises(ValueError, match=wanted) as error:
        read(write(tmp_path / "mine.jsonl", [ROWS[0], row]), ["en", "fr"])
    assert f"{tmp_path / 'mine.jsonl'}: line 2" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "holds no rows; the first line names the columns: id, language, question, answer"),
        ("id,language,question,answer\n1,fr,Combien font 2, 3 et 4 ?,9\n", "line 2 has more cells than the first line"),
        ("1,fr,Combien font 2 + 3 ?,5\n2,fr,Combien font 2 + 4 ?,6\n", "line 2: has no key 'id'"),
        ('id,language,question,answer\n1,fr,"Combien,5\n', "not a table"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, text: str, wanted: str) -> None:
    (tmp_path / "mine.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=wanted):
        read(tmp_path / "mine.csv", ["fr"])


def test_the_script_writes_them(tmp_path: Path) -> None:
    write(tmp_path / "mine.csv", ROWS)
    source = {"format": "questions", "folder": str(tmp_path / "mine.csv")}
    options = {"benchmarks": {"mine": {"source": "mine"}}, "languages": ["fr"], "seed": 1, "sources": {"mine": source}}
    words = ["--split", "test", "--options", json.dumps(options), "--out", str(tmp_path / "test.parquet")]
    assert run_script("make_questions", *words) == 0
    assert len(list(read_rows(tmp_path / "test.parquet", schema=QUESTION))) == 2
