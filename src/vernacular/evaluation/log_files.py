"""The rows of a log, whatever kind of file it is: JSON lines, CSV, Parquet, or a log of Inspect, packed or not."""

import csv
import json
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vernacular.corpus.lines import read_line
from vernacular.corpus.readers import separator
from vernacular.evaluation.log_shapes import Row
from vernacular.storage.files import distinct
from vernacular.storage.records import read_rows

SUFFIXES = (".jsonl", ".json", ".parquet", ".csv", ".tsv", ".eval")
ENTRY = 2**28  # bytes of a file in an archive, at most: a few kilobytes may unpack to much more (our choice)
# What an archive raises that is cut off, locked with a password, or holds no JSON.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError)
OUTPUTS = {"scored", "rescored"}  # folders that scoring writes
Item = tuple[str, Row | ValueError]  # place, and the row or why there is none


def files_of(path: Path) -> list[Path]:
    """The file, or those of a folder and of the folders in it that may be logs, by name."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise ValueError(f"{path}: no such file or folder")
    found = [file for file in sorted(path.rglob("*")) if file.suffix in SUFFIXES and file.is_file()]
    found = [file for file in found if not OUTPUTS & set(file.relative_to(path).parts[:-1])]
    logs = [file for file in found if file.suffix != ".json" or is_inspect(file)]
    if not logs:
        there = f", but {found[0].name}" if found else ""
        raise ValueError(
            f"{path}: no logs here ({', '.join(SUFFIXES)}){there}; `vernacular score --help` says what is read"
        )
    return logs


def is_inspect(file: Path) -> bool:
    """Whether a .json file is a log of Inspect, not the summary that other tools write next to their logs."""
    with file.open("rb") as opened:
        start = opened.read(4096)
    return b'"eval"' in start and b'"version"' in start


def opened_file(file: Path) -> tuple[Iterator[Item], dict[str, str]]:
    """(rows with their places, what the file says of itself: `model` and `task`)."""
    if file.suffix == ".eval":
        return inspect_archive(file)
    if file.suffix == ".json" and is_inspect(file):
        return inspect_items(read_whole(file), file)
    if file.suffix in (".csv", ".tsv"):
        return csv_items(file), {}
    if file.suffix == ".parquet":
        rows = ((f"{file}, row {number}", row) for number, row in enumerate(read_rows(file), 1))
        return rows, {}
    if file.suffix not in SUFFIXES:
        raise ValueError(f"{file}: not a log that can be read; give one of {', '.join(SUFFIXES)}")
    return json_items(file), {}


def json_items(file: Path) -> Iterator[Item]:
    with file.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            if line.strip():
                try:
                    yield f"{file}, line {number}", read_line(line, number, file)
                except ValueError as error:
                    yield f"{file}, line {number}", error


def csv_items(file: Path) -> Iterator[Item]:
    """Cells that are empty are left out."""
    csv.field_size_limit(sys.maxsize)
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            header = opened.readline()
            opened.seek(0)
            table = csv.DictReader(opened, delimiter=separator(header), strict=True)
            for number, row in enumerate(table, 2):
                if None in row or None in row.values():
                    many = "more" if None in row else "fewer"
                    yield f"{file}, row {number}", ValueError(f"{file}, row {number}: {many} cells than its head has")
                    continue
                cells: dict[str, Any] = {name: value for name, value in row.items() if value}
                cells |= {name: int(cells[name]) for name in ("sample", "tokens") if cells.get(name, "").isdigit()}
                yield f"{file}, row {number}", cells
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: not a table that can be read ({error}); restore the file") from None


def read_whole(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file}: not JSON ({error}); restore the file") from None
    if not isinstance(found, dict):
        raise ValueError(f"{file}: not a log of Inspect (it is not a mapping); restore the file")
    return found


def inspect_items(log: Mapping[str, Any], file: Path) -> tuple[Iterator[Item], dict[str, str]]:
    found = log.get("samples")
    samples = enumerate(found if isinstance(found, list) else [], 1)
    return ((f"{file}, sample {number}", sample) for number, sample in samples), head_of(log)


def head_of(log: Mapping[str, Any]) -> dict[str, str]:
    about = log.get("eval")
    about = about if isinstance(about, dict) else {}
    return {"model": str(about.get("model") or ""), "task": str(about.get("task") or "").rpartition("/")[2]}


def inspect_archive(file: Path) -> tuple[Iterator[Item], dict[str, str]]:
    """A .eval file, which is a ZIP of header.json and samples/<id>_epoch_<n>.json."""
    try:
        with zipfile.ZipFile(file) as archive:
            head = head_of(entry_of(archive, "header.json"))
    except BROKEN as error:
        raise ValueError(inspect_said(file, error)) from None

    def items() -> Iterator[Item]:
        try:
            with zipfile.ZipFile(file) as archive:
                for name in sorted(name for name in archive.namelist() if name.startswith("samples/")):
                    yield f"{file}, {name}", entry_of(archive, name)
        except BROKEN as error:
            raise ValueError(inspect_said(file, error)) from None

    return items(), head


def entry_of(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    """The mapping in a file of an archive. Raises one of BROKEN, also before it unpacks more than ENTRY bytes."""
    if (size := archive.getinfo(name).file_size) > ENTRY:
        raise ValueError(f"{name} unpacks to {size:,} bytes, and at most {ENTRY:,} are read")
    found = json.loads(archive.read(name), object_pairs_hook=distinct)
    if not isinstance(found, dict):
        raise ValueError(f"{name} is not a mapping")
    return found


def inspect_said(file: Path, error: Exception) -> str:
    if isinstance(error, NotImplementedError):
        return f"{file}: compressed in a way that Python cannot read; convert it: inspect log convert --to json"
    return f"{file}: not a log of Inspect ({error}); restore the file"
