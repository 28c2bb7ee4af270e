"""rescore.py on completions whose verdicts are known, with a leak, and on files that nobody can score."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scripts import SCRIPTS, run_script

from vernacular.corpus.lines import REQUIRED
from vernacular.evaluation.rescore import read_completions, remark
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.language.thinking import FAMILIES

FRENCH = "D'abord, on ajoute les pommes aux précédentes : 2 + 3 = 5."
ENGLISH = "First, we add the new apples to the ones that were there before: 2 + 3 = 5."
GERMAN = "Zuerst zählen wir die neuen Äpfel zu den alten dazu: 2 + 3 = 5."


def line(identifier: str, language: str, trace: str, answer: int = 5, **more: Any) -> dict[str, Any]:
    completion = f"{trace}\n</think>\nLa réponse est \\boxed{{{answer}}}."
    return {"id": identifier, "language": language, "answer": "5", "completion": completion, **more}


COLLAPSED = [
    line("a", "fr", ENGLISH), line("b", "fr", ENGLISH, answer=6), line("a", "de", ENGLISH), line("b", "de", GERMAN),
    line("a", "en", ENGLISH), line("b", "en", ENGLISH),
]  # fmt: skip
NATIVE = [
    line("a", "fr", FRENCH, tokens=12), line("b", "fr", FRENCH, tokens=14), line("a", "de", GERMAN, tokens=10),
    line("b", "de", GERMAN, answer=7, tokens=10), line("a", "en", ENGLISH, tokens=9),
    line("b", "en", ENGLISH, tokens=9),
]  # fmt: skip


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "collapsed.jsonl", COLLAPSED)
    write(tmp_path / "native.jsonl", NATIVE)
    return tmp_path


def test_metrics_of_known_completions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_script("rescore", folder, "--in-domain", "fr", "--draws", 200) == 0
    table = pd.read_csv(folder / "rescored/scores.csv").set_index(["model", "language"])
    assert table.loc[("collapsed", "fr"), "accuracy"] == 0.5 and table.loc[("collapsed", "fr"), "lcpr"] == 0
    assert table.loc[("collapsed", "de"), "language_consistency"] == 0.5
    assert table.loc[("native", "fr"), ["accuracy", "lcpr"]].tolist() == [1, 1]
    assert table.loc[("native", "all"), "accuracy"] == 0.75  # English apart, each language the same weight
    assert table.loc[("native", "in-domain"), "accuracy"] == 1 and table.loc[("native", "out-of-domain"), "n"] == 2
    assert table.loc[("native", "fr"), "tokens_mean"] == 13 and pd.isna(table.loc[("collapsed", "fr"), "tokens_mean"])
    assert (table["accuracy_low"] <= table["accuracy"]).all() and (table["accuracy"] <= table["accuracy_high"]).all()
    verdicts = pd.read_csv(folder / "rescored/verdicts.csv")
    assert len(verdicts) == 12 and verdicts["trace_language"].tolist()[:4] == ["en", "en", "en", "de"]
    assert verdicts["answer_language"].tolist() == ["fr"] * 12 and set(verdicts["metrics_version"]) == {METRICS_VERSION}
    assert table.loc[("native", "de"), ["answer_consistency", "answer_n"]].tolist() == [0, 2]
    assert table.loc[("native", "fr"), ["answer_consistency", "answer_n"]].tolist() == [1, 2]
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("collapsed", "foreign_script_rate", "answer_consistency", "answer_n"))


def test_samples_and_kinds(tmp_path: Path) -> None:
    rows = [line("a", "fr", FRENCH, answer=n) for n in (5, 6)]
    choice = {"id": "c", "language": "fr", "answer": "B", "kind": "choice", "benchmark": "quiz"}
    rows.append({**choice, "completion": f"{FRENCH}\n</think>\n\\boxed{{B}}"})
    write(tmp_path / "m.jsonl", rows)
    assert run_script("rescore", tmp_path, "--draws", 100) == 0
    table = pd.read_csv(tmp_path / "rescored/scores.csv").set_index(["benchmark", "language"])
    assert table.loc[("completions", "fr"), ["k", "accuracy", "pass_at_k"]].tolist() == [2, 0.5, 1]
    assert table.loc[("quiz", "fr"), ["k", "accuracy"]].tolist() == [1, 1]


def test_a_leak_is_named_and_ends_with_status_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [{**row, "question": f"Combien font 2 + 3 pommes, question {row['id']} ?"} for row in NATIVE]
    write(folder / "native.jsonl", asked)
    training = write(
        folder / "train.json", [{"text": "Bonjour."}, {"prompt": "Combien font 2 + 3 pommes, question b ?"}]
    )
    assert run_script("rescore", folder, "--draws", 100, "--training", training) == 2
    assert f"{training}: row 2 (no id) holds b in" in capsys.readouterr().err
    table = pd.read_csv(folder / "rescored/leaks.csv")
    assert table.loc[0, ["rows", "text"]].tolist() == [2, 1]
    clean = write(folder / "clean.json", [{"text": "Bonjour."}])
    assert run_script("rescore", folder, "--draws", 100, "--training", clean) == 0


def test_all_but_english_is_what_the_row_is_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All English right and all French wrong: the average must not pass for one of both."""
    write(tmp_path / "m.jsonl", [line("a", "fr", FRENCH, answer=6), line("a", "en", ENGLISH)])
    assert run_script("rescore", tmp_path, "--draws", 100) == 0
    [row] = [row for row in capsys.readouterr().out.splitlines() if " all " in row]
    assert "all but en" in row and " 0.000" in row


def test_question_0_leaks_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for identifier in (0, "0"):
        write(tmp_path / "m.jsonl", [line("a", "fr", FRENCH) | {"id": identifier, "question": "Combien ?"}])
        training = write(tmp_path / "train.json", [{"id": 1, "text": "x"}, {"id": 0, "text": "y"}])
        assert run_script("rescore", tmp_path, "--draws", 100, "--training", training) == 2
        assert f"{training}: row 2 (0) holds 0 (by id)" in capsys.readouterr().err


# --- where thinking ends


def one(text: str, identifier: str = "a", **more: Any) -> dict[str, Any]:
    return {"id": identifier, "language": "fr", "answer": "5", "completion": text, **more}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tags_that_a_file_uses(tmp_path: Path, family: str) -> None:
    """With those that a template puts into the prompt left out, and one row whose thinking never ends."""
    opening, ending = FAMILIES[family]
    texts = [f"{opening}\n{FRENCH}\n{ending}\n18", f"{FRENCH}{ending}18", f"{opening}{FRENCH} 18"]
    path = write(tmp_path / "m.jsonl", [one(text, str(n)) for n, text in enumerate(texts)])
    rows = read_completions(path)
    assert [(row["trace"], row["response"]) for row in rows] == [(FRENCH, "18"), (FRENCH, "18"), ("", "")]
    assert {row["tags"] for row in rows} == {family}
    said = remark(path, rows)
    assert said == f"{path}: in 1 of 3 completions thinking never ends ({ending}): no trace, and no right answer"


def test_a_file_without_tags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path / "m.jsonl", [one(f"{FRENCH}\nLa réponse est \\boxed{{5}}."), one("Les balises `<think>` ?\n6", "b")]
    )
    assert run_script("rescore", tmp_path, "--draws", 100) == 0
    [said] = capsys.readouterr().err.splitlines()
    assert "none of the 2 completions has tags round its thinking" in said and "--no-thinking" in said
    verdicts = pd.read_csv(tmp_path / "rescored/verdicts.csv")
    assert verdicts["correct"].tolist() == [True, False] and verdicts["line_pass"].tolist() == [True, True]
    assert run_script("rescore", tmp_path, "--draws", 100, "--no-thinking") == 0
    assert not capsys.readouterr().err


def test_tags_of_two_families(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [f"<think>{FRENCH}</think>5", f"{FRENCH}[/THINK]5"]
    write(tmp_path / "m.jsonl", [one(text, str(n)) for n, text in enumerate(texts)])
    assert run_script("rescore", tmp_path, "--draws", 100) == 1
    [said] = capsys.readouterr().err.splitlines()
    assert "<think> in line 1 and [THINK] in line 2; name the right one: --think-tags think or magistral" in said
    assert run_script("rescore", tmp_path, "--draws", 100, "--think-tags", "magistral") == 0
    assert "in 1 of 2 completions thinking never ends ([/THINK])" in capsys.readouterr().err
    assert pd.read_csv(tmp_path / "rescored/verdicts.csv")["correct"].tolist() == [False, True]


def test_a_typing_error_in_the_opening_tag_is_no_second_family(tmp_path: Path) -> None:
    [row] = read_completions(write(tmp_path / "m.jsonl", [one(f"<thinking>{FRENCH}</think>5")]))
    assert (row["tags"], row["trace"], row["response"]) == ("think", FRENCH, "5")


# --- lines that nobody can score


def broken(edit: Callable[[dict[str, Any]], Any]) -> list[Any]:
    rows = [dict(row) for row in NATIVE]
    edit(rows[2])
    return rows


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            broken(lambda row: row.update(completion=["5"])),
            "not a text; give each text of a list a line",
        ),
        (broken(lambda row: row.pop("answer")), "line 3: has no key 'answer' (the correct answer)"),
        (
            broken(lambda row: row.update(compltion=row.pop("completion"))),
            "line 3: has no key 'completion' (what the model wrote: trace, </think>, response); is it 'compltion'?",
        ),
        (broken(lambda row: row.update(language="xx")), "line 3: unknown language 'xx'; choose from: en, "),
        (broken(lambda row: row.update(kind="mathe")), "line 3: unknown kind 'mathe'; did you mean 'math'?"),
        (broken(lambda row: row.update(tokens=-1)), "line 3: 'tokens' is -1, not a whole number of at least 0"),
        (broken(lambda row: row.update(sample="first")), "line 3: 'sample' is 'first'"),
        (broken(lambda row: row.update(language="fr", sample=0)), "line 3: sample 0 of 'a' (fr) appears twice"),
        ([*NATIVE, line("b", "de", GERMAN)], "a (de) has 1 of 2 samples"),
        ([*NATIVE[:1], {**NATIVE[0], "answer": "6"}], "'a' (fr) has two answers or kinds"),
        *((broken(lambda row, key=key: row.update({key: None})), f"line 3: '{key}' is null") for key in REQUIRED),
        *(
            (broken(lambda row, key=key: row.update({key: ["x"]})), f"line 3: '{key}' is [\"x\"], not a text")
            for key in (*REQUIRED, "kind", "benchmark", "question")
        ),
        (broken(lambda row: row.update(id=True)), "line 3: 'id' is true, not a text or a number"),
        (broken(lambda row: row.update(id=" ")), "line 3: 'id' is empty"),
        (broken(lambda row: row.update(response=row.pop("completion"))), "is it 'response'?"),
        (broken(lambda row: row.update(gold=row.pop("answer"))), "is it 'gold'?"),
        (broken(lambda row: row.update(lang=row.pop("language"))), "is it 'lang'?"),
        (broken(lambda row: row.update(ID=row.pop("id"))), "is it 'ID'?"),
        (broken(lambda row: row.update(choices=[1])), "line 3: 'choices' is [1], not a list of texts"),
        *(
            (broken(lambda row, answer=answer: row.update(answer=answer)), f"line 3: 'answer'{said}")
            for answer, said in [
                (True, " is true, not"),
                (float("nan"), " is NaN, not"),
                (float("inf"), " is Infinity, not"),
                ("", ": the answer is empty"),
                ("None", ": 'None' is not an answer"),
                ("kg", ": 'kg' is not an answer"),
                ("9 * 2\n#### 18", ": '9 * 2\\n#### 18' is not an answer but a solution"),
            ]
        ),
        *(
            (broken(lambda row, kind=kind, answer=answer: row.update(kind=kind, answer=answer)), "not the label of")
            for kind, answer in [("choice", "b"), ("choice", "F"), ("choice", 1), ("entailment", "0")]
        ),
        (broken(lambda row: row.update(kind="choice", choices=["a", "b"], answer="C")), "choice: A, B"),
        ([["a"]], "line 1: not a JSON object"),
        ([], "no completions; give one JSON object per line: id, language, answer, completion"),
    ],
)
def test_bad_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[Any], said: str) -> None:
    write(tmp_path / "m.jsonl", rows)
    assert run_script("rescore", tmp_path, "--draws", 100) == 1
    [complaint] = capsys.readouterr().err.splitlines()
    assert complaint.startswith("rescore: ") and said in complaint, complaint
    assert not (tmp_path / "rescored").exists()


def test_half_of_a_surrogate_pair(tmp_path: Path) -> None:
    for key in ("id", "answer", "completion", "question", "language"):
        path = tmp_path / "m.jsonl"
        path.write_text(json.dumps(one("5") | {key: "\ud800"}))
        with pytest.raises(ValueError, match=f"line 1: '{key}' holds half of a surrogate pair"):
            read_completions(path)


@pytest.mark.parametrize(
    ("word", "code"),
    {
        **dict.fromkeys(("French", "FR", "fra", "fre", "français", "francais", "fr-FR", "fra_Latn", "fr "), "fr"),
        **dict.fromkeys(("German", "ger", "deu"), "de"), **dict.fromkeys(("jp", "jpn", "日本語"), "ja"),
        **dict.fromkeys(("zh-CN", "cmn", "Simplified Chinese"), "zh"), **dict.fromkeys(("swa", "Kiswahili"), "sw"),
        **dict.fromkeys(("eng", "en-US"), "en"), "kr": "ko", "Brazilian Portuguese": "pt", "ara": "ar", "gre": "el",
    }.items(),
)  # fmt: skip
def test_the_code_that_a_language_may_have(tmp_path: Path, word: str, code: str) -> None:
    with pytest.raises(ValueError, match=f"line 1: unknown language .*; did you mean '{code}'\\?$"):
        read_completions(write(tmp_path / "m.jsonl", [one("5", language=word)]))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--in-domain", "French"], "--in-domain: no completion in 'French'; did you mean 'fr'?"),
        (["--languages", "en", "FR"], "--languages: unknown language 'FR'; did you mean 'fr'?"),
        (["--in-domain", "te"], "--in-domain: no completion in 'te'; choose from: de, en, fr"),
        (["--languages", "en", "fr"], "--languages: 'de' is missing although there are completions in it"),
        (["--draws", 3], "--draws: 3 is too small"),
        (["--training", "nowhere.jsonl"], "no completion has a 'question'"),
    ],
)
def test_bad_arguments(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list, said: str) -> None:
    assert run_script("rescore", folder, *arguments) == 1
    [complaint] = capsys.readouterr().err.splitlines()
    assert said in complaint, complaint


@pytest.mark.parametrize("value", [["text"], [{"role": "user", "content": "text"}], {"a": "text"}, 7, True])
@pytest.mark.parametrize("key", ["question", "prompt", "completion", "text"])
def test_a_training_file_whose_question_is_no_text_is_one_line(
    folder: Path, tmp_path: Path, key: str, value: object, capsys: pytest.CaptureFixture[str]
) -> None:
    training = tmp_path / "training/chats.jsonl"
    training.parent.mkdir()
    write(folder / "m.jsonl", [one("5", question="Combien font deux et trois ?")])
    training.write_text(json.dumps({"id": "a", key: value}) + "\n")
    assert run_script("rescore", folder, "--draws", 100, "--training", training) == 1
    [complaint] = capsys.readouterr().err.splitlines()
    kind = type(value).__name__
    assert f"chats.jsonl: row 1 (a): '{key}' is {kind}, not text; give its text alone" in complaint


def test_as_typed_outside_of_the_repository(folder: Path) -> None:
    """Without an installation or PYTHONPATH, from anywhere; a folder that is not there is one line."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, str(SCRIPTS / "rescore.py")]
    done = subprocess.run([*command, "nowhere"], cwd=folder, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "rescore: nowhere: no such folder\n")
    shown = subprocess.run([*command, "--help"], cwd=folder, env=environment, capture_output=True, text=True)
    assert shown.returncode == 0 and "--training FILE" in shown.stdout


def test_a_key_twice_in_a_line_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Python would keep the last value: another answer than the one that a reader sees first."""
    path = folder / "native.jsonl"
    twice = path.read_text(encoding="utf-8").replace('"answer": "5",', '"answer": "5", "answer": "6",', 1)
    path.write_text(twice, encoding="utf-8")
    assert run_script("rescore", folder) == 1
    said = capsys.readouterr().err
    assert said == f"rescore: {path}, line 1: the key 'answer' is repeated, and only its last value would count\n"


def test_escapes_in_names_do_not_reach_the_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{**row, "benchmark": "b\x1b]0;title\x07", "id": f"=1+1{row['id']}"} for row in NATIVE]
    write(folder / "native\x1b[31m.jsonl", rows)
    assert run_script("rescore", folder, "--draws", 200) == 0
    both = "".join(capsys.readouterr())
    files = "".join(path.read_text(encoding="utf-8") for path in (folder / "rescored").iterdir())
    assert not set(both + files) & set("\x1b\x07") and "native\\x1b[31m" in both and "'=1+1a" in files
