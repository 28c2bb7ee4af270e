"""Pipes and devices in the place of files: one line at once, where reading would wait or go on for ever."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripts import run_script

from vernacular.corpus.lines import read_lines
from vernacular.corpus.readers import table_rows, text_lines
from vernacular.corpus.traces import read_traces
from vernacular.storage.records import read_rows

READERS: dict[str, Callable[[Path], Any]] = {
    "x.tsv": text_lines,
    "x.jsonl": lambda path: table_rows(path, ("id",)),
    "x.parquet": read_rows,
    "traces.jsonl": read_traces,
    "traces.parquet": read_traces,
    "model.jsonl": read_lines,
}


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
@pytest.mark.parametrize("name", READERS)
def test_what_has_no_end_is_not_read(name: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / name
    make(path, kind)
    with pytest.raises(ValueError, match=rf"{name}: .*not an ordinary file") as caught:
        list(READERS[name](path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_scripts_say_it_in_one_line(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    completions, model, out = tmp_path / "completions", tmp_path / "model", tmp_path / "out"
    completions.mkdir()
    model.mkdir()
    (model / "config.json").write_text("{}")
    make(completions / "m.jsonl", kind)
    make(tmp_path / "chat.jinja", kind)
    assert run_script("rescore", completions) == 1
    template = tmp_path / "chat.jinja"
    assert run_script("fetch_folder", "--source", model, "--chat-template", template, "--out", out) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": not an")[0] for line in lines] == [
        f"rescore: {completions}/m.jsonl",
        f"fetch_folder: {template}",
    ]
    assert not out.exists()


def make(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
