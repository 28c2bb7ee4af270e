"""Logs of evaluations and trainings, our JSON lines among them, read as the completions of models."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from vernacular.corpus.lines import LINE, REQUIRED
from vernacular.evaluation.log_files import Item, files_of, opened_file
from vernacular.evaluation.log_shapes import OURS, Row, Shape, shape_of
from vernacular.evaluation.rescore import remark, split_rows, take_rows
from vernacular.evaluation.task_names import language_in
from vernacular.storage.messages import nearest


@dataclass(frozen=True)
class Reading:
    """How logs are read. columns: key of LINE -> the log's column, dotted for one within another; language, kind: of
    every row; tags: of thinking."""

    columns: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    kind: str | None = None
    tags: str | None = None


@dataclass
class Logs:
    """models: name -> rows as rescore.split_rows gives them; bad: an error for each row that was left out; remarks:
    what a reader should know; shapes: file -> whose log it is."""

    models: dict[str, list[dict[str, Any]]]
    bad: list[str]
    remarks: list[str]
    shapes: dict[str, str]


def read_logs(paths: Iterable[Path], reading: Reading, thinking: bool = True) -> Logs:
    """The completions of every model in files and folders; thinking: whether models are expected to mark it.

    Rows that cannot be scored are left out with the error of each. Raises ValueError (one line) where there is no file,
    where no row of a model can be scored, and for think tags of two families.
    """
    if unknown := [key for key in reading.columns if key not in LINE]:
        raise ValueError(f"--columns: '{unknown[0]}' is not a key; {nearest(unknown[0], LINE)}")
    files = [file for path in paths for file in files_of(path)]
    opened = [(file, *opened_file(file)) for file in dict.fromkeys(files)]
    logs = Logs({}, [], [], {})
    lines: dict[str, list[Iterator[tuple[str, Mapping[str, Any] | ValueError]]]] = {}
    sources: dict[str, tuple[Path, Shape]] = {}
    for file, items, header in newest(opened, logs.remarks):
        start = next(items, None)
        if start is None:
            raise ValueError(f"{file}: no rows; give one JSON object per line: {', '.join(REQUIRED)}")
        shape = OURS if isinstance(start[1], ValueError) else shape_of(start[1])
        model, task = header.get("model") or shape.model(file), header.get("task") or shape.task(file)
        logs.shapes[str(file)] = shape.name
        lines.setdefault(model, []).append(lines_of(chain([start], items), shape, task, reading))
        sources.setdefault(model, (file, shape))
    for model, parts in lines.items():
        file, shape = sources[model]
        bad: list[str] = []
        rows = whole_questions(take_rows(chain.from_iterable(parts), bad), bad, logs.remarks, model)
        if not rows:
            raise ValueError(bad[0] if bad else f"{file}: no completions")
        logs.bad += bad
        place = file if len(parts) == 1 else file.parent
        logs.models[model] = split_rows(rows, place, reading.tags)
        if said := remark(place, logs.models[model], thinking):
            logs.remarks.append(said)
    return logs


def newest(
    opened: list[tuple[Path, Iterator[Item], dict[str, str]]], remarks: list[str]
) -> list[tuple[Path, Iterator[Item], dict[str, str]]]:
    """Of several logs of one task of a model, as lm-eval and lighteval leave them with their dates, the last one."""
    kept: dict[tuple[str, ...], tuple[Path, Iterator[Item], dict[str, str]]] = {}
    for file, items, header in opened:
        start = next(items, None)
        known = start is not None and not isinstance(start[1], ValueError)
        shape = shape_of(start[1]) if known else OURS  # type: ignore[index, arg-type]
        key = (shape.name, shape.model(file), shape.task(file)) if shape.newest else (str(file),)
        if key in kept:
            remarks.append(f"{kept[key][0]}: left out, for {file} is a newer log of the same task")
        kept[key] = (file, chain([start], items) if start is not None else items, header)
    return list(kept.values())


def lines_of(
    items: Iterable[Item], shape: Shape, task: str, reading: Reading
) -> Iterator[tuple[str, Mapping[str, Any] | ValueError]]:
    """The lines of a file, with what --columns, --language and --kind say. A row that was there before with another
    filter of lm-eval is left out."""
    seen: set[str] = set()
    for place, row in items:
        if isinstance(row, ValueError):
            yield place, row
            continue
        if "filter" in row and "doc_id" in row:
            key = json.dumps([row["doc_id"], row.get("resps")], default=str)
            if key in seen:
                continue
            seen.add(key)
        try:
            for line in shape.lines(row, task):
                yield place, completed(line, row, reading)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            what = str(error) if type(error) is ValueError else f"not as {shape.name} writes them ({error!r})"
            yield place, ValueError(f"{place}: {what}")


def completed(line: dict[str, Any], row: Row, reading: Reading) -> dict[str, Any]:
    line = {key: value for key, value in line.items() if value is not None or key not in LINE or key in row}
    for key, column in reading.columns.items():
        value: Any = row
        for part in column.split("."):
            if not isinstance(value, Mapping) or part not in value:
                raise ValueError(f"no column '{column}' for '{key}'; {nearest(part, map(str, value or {}))}")
            value = value[part]
        line[key] = value
    if "language" in reading.columns and isinstance(line["language"], str):
        line["language"] = language_in(line["language"]) or line["language"]
    if reading.language:
        line["language"] = reading.language
    if reading.kind:
        line["kind"] = reading.kind
    return line


def whole_questions(rows: list[dict[str, Any]], bad: list[str], remarks: list[str], model: str) -> list[dict[str, Any]]:
    """The rows without those of questions that lack a sample, where rows were left out: each needs as many samples."""
    if not bad:
        return rows
    counts: dict[tuple[str, str, str], int] = {}
    for row in rows:
        key = (row["benchmark"], row["id"], row["language"])
        counts[key] = counts.get(key, 0) + 1
    most: dict[str, int] = {}
    for (benchmark, _, _), count in counts.items():
        most[benchmark] = max(most.get(benchmark, 0), count)
    kept = [row for row in rows if counts[row["benchmark"], row["id"], row["language"]] == most[row["benchmark"]]]
    if len(kept) < len(rows):
        remarks.append(f"{model}: {len(rows) - len(kept)} more rows left out, of questions that lack a sample")
    return kept
