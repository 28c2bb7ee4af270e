"""The command `vernacular`: its words, their output, and how each of them ends."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hub_folders import write_model

from vernacular.command import main as command
from vernacular.command.main import COMMANDS

ROOT = Path(__file__).parents[2]


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert command.main(list(words)) == status, capsys.readouterr().err
    return capsys.readouterr().out


def test_overview_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "--help")
    assert all(re.search(rf"^  {name} +\w", text, re.MULTILINE) for name in COMMANDS)
    assert said(capsys, status=2) == text
    assert re.fullmatch(r"vernacular \d+\.\d+\.\d+\n", said(capsys, "--version"))
    assert command.main(["identfy"]) == 2
    assert capsys.readouterr().err == "vernacular: no command 'identfy'; did you mean 'identify'?\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([name, "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0 and text.startswith(f"usage: vernacular {name} ") and f"vernacular {name} " in text[8:]
    assert "--json" in text and "examples:" in text and "exit status: 0" in text


def test_identify(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("Combien font deux et trois pommes ?\n\nሁለት እና ሦስት ስንት ነው?\n", encoding="utf-8")
    expected = "fr\tCombien font deux et trois pommes ?\n-\t\nam\tሁለት እና ሦስት ስንት ነው?\n"
    assert said(capsys, "identify", str(file)) == expected
    rows = [json.loads(line) for line in said(capsys, "identify", str(file), "--json").splitlines()]
    assert [row["language"] for row in rows] == ["fr", None, "am"]
    file.write_bytes(b"\xff\xfe")
    assert command.main(["identify", str(file)]) == 2
    assert "not UTF-8" in capsys.readouterr().err
    assert command.main(["identify", "--languages", "French"]) == 2
    assert "unknown language 'French'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("gold", "text", "language", "more", "status", "answer"),
    [
        ("18", "La réponse est \\boxed{18}.", "fr", [], 0, "18"),
        ("1200", "১,২০০ টাকা", "bn", [], 0, "1200"),
        ("18", "\\boxed{19}", "fr", [], 1, "19"),
        ("18", "je ne sais pas", "fr", [], 1, None),
        ("B", "Die Antwort ist B.", "de", ["--kind", "choice"], 0, "B"),
        ("B", "Die Antwort ist A.", "de", ["--kind", "choice"], 1, "A"),
    ],
)
def test_check(
    gold: str, text: str, language: str, more: list[str], status: int, answer: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    words = ["check", gold, text, "--language", language, *more]
    assert said(capsys, *words, status=status).startswith("right" if status == 0 else "wrong")
    found = json.loads(said(capsys, *words, "--json", status=status))
    assert found["correct"] == (status == 0) and found["answer"] == answer


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["check", "kg", "5", "--language", "fr"], "'kg' is not an answer"),
        (["check", "5", "5", "--language", "French"], "unknown language 'French'"),
        (["check", "Z", "B", "--language", "fr", "--kind", "choice"], "GOLD is 'Z', not the label"),
        (["identify", "nowhere.txt"], "nowhere.txt: no such file"),
        (["probe", "nowhere", "nowhere.jsonl"], "nowhere.jsonl"),
        (["plan", "nowhere.yaml"], "nowhere.yaml: there is no such file; relative paths start at /"),
        (["push", "nowhere", "--repo", "me/x"], "nowhere: no folder here; name a model folder"),
        (["push", "a.yaml", "--dataset", "--repo", "me/x"], "a.yaml: there is no such file; relative paths start at /"),
        (["push", ".", "--repo", "x"], "--repo x: not the name of a repository; it is OWNER/NAME"),
        (["push", ".", "--repo", "me/x"], "no card of this model; make it with `snakemake cards --configfile FILE`"),
        (["new", "x/.."], "x/..: "),
        (["new", "Mine"], "a study is named in small letters, digits and hyphens"),
        (["new", "mine", "--like", "smokes"], "--like: no configuration 'smokes'; did you mean 'smoke'?"),
    ],
)
def test_errors_are_one_line(
    words: list[str], error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.main(words) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"vernacular {words[0]}: ") and error in line, line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["score"], "the following arguments are required: LOG"),
        (["score", "x.csv", "--colums", "id=qid"], "no option '--colums'; did you mean '--columns'?"),
        (["score", "x.csv", "--columns", "qid"], "'qid' is not KEY=COLUMN"),
        (["check", "18", "18"], "the following arguments are required: --language"),
        (["check", "18", "18", "19", "--language", "fr"], "too much: '19'"),
        (["push", "x", "--repo"], "argument --repo: expected one argument"),
    ],
)
def test_a_wrong_call_is_one_line(words: list[str], error: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    [line] = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2 and line.startswith(f"vernacular {words[0]}: ") and error in line
    assert f"vernacular {words[0]} --help" in line


def test_probe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_model(tmp_path / "model", "qwen3", "")
    questions = tmp_path / "questions.jsonl"
    texts = {"fr": "Combien font {} et 3 ?", "en": "How much is {} and 3?", "ru": "Сколько будет {} и 3?"}
    rows = [{"id": n, "language": code, "question": text.format(n)} for code, text in texts.items() for n in range(4)]
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ["probe", str(tmp_path / "model"), str(questions), "--out", str(tmp_path / "out")]
    printed = said(capsys, *words, "--choose", "highest", "--count", "1")
    table = pq.read_table(tmp_path / "out" / "probe.parquet").to_pylist()
    assert len(table) == 2 * 3 and {row["questions"] for row in table} == {4}
    chosen = json.loads((tmp_path / "out" / "layers.json").read_text())
    highest = max(table, key=lambda row: row["msd"])["layer"]
    assert chosen["layers"] == [highest] and f"layers {highest} of 2" in printed
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"probe.parquet", "probe.csv", "layers.json", "probe.png", "probe.svg", "probe.pdf"}
    assert json.loads(said(capsys, *words, "--choose", "highest", "--count", "1", "--json")) == chosen
    questions.write_text(json.dumps(rows[0]) + "\n")
    assert command.main(words) == 2 and "the probe compares languages" in capsys.readouterr().err


def test_plan_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    jobs = json.loads(said(capsys, "plan", str(ROOT / "config" / "smoke.yaml"), "--json"))
    assert {"rule", "name", "hours", "memory", "peak"} <= jobs[0].keys() and {"train_grpo"} <= {j["rule"] for j in jobs}


def test_a_new_study_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "my-study"
    printed = said(capsys, "new", str(folder), "--like", "smoke")
    assert str(folder / "config" / "config.yaml") in printed and (folder / "local" / "profile.yaml").exists()
    assert (folder / "config" / "README.md").read_bytes() == (ROOT / "config" / "README.md").read_bytes()
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    planned = [sys.executable, "-m", "snakemake", "--dry-run", "--profile", "local"]
    done = subprocess.run(planned, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "results/my-study/" in done.stdout and "train_grpo" in done.stdout, done.stderr
    assert command.main(["new", str(folder)]) == 2
    assert "already exists" in capsys.readouterr().err


def test_a_pipe_that_closes_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("Combien font deux et trois pommes ?\n" * 20_000, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    tool = f"{shlex.quote(sys.executable)} -m vernacular.command.main identify x.txt"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {tool} | head -n 1"], cwd=tmp_path, env=environment, capture_output=True,
        text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("fr\t")


def test_a_push_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(tmp_path / "model", "qwen3", "")
    (tmp_path / "card.md").write_text("a card", encoding="utf-8")
    monkeypatch.setenv("HF_TOKEN", "hf_not_a_token")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # the port of `discard`, where nobody listens
    words = ["push", str(tmp_path / "model"), "--repo", "me/x", "--card", str(tmp_path / "card.md")]
    capsys.readouterr()  # Transformers' bars, from the writing
    assert command.main(words) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("vernacular push: no network (ConnectError: "), line
    assert line.endswith("run the same command on a machine that has one")
