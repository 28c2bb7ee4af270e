"""The rows that a long job has made so far, in a hidden file next to its output: a killed job goes on from there.

Snakemake deletes a job's declared outputs before every attempt and after a failed one, even where only a later job of
its group failed; this file is none of them. It stays until the workflow ends well (storage.files.remove_partial).
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from vernacular.storage.files import BEGUN, flush, naming

Row = dict[str, Any]
T = TypeVar("T")


@contextmanager
def partial_file(out: str | Path, key: str, what: str = "") -> Iterator[BinaryIO | None]:
    """Yield the file of the rows made so far for `out`, behind its first line.

    key: of all that the rows depend on; rows of another key are thrown away. The file is locked, since a killed
    Snakemake leaves its jobs alive: then this waits for the other process to end, and yields None if that has made
    `out` from the same key. what: the rows are, where `out` is made of several kinds.
    """
    path, first = Path(out).with_name(f".{Path(out).name}{BEGUN}{what}"), line(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    file, waited_for = locked(path)
    with naming(path), file:  # closing it writes what is left, too
        if waited_for == first and Path(out).exists():
            print(f"{out}: made by that process", flush=True)
            yield None
        else:
            if file.readline() != first:
                rewrite(file, first)
                flush(path.parent)  # this is what holds its name
            yield file


def locked(path: Path) -> tuple[BinaryIO, bytes | None]:
    """(a file, which need not exist, opened for this process alone, the first line of what another process had there).

    Reading starts at its beginning.
    """
    waited_for = None
    while True:
        file = open(path, "a+b")  # noqa: SIM115 (the caller closes it)
        file.seek(0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file, waited_for
        except BlockingIOError:
            if waited_for is None:
                print(f"{path}: another process is at this job (left from a killed run?); waiting", flush=True)
            waited_for = file.readline()
            time.sleep(1)
        except BaseException:
            file.close()
            raise
        file.close()


def line(data: Any) -> bytes:
    return json.dumps(data).encode() + b"\n"


def rewrite(file: BinaryIO, first: bytes) -> None:
    file.truncate(0)
    file.seek(0)
    file.write(first)
    file.flush()


def kept_rows(
    file: BinaryIO, batches: Sequence[T], size: Callable[[T], int], make: Callable[[T], Iterable[Row]]
) -> Iterator[list[int]]:
    """For each batch yield where its rows start in the file; those that it lacks are made and added.

    The file holds the rows of the first batches behind its present place, a line of JSON each. A cut line, and the
    rows of a batch that is not there as a whole, are made again. size: of a batch, in rows.
    """
    starts, end = whole_lines(file)
    for batch in batches:
        wanted = size(batch)
        if len(starts) < wanted:
            file.truncate(starts[0] if starts else end)
            starts, end = add(file, make(batch)), file.tell()
        yield starts[:wanted]
        starts = starts[wanted:]


def whole_lines(file: BinaryIO) -> tuple[list[int], int]:
    """(where each whole line behind the file's place starts, where the last of them ends)."""
    starts, end = [], file.tell()
    for text in file:
        try:
            if not text.endswith(b"\n") or not isinstance(json.loads(text), dict):
                break
        except ValueError:  # a machine that lost its power may leave other bytes than were written
            break
        starts.append(end)
        end += len(text)
    return starts, end


def add(file: BinaryIO, rows: Iterable[Row]) -> list[int]:
    """Append rows and wait until they are on the disk; returns where each starts."""
    starts, texts = [], [line(row) for row in rows]
    place = file.seek(0, os.SEEK_END)
    for text in texts:
        starts.append(place)
        place += len(text)
    file.write(b"".join(texts))
    file.flush()
    os.fsync(file.fileno())
    return starts


def row_at(file: BinaryIO, start: int) -> Row:
    file.seek(start)
    return json.loads(file.readline())
