"""Logs of Inspect that are broken, locked or unpack to too much: one line with the file's name."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from vernacular.evaluation import log_files

HEAD = {"eval": {"model": "m", "task": "t/mini"}}


def packed(path: Path, entries: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)


def spoiled(path: Path, place: Callable[[bytes], int], value: int) -> None:
    data = bytearray(path.read_bytes())
    data[place(bytes(data))] = value
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("head", ["[]", "3", '{"eval": 3}', '{"eval": ["m"]}', "[" * 100_000, "{", '{"a": 1, "a": 2}'])
def test_any_header_is_read_or_refused(head: str, tmp_path: Path) -> None:
    file = tmp_path / "x.eval"
    packed(file, {"header.json": head, "samples/a.json": "{}"})
    if '"eval"' in head:
        assert log_files.opened_file(file)[1] == {"model": "", "task": ""}
        return
    with pytest.raises(ValueError, match=r"x.eval: not a log of Inspect .*; restore the file"):
        log_files.opened_file(file)


@pytest.mark.parametrize("sample", ["[]", "3", "[" * 100_000, "{"])
def test_any_sample_is_a_mapping_or_refused(sample: str, tmp_path: Path) -> None:
    file = tmp_path / "x.eval"
    packed(file, {"header.json": json.dumps(HEAD), "samples/a.json": sample})
    with pytest.raises(ValueError, match=r"x.eval: not a log of Inspect .*; restore the file"):
        list(log_files.opened_file(file)[0])


def test_a_sample_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.eval"
    packed(file, {"header.json": json.dumps(HEAD), "samples/a.json": json.dumps({"x": "0" * 10**6})})
    assert file.stat().st_size < 10**4 and len(list(log_files.opened_file(file)[0])) == 1
    monkeypatch.setattr(log_files, "ENTRY", 10**5)
    with pytest.raises(ValueError, match=r"samples/a.json unpacks to 1,000,009 bytes, and at most 100,000 are read"):
        list(log_files.opened_file(file)[0])


def test_locked_and_changed_archives(tmp_path: Path) -> None:
    """A flag that says that a password is needed, and packed bytes that are none."""
    file = tmp_path / "x.eval"
    packed(file, {"header.json": json.dumps(HEAD)})
    spoiled(file, lambda data: data.index(b"PK\x01\x02") + 8, 1)
    with pytest.raises(ValueError, match=r"x.eval: not a log of Inspect .*password"):
        log_files.opened_file(file)
    packed(file, {"header.json": json.dumps(HEAD)})
    spoiled(file, lambda data: data.index(b"header.json") + len("header.json"), 0xFF)
    with pytest.raises(ValueError, match=r"x.eval: not a log of Inspect"):
        log_files.opened_file(file)


@pytest.mark.parametrize("log", [["eval", "version"], {"eval": 1, "version": 2, "samples": 3}])
def test_a_json_file_that_looks_like_a_log(log: object, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps(log))
    if isinstance(log, dict):
        assert not list(log_files.opened_file(file)[0])
        return
    with pytest.raises(ValueError, match=r"x.json: not a log of Inspect"):
        log_files.opened_file(file)
