"""Text of others as it may be shown: in a line of an error or a log, in a cell of a table that somebody will open.

What addresses carry that may be a secret is left out of lines: a login, and in the query whatever has the name of a
secret or could be one by its length. `${NAME}`, a variable of the environment, is none.
"""

import logging
import re

FORMULA = re.compile(r"[=@]|[+-](?![\d.,]*$)")  # how a formula begins for a spreadsheet, but no number
# What a terminal obeys, what turns the direction of all that follows, halves of pairs. Joiners and blanks of other
# scripts are writing, and stay.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


ADDRESS = re.compile(r"(\w{1,20}://)([^\s/?#'\"]*@)?([^\s?'\"]*)(\?(?:[^\s'\"]*[^\s'\",.:;)])?)?")
PAIR = re.compile(r"(?<=[?&;])(?:([^=&;]*)=)?([^&;]*)")  # of a query: its name, where it has one, and its value
VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET = re.compile(r"token|key|secret|sig|pass|pwd|auth|cred|session|x-(amz|goog|ms)-", re.IGNORECASE)
PLAIN = 8  # characters of a value that can be no secret by its length, as in ?download=true (our choice)


def secrets_of(query: str) -> list[str]:
    """What each part of a query that may be a secret is called; one without a name is `query`. query: from its `?`."""
    found = []
    for name, value in PAIR.findall(query):
        bare = VARIABLE.sub("", value)
        if bare and (len(bare) > PLAIN or SECRET.search(name)):
            found.append(name or "query")
    return found


def without_secrets(text: str) -> str:
    """The text with `***` for what its addresses may hold of secrets."""

    def part(pair: re.Match[str]) -> str:
        hidden = "***" if pair[1] is None else f"{pair[1]}=***"
        return hidden if secrets_of(f"?{pair[0]}") else pair[0]

    def address(found: re.Match[str]) -> str:
        return f"{found[1]}{'***@' if found[2] else ''}{found[3]}{PAIR.sub(part, found[4] or '')}"

    return ADDRESS.sub(address, text)


def hide_in_log(library: str) -> None:
    """What a library logs by handlers of its own loses what `without_secrets` leaves out: it may name the signed
    addresses to which a hub sends its client, or a hub whose own address holds a login."""
    for handler in logging.getLogger(library).handlers:
        handler.addFilter(hide_secrets)  # which logging adds once, however often it is asked


def hide_secrets(record: logging.LogRecord) -> bool:
    record.msg, record.args = without_secrets(record.getMessage()), ()
    return True


def visible(text: str) -> str:
    """The text with the characters of OBEYED written as Python escapes them.

    Line ends and tabs stay; line ends of other systems become ours, since CSV readers split rows at a lone one.
    """
    lines = re.sub(r"\r\n?", "\n", text)
    return OBEYED.sub(lambda sign: sign[0].encode("unicode_escape").decode(), lines)


def one_line(text: object) -> str:
    return visible(without_secrets(" ".join(str(text).split())))


def cell(text: str) -> str:
    """A text for a CSV file; one that a spreadsheet would run as a formula begins with an apostrophe."""
    return f"'{visible(text)}" if FORMULA.match(text) else visible(text)
