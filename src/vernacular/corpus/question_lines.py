"""The format `questions`: a study's own questions as JSON lines, CSV or Parquet, a row for each in each language.

The columns are those of the lines that rescore.py reads (lines.LINE), with the question in place of the completion.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vernacular.corpus.readers import Example, Written, json_rows, parquet_rows, separator, text_of, text_or_number

Rows = Iterator[tuple[str, dict[str, Any]]]  # (place, row)
REQUIRED = ("id", "language", "question", "answer")


def question_lines(
    path: Path, _: str | None, columns: Mapping[str, str] | None = None, kind: str = "math"
) -> Iterator[Example]:
    """The questions of a file. columns: our name -> the file's, where they differ; kind: of all its questions."""
    # Imports what reads answers, which is heavy, and a dry run imports this module.
    from vernacular.corpus.lines import check_keys

    readers: dict[str, Callable[..., Rows]] = {".parquet": parquet_rows, ".csv": csv_rows, ".tsv": csv_rows}
    rows = readers.get(path.suffix, json_rows)
    for place, given in rows(path, ()):
        if missing := [theirs for theirs in (columns or {}).values() if theirs not in given]:
            raise ValueError(f"{place}: `columns` names '{missing[0]}'; there are {', '.join(map(str, given))}")
        row = {**given, **{ours: given[theirs] for ours, theirs in (columns or {}).items()}}
        row["kind"] = row.get("kind") or kind
        row["choices"] = listed(row.get("choices"))
        if row["kind"] != kind and isinstance(row["kind"], str):
            raise ValueError(f"{place}: 'kind' is {row['kind']}, but the source's is {kind}; set `kind` in its entry")
        check_keys(row, place, REQUIRED)
        if kind == "choice" and not row["choices"]:
            raise ValueError(f"{place}: 'choices' is missing: the options, two to five texts")
        question, answer = text_of(row, "question", place), text_or_number(row, "answer", place)
        name = text_or_number(row, "id", place)
        yield Example(name, row["language"], question, answer, choices=row["choices"] or None, place=place)


def csv_rows(path: Path, _: tuple[str, ...]) -> Rows:
    """(place, row) of a table in text; the first line names the columns. Empty cells are None."""
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=separator(header), strict=True)
            for row in reader:
                number = reader.line_num
                if None in row:
                    raise ValueError(
                        f"{path}: line {number} has more cells than the first line; quote those with commas"
                    )
                yield f"{path}: line {number}", {key.strip(): value or None for key, value in row.items()}
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not valid UTF-8 ({error.reason}); save it as UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"{path}: after line {number}: not a table ({error}); restore the file") from None
    if not number:
        raise ValueError(f"{path}: holds no rows; the first line names the columns: {', '.join(REQUIRED)}")


def listed(choices: Any) -> Any:
    """The options of a cell of text: a JSON list, or texts with `|` between them."""
    if not isinstance(choices, str) or isinstance(choices, Written):
        return choices
    if choices.lstrip().startswith("["):
        try:
            return json.loads(choices)
        except ValueError:
            return choices
    return [choice.strip() for choice in choices.split("|")]
