"""Files: rows stream through Parquet, and no kill and no full disk leaves half a file or half a folder."""

import ctypes
import errno
import os
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernacular.storage import records
from vernacular.storage.files import atomic_folder, atomic_path, remove_partial, write_json, write_text
from vernacular.storage.records import PROMPT, QUESTION, batches, read_rows, write_rows

SOURCE = Path(__file__).parents[2] / "src"


def rows(count: int) -> Iterator[dict[str, Any]]:
    for n in range(count):
        yield {"id": f"q{n}", "language": "fr", "question": f"{n} ? " + "é" * 200, "answer": str(n), "correct": n}


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess:
    """Run code in a process of its own, with this file's imports at hand."""
    head = (
        "import os, resource, sys\nfrom vernacular.storage.records import *\nfrom vernacular.storage.files import *\n"
    )
    head += (
        "def rows(n, size=300):\n    for i in range(n):\n        yield {'id': os.urandom(size).hex(), 'correct': i}\n"
    )
    return subprocess.run(
        [sys.executable, "-c", head + code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


# --- Rows -------------------------------------------------------------------------------------------------------------


def test_rows_come_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "prompts.parquet"
    assert write_rows(path, rows(10), PROMPT, batch_size=4) == 10
    assert list(read_rows(path)) == list(rows(10))
    assert list(read_rows(path, columns=["id"], batch_size=3)) == [{"id": f"q{n}"} for n in range(10)]
    assert pq.ParquetFile(path).num_row_groups == 1 and pq.read_schema(path) == PROMPT
    assert write_rows(tmp_path / "none.parquet", [], QUESTION) == 0
    assert list(read_rows(tmp_path / "none.parquet")) == [] and pq.read_schema(tmp_path / "none.parquet") == QUESTION


def test_batches_are_gathered_to_row_groups_of_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "GROUP", 1)
    path = tmp_path / "prompts.parquet"
    assert write_rows(path, rows(10), PROMPT, batch_size=4) == 10
    assert pq.ParquetFile(path).num_row_groups == 3 and list(read_rows(path)) == list(rows(10))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("rows") / "x.parquet"
    schema = pa.schema([("question", pa.string())])
    write_rows(path, ({"question": text} for text in texts), schema)
    assert [row["question"] for row in read_rows(path)] == texts


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        write_rows(tmp_path / "x.parquet", rows(count), PROMPT, batch_size=256)
        assert (
            sum(row["correct"] for row in read_rows(tmp_path / "x.parquet", batch_size=256)) == count * (count - 1) // 2
        )
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(300)  # what the first use loads
    assert peak(8000) < 1.5 * peak(800)


def test_reading_is_lazy_and_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_rows(path, rows(5), PROMPT, batch_size=2)
    whole = path.read_bytes()
    for content in (b"", b"not parquet", whole[:-20], whole[len(whole) // 2 :]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"x\.parquet: cannot be read as Parquet \(.*\); restore it, or delete it"):
            list(read_rows(path))
    with pytest.raises(ValueError, match=r"gone\.parquet"):
        next(read_rows(tmp_path / "gone.parquet"))


def test_a_file_that_unpacks_to_too_much_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few kilobytes of zeros."""
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"id": ["a"] * 9, "text": ["0" * 1_000_000] * 9}), path, use_dictionary=False)
    assert path.stat().st_size < 10**6 and len(list(read_rows(path))) == 9
    monkeypatch.setattr(records, "LARGEST", 8_000_000)
    for columns in ([], ["id"]):
        with pytest.raises(ValueError, match=r"x.parquet: .*9,000,\d+ bytes in its group of rows 0"):
            list(read_rows(path, columns))


@given(st.lists(st.integers()), st.integers(1, 7))
def test_batches(values: list[int], size: int) -> None:
    found = list(batches(iter(values), size))
    assert [value for batch in found for value in batch] == values
    assert all(len(batch) == size for batch in found[:-1]) and all(0 < len(batch) <= size for batch in found[-1:])


# --- Kills and full disks ---------------------------------------------------------------------------------------------


def test_error_in_the_middle_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_rows(path, rows(3), PROMPT)

    def failing() -> Iterator[dict[str, Any]]:
        yield from rows(20)
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        write_rows(path, failing(), PROMPT, batch_size=4)
    assert len(list(read_rows(path))) == 3
    assert os.listdir(tmp_path) == ["x.parquet"]


KILLED = {
    "rows": "def half():\n    yield from rows(3000)\n    os._exit(9)\nwrite_rows(sys.argv[1], half(), PROMPT, 100)",
    "text": "with atomic_path(sys.argv[1]) as part:\n    part.write_text('half')\n    os._exit(9)",
    "flushed": "os.replace = lambda *_: os._exit(9)\nwrite_text(sys.argv[1], 'whole, but not yet in place')",
}


@pytest.mark.parametrize("code", KILLED.values(), ids=KILLED)
@pytest.mark.parametrize("before", [None, "old"])
def test_kill_in_the_middle_leaves_no_half_file(tmp_path: Path, code: str, before: str | None) -> None:
    path = tmp_path / "x.parquet"
    if before:
        path.write_text(before)
    assert run_python(code, path).returncode == 9
    assert visible(tmp_path) == (["x.parquet"] if before else [])
    assert not before or path.read_text() == before
    assert len(os.listdir(tmp_path)) == 1 + bool(before)  # it was in the middle: the hidden part is there
    write_text(path, "whole")
    assert path.read_text() == "whole"


FULL = """
try:
    {}
except OSError as error:
    print(error)
    sys.exit(3)
"""
WRITES = {
    "rows": "write_rows(sys.argv[1], rows(3000), PROMPT, batch_size=100)",
    "rows at the end": "write_rows(sys.argv[1], rows(3000), PROMPT, batch_size=10**6)",
    "text": "write_text(sys.argv[1], 'x' * 10**6)",
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_file_limit_leaves_no_half_file(tmp_path: Path, write: str) -> None:
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
    done = run_python(limit + FULL.format(write), tmp_path / "x.parquet")
    assert done.returncode == 3 and "too large" in done.stdout, done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_full_disk_leaves_no_half_file(tmp_path: Path, write: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() or libc.mount(b"tmpfs", bytes(tmp_path), b"tmpfs", 0, b"size=128k"):
        pytest.skip("only root may mount the small disk that this test fills; test_file_limit stands in for it")
    try:
        (tmp_path / "x.parquet").write_text("old")
        done = run_python(FULL.format(write), tmp_path / "x.parquet")
        assert done.returncode == 3 and "No space left" in done.stdout, done.stderr
        assert os.listdir(tmp_path) == ["x.parquet"] and (tmp_path / "x.parquet").read_text() == "old"
    finally:
        libc.umount2(bytes(tmp_path), 0)


# --- Folders ----------------------------------------------------------------------------------------------------------


def test_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "models" / "lrm"
    for content in ("old", "new"):
        with atomic_folder(out) as folder:
            (folder / "deep").mkdir()
            (folder / "deep" / content).write_text(content)
            (folder / "deep" / content).chmod(0o444)  # as a hard link to someone else's file may be
            assert folder.parent == out.parent and folder != out
    assert os.listdir(out / "deep") == ["new"] and os.listdir(out.parent) == ["lrm"]
    with pytest.raises(RuntimeError), atomic_folder(out) as folder:
        (folder / "half").touch()
        raise RuntimeError
    assert os.listdir(out) == ["deep"] and os.listdir(out.parent) == ["lrm"]


FOLDER = (
    "with atomic_folder(sys.argv[1]) as folder:\n    [(folder / name).write_text('new') for name in 'abcdef']\n    {}"
)
FOLDER_KILLS = {
    "writing": FOLDER.format("os._exit(9)"),
    "moving": "os.replace = lambda *_: os._exit(9)\n" + FOLDER.format(""),
    "deleting the old": "remove = os.unlink\nos.unlink = lambda *a, **k: (remove(*a, **k), os._exit(9))\n"
    + FOLDER.format(""),
}


@pytest.mark.parametrize("code", FOLDER_KILLS.values(), ids=FOLDER_KILLS)
def test_kill_leaves_a_whole_folder_or_none(tmp_path: Path, code: str) -> None:
    out = tmp_path / "model"
    with atomic_folder(out) as folder:
        for name in "abcdef":
            (folder / name).write_text("old")
    assert run_python(code, out).returncode == 9
    assert visible(tmp_path) in ([], ["model"])
    if out.exists():
        contents = [(out / name).read_text() for name in "abcdef"]
        assert contents in (["old"] * 6, ["new"] * 6)
    with atomic_folder(out) as folder:
        (folder / "a").write_text("again")
    assert os.listdir(tmp_path) == ["model"] and os.listdir(out) == ["a"]  # what the kill left is gone


def test_json_is_sorted_and_readable(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"b": "é", "a": [1]})
    assert (tmp_path / "x.json").read_text(encoding="utf-8") == '{\n  "a": [\n    1\n  ],\n  "b": "é"\n}\n'


def test_nothing_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "x"):
        pass
    assert os.listdir(tmp_path) == []


# --- What other processes are writing


def left_by(folder: Path, process: int, host: str = "") -> list[Path]:
    """An unfinished file, folder and old folder of a process."""
    host = host or socket.gethostname()
    names = [("t.csv", "part"), ("m", "part"), ("m", "old")]
    file, part, old = (folder / f".{name}.{process}@{host}.{kind}" for name, kind in names)
    file.write_text("half")
    for place in (part, old):
        place.mkdir()
        (place / "model.safetensors").write_bytes(b"half")
    return [file, part, old]


def test_only_what_dead_processes_left_is_removed(tmp_path: Path) -> None:
    """Two runs of one study may write side by side; the first to end must not take the other's files."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    (tmp_path / "a").mkdir()
    lost = left_by(tmp_path / "a", ended.pid)
    mine = left_by(tmp_path, os.getpid())
    theirs = left_by(tmp_path, 1)
    far = left_by(tmp_path, 7, "another-node")
    (tmp_path / ".hidden.part").write_text("not ours")
    remove_partial(tmp_path)
    assert not [path for path in lost if path.exists()]
    assert all(path.exists() for path in [*mine, *theirs, *far, tmp_path / ".hidden.part"])
    for path in far:
        for file in [path, *path.rglob("*")]:
            os.utime(file, (0, 0))
    remove_partial(tmp_path)
    assert not [path for path in far if path.exists()] and all(path.exists() for path in [*mine, *theirs])


HALFWAY = """
import sys, time
from vernacular.storage.files import atomic_folder, atomic_path
write = atomic_path if sys.argv[2] == "file" else atomic_folder
with write(sys.argv[1]) as part:
    file = part if sys.argv[2] == "file" else part / "weights"
    file.write_text("half")
    print("half", flush=True)
    sys.stdin.readline()
    file.write_text("whole")
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_file_that_another_run_writes_survives_our_end(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "results/target"
    command = [sys.executable, "-c", HALFWAY, target, kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin and other.stdout and other.stdout.readline() == "half\n"
        remove_partial(tmp_path / "results")
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.wait(60) == 0
    assert (target if kind == "file" else target / "weights").read_text() == "whole"
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_a_folder_is_written_again_after_a_kill(tmp_path: Path) -> None:
    """What the killed attempt left goes away with the next one."""
    command = [sys.executable, "-c", HALFWAY, tmp_path / "target", "folder"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline() == "half\n"
        other.kill()
    assert len(list(tmp_path.iterdir())) == 1
    with atomic_folder(tmp_path / "target") as folder:
        (folder / "weights").write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_an_error_of_a_full_disk_names_the_file(tmp_path: Path) -> None:
    for write, kind in ((atomic_path, "file"), (atomic_folder, "folder")):
        said = f"No space left on device: '{tmp_path}/{kind}'"
        with pytest.raises(OSError, match=said), write(tmp_path / kind) as part:
            part.write_text("") if kind == "file" else None
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
