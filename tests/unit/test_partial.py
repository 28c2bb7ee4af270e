"""Rows that a killed job has made: which are kept, which are made again, and who may write them."""

import json
import multiprocessing
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from vernacular.storage.files import remove_partial
from vernacular.storage.partial import kept_rows, partial_file, row_at

BATCHES = [range(3), range(3, 4), range(4, 9), range(9, 11)]


def job(file: BinaryIO, last: int = len(BATCHES)) -> tuple[list[dict[str, Any]], list[range]]:
    """(the rows of the first batches, those that had to be made)."""
    made: list[range] = []

    def make(batch: range) -> Iterator[dict[str, Any]]:
        made.append(batch)
        yield from ({"n": n, "text": "é\n" * n} for n in batch)

    places = [place for starts in kept_rows(file, BATCHES[:last], len, make) for place in starts]
    return [row_at(file, place) for place in places], made


ROWS = [{"n": n, "text": "é\n" * n} for n in range(11)]


def begun(out: Path, last: int = 2, key: str = "key") -> Path:
    """The file that a job killed after `last` batches leaves behind."""
    with pytest.raises(KeyboardInterrupt), partial_file(out, key) as file:
        assert file
        job(file, last)
        raise KeyboardInterrupt
    (path,) = out.parent.glob(".*")
    return path


def resumed(out: Path, key: str = "key") -> list[range]:
    """The batches that a second run makes; all rows are there and right."""
    with partial_file(out, key) as file:
        assert file
        rows, made = job(file)
    assert rows == ROWS
    return made


@pytest.mark.parametrize("last", range(len(BATCHES) + 1))
def test_whole_batches_are_not_made_again(tmp_path: Path, last: int) -> None:
    begun(tmp_path / "out", last)
    assert resumed(tmp_path / "out") == BATCHES[last:]


def test_a_file_cut_anywhere_loses_no_whole_batch(tmp_path: Path) -> None:
    path = begun(tmp_path / "out", 4)
    whole = path.read_bytes()
    ends = [0]
    for line in whole.splitlines(keepends=True):
        ends.append(ends[-1] + len(line))
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        lines = sum(end <= size for end in ends[2:])  # behind the key's
        kept = sum(sum(map(len, BATCHES[: n + 1])) <= lines for n in range(4))
        assert resumed(tmp_path / "out") == BATCHES[kept:], size


@pytest.mark.parametrize("rest", [b"\0" * 40, b"\0\n\0\n", b"[1]\n", b"12\n", b'{"n": 4\n', b"\xff\xfe\n"])
def test_what_no_job_wrote_is_thrown_away(tmp_path: Path, rest: bytes) -> None:
    path = begun(tmp_path / "out", 2)
    path.write_bytes(path.read_bytes() + rest)
    assert resumed(tmp_path / "out") == BATCHES[2:]


def test_rows_of_another_key_are_not_taken(tmp_path: Path) -> None:
    begun(tmp_path / "out", 3, "other")
    assert resumed(tmp_path / "out") == BATCHES


def test_a_finished_study_does_not_remove_it(tmp_path: Path) -> None:
    """`snakemake` of one target may end well while the evaluation of another one waits to go on."""
    begun(tmp_path / "out", 3)
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    left = tmp_path / f".left.{dead.stdout.strip()}@{socket.gethostname()}.part"
    left.touch()
    remove_partial(tmp_path)
    assert not left.exists()
    assert resumed(tmp_path / "out") == BATCHES[3:]
    (tmp_path / "out").touch()
    remove_partial(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def holder(out: Path, key: str, ready: Any, finishes: bool) -> None:
    try:
        with partial_file(out, key) as file:
            assert file
            job(file, 2)
            ready.set()
            time.sleep(1)
            if not finishes:
                raise KeyboardInterrupt
            out.write_text("by the other process")
    except KeyboardInterrupt:
        return


@pytest.mark.parametrize(("key", "finishes", "made"), [("key", True, None), ("key", False, 2), ("other", True, 0)])
def test_two_processes_take_turns(
    tmp_path: Path, key: str, finishes: bool, made: int | None, capsys: pytest.CaptureFixture
) -> None:
    """made: from which batch on the second one works; None where the first has made the same output."""
    out, spawn = tmp_path / "out", multiprocessing.get_context("spawn")
    ready = spawn.Event()
    other = spawn.Process(target=holder, args=(out, key, ready, finishes))
    other.start()
    assert ready.wait(60)
    if made is None:
        with partial_file(out, "key") as file:
            assert file is None
        assert out.read_text() == "by the other process"
    else:
        assert resumed(out) == BATCHES[made:]
    other.join()
    assert "another process is at this job" in capsys.readouterr().out


LIMITED = """
import resource, sys
from vernacular.storage.partial import kept_rows, partial_file
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
with partial_file(sys.argv[1], "another key") as file:
    list(kept_rows(file, [range(100)], len, lambda batch: ({"n": n} for n in batch)))
"""


@pytest.mark.parametrize("size", [3, 500])  # bytes: of the first line, and of the rows
def test_a_full_disk_is_an_error_with_the_file_s_name(size: int, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    done = subprocess.run([sys.executable, "-c", LIMITED, out, str(size)], capture_output=True, text=True, timeout=60)
    assert f"File too large: '{tmp_path}/.out.parquet.begun'" in done.stderr.splitlines()[-1]
    assert resumed(out) == BATCHES


def test_the_lines_are_json(tmp_path: Path) -> None:
    lines = begun(tmp_path / "out", 1).read_bytes().splitlines()
    assert [json.loads(line) for line in lines] == ["key", *ROWS[:3]]
