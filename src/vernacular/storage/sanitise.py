"""Text from elsewhere, made safe for a terminal or for a cell of a table that a spreadsheet may open."""

import csv
import io
import re
from typing import Any

# How a spreadsheet's formula begins, after what some of them leave out; a number is none.
FORMULA = re.compile(r"\s*(?:[=@\uff1d\uff20]|[+\uff0b-](?![\d.,]*$)|\uff0d)")
# Control characters, marks that reverse the direction of all that follows, lone surrogates. Joiners and the spaces of
# other scripts are writing, and stay.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with the characters of OBEYED written as Python escapes them.

    Line feeds and tabs stay; other systems' line ends become line feeds, since CSV readers split rows at a lone one.
    """
    lines = re.sub(r"\r\n?", "\n", text)
    return OBEYED.sub(lambda sign: sign[0].encode("unicode_escape").decode(), lines)


def cell(text: str) -> str:
    """A text for a CSV file, and its only way there; what a spreadsheet would run gets a leading apostrophe."""
    return f"'{visible(text)}" if FORMULA.match(text) else visible(text)


def csv_lines(names: list[str], rows: list[dict[str, Any]]) -> str:
    """Rows of numbers and texts as CSV with these columns; what a row lacks is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: cell(value) if isinstance(value, str) else value for name, value in row.items()})
    return text.getvalue()
