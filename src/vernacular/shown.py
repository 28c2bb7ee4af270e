"""Text of others as it may be shown: in a line of an error or a log, in a cell of a table that somebody will open."""

import re

FORMULA = re.compile(r"[=@]|[+-](?![\d.,]*$)")  # how a formula begins for a spreadsheet, but no number
# What a terminal obeys, what turns the direction of all that follows, halves of pairs. Joiners and blanks of other
# scripts are writing, and stay.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with the characters of OBEYED written as Python escapes them.

    Line ends and tabs stay; line ends of other systems become ours, since CSV readers split rows at a lone one.
    """
    lines = re.sub(r"\r\n?", "\n", text)
    return OBEYED.sub(lambda sign: sign[0].encode("unicode_escape").decode(), lines)


def one_line(text: object) -> str:
    return visible(" ".join(str(text).split()))


def cell(text: str) -> str:
    """A text for a CSV file; one that a spreadsheet would run as a formula begins with an apostrophe."""
    return f"'{visible(text)}" if FORMULA.match(text) else visible(text)
