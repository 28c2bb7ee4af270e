"""Atomic writes: a reader sees a whole file or none, whatever kills the writer."""

import glob
import hashlib
import json
import os
import re
import shutil
import socket
import stat
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from errno import EDQUOT, EFBIG, EIO, ENOSPC, EROFS, ESTALE
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

BEGUN = ".begun"  # ends the names of files of storage.partial
UNFINISHED = re.compile(r"\..+\.(\d{1,10})@(.+)\.(?:part|old)", re.DOTALL)
DISK = (ENOSPC, EDQUOT, EFBIG, EROFS, EIO, ESTALE)  # errors of a disk that takes no more, or of one that breaks
DAY = 86_400.0  # seconds


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling to write; on success it is flushed to disk and renamed to `path`, else removed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = unfinished(path, "part")
    try:
        with naming(path):
            yield temporary
            flush(temporary)
            os.replace(temporary, path)
            flush(path.parent)  # this is what holds the new name
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling folder; on success its files are flushed and it takes the place of `path`.

    An earlier `path` is moved aside first and deleted last, so that a kill never leaves half of it there.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary, old = unfinished(path, "part"), unfinished(path, "old")
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):  # by a killed attempt
        remove_if_dead(left)
    temporary.mkdir()
    try:
        with naming(path):
            yield temporary
            for file in [*temporary.rglob("*"), temporary]:
                if file.exists():  # no link to nowhere
                    flush(file)
            if path.exists():
                os.replace(path, old)
            os.replace(temporary, path)
            flush(path.parent)
    finally:
        for left in (temporary, old):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Add the file's name to an error of the disk while it is written or read: the system leaves it out."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno not in DISK:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk; one that may only be read (a hard link to another's) is fine."""
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError) if path.is_dir() else nullcontext():  # not every file system can flush a folder
            os.fsync(handle)
    finally:
        os.close(handle)


def write_text(path: str | Path, text: str) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, data: Any) -> None:
    write_text(path, json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


class RepeatedKey(ValueError):
    """An object of JSON that has a key twice."""


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON (`object_pairs_hook`). Raises RepeatedKey where Python would silently keep the last value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise RepeatedKey(f"the key {next(name for name in names if names.count(name) > 1)!r:.60} is repeated")
    return found


def read_json(path: str | Path) -> Any:
    """What `write_json` wrote. Raises ValueError (one line with the path) for what is cut off or repeats a key."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"), object_pairs_hook=distinct)
    except ValueError as error:
        raise ValueError(f"{path}: cannot be read as JSON ({error}); delete it and rerun") from None


def read_mapping(path: str | Path) -> dict[str, Any]:
    """What `write_json` wrote, which must be a mapping. ValueError as read_json raises it, and where it is not one."""
    data = read_json(path)
    if not isinstance(data, dict):
        raise ValueError(f"{path}: not a mapping but {type(data).__name__}; delete it and rerun")
    return data


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_sha256(paths: Sequence[Path]) -> list[str]:
    """The checksums of several files, read side by side: one core hashes about 1.3 GB/s, and a checkpoint of a large
    model has tens of gigabytes."""
    with ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool:
        return list(pool.map(file_sha256, paths))


def check_regular(path: str | Path) -> None:
    """Raises ValueError for a pipe, which would hang, a device, which has no end, and a folder; FileNotFoundError where
    nothing is."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError(f"{path}: not an ordinary file, but a folder, a pipe or a device; remove it")


def link_or_copy(source: str | Path, target: str | Path) -> None:
    """A second name for a file, or a copy where the file system gives none. Of a link: what it leads to."""
    try:
        os.link(os.path.realpath(source), target)
    except OSError:
        shutil.copy2(source, target)


def unfinished(path: Path, kind: str) -> Path:
    """A sibling of a path that is not there yet, named by the process that makes it. kind: part or old."""
    return path.with_name(f".{path.name}.{os.getpid()}@{socket.gethostname()}.{kind}")


def remove_partial(folder: Path) -> None:
    """Remove what killed processes left half written below a folder, and the rows kept for a killed job (see
    storage.partial) whose output is there; others may be writing there."""
    for path in [*folder.rglob(".*.part"), *folder.rglob(".*.old")]:
        remove_if_dead(path)
    for path in folder.rglob(f".*{BEGUN}*"):
        if path.with_name(path.name[1:].split(BEGUN)[0]).exists():
            path.unlink(missing_ok=True)


def remove_if_dead(path: Path) -> None:
    """Remove a file or folder that has a name of `unfinished`, unless its process may be alive.

    Of another machine's process nothing is known: it counts as dead where nothing was written for a day (our choice).
    """
    found = UNFINISHED.fullmatch(path.name)
    if not found:
        return
    if found[2] != socket.gethostname():
        try:
            changed = max(file.lstat().st_mtime for file in [path, *path.rglob("*")])
        except OSError:  # it went away meanwhile, so its process is alive
            return
        if time.time() - changed < DAY:
            return
    elif alive(int(found[1])):
        return
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        pass
    return True


def url_name(url: str) -> str:
    """What the file behind a URL is called: the end of its path."""
    return urlsplit(url).path.rsplit("/", 1)[-1]
