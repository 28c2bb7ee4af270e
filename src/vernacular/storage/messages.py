"""Text that people read, in a line of an error or a log: one line, no control characters, no secrets.

An address in such a line loses what may be a secret: a login, and every part of the query that has the name of a secret
or is long enough to be one. `${NAME}` stands for an environment variable and is kept.
"""

import difflib
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote

from vernacular.storage.sanitise import visible

ADDRESS = re.compile(r"(\w{1,20}://)([^\s/?#'\"]*@)?([^\s?'\"]*)(\?(?:[^\s'\"]*[^\s'\",.:;)])?)?")
PAIR = re.compile(r"(?<=[?&;])(?:([^=&;]*)=)?([^&;]*)")  # of a query: its name, where it has one, and its value
VARIABLE = re.compile(r"\$\{(\w+)\}")
SECRET = re.compile(r"token|key|secret|sig|pass|pwd|auth|cred|session|x-(amz|goog|ms)-", re.IGNORECASE)
KEPT: set[str] = set()  # secrets of this process, hidden wherever they come up
PLAIN = 8  # a value of at most this many characters, as in ?download=true, is too short to be a secret (our choice)


def secrets_of(query: str) -> list[str]:
    """The names of the parts of a query that may be secrets; `query` for one without a name. query: from its `?` on."""
    found = []
    for name, value in PAIR.findall(query):
        bare = VARIABLE.sub("", value)
        if bare and (len(bare) > PLAIN or SECRET.search(name)):
            found.append(name or "query")
    return found


def keep_secret(value: str) -> None:
    """Hide a value in all errors and logs of this process from now on: a server may send it back."""
    if len(value) >= PLAIN:
        KEPT.update((value, quote(value), quote(value, safe="")))


def without_secrets(text: str) -> str:
    """The text with `***` in place of kept secrets, and of what may be a secret in its addresses."""
    for secret in KEPT:
        text = text.replace(secret, "***")

    def part(pair: re.Match[str]) -> str:
        hidden = "***" if pair[1] is None else f"{pair[1]}=***"
        return hidden if secrets_of(f"?{pair[0]}") else pair[0]

    def address(found: re.Match[str]) -> str:
        return f"{found[1]}{'***@' if found[2] else ''}{found[3]}{PAIR.sub(part, found[4] or '')}"

    return ADDRESS.sub(address, text)


def hide_in_log(library: str) -> None:
    """Apply `without_secrets` to what a library logs through its own handlers, for instance signed addresses."""
    for handler in logging.getLogger(library).handlers:
        handler.addFilter(hide_secrets)  # logging adds the same filter only once


def hide_secrets(record: logging.LogRecord) -> bool:
    record.msg, record.args = visible(without_secrets(record.getMessage())), ()
    return True


def one_line(text: object) -> str:
    """Any text as one line without secrets or control characters."""
    return visible(without_secrets(" ".join(str(text).split())))


def nearest(word: str, choices: Iterable[str]) -> str:
    """A hint: the choice that `word` may have meant, or all of them (always for two-letter codes)."""
    choices = list(choices)
    close = difflib.get_close_matches(word, choices, 1, 0.5) if len(word) > 2 else []
    if close:
        return f"did you mean '{close[0]}'?"
    return f"choose from: {', '.join(choices)}" if choices else "there are none"
