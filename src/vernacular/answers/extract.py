"""Finding the answer in a response."""

import re
from collections import deque
from itertools import islice

from vernacular.answers.writing import without_markdown

BARE_LENGTH = 80  # characters: a longer text in which nothing marks the answer has none (our choice)
BOXES = 20  # that may be the parts of one answer (our choice)

_BOX = re.compile(r"\\boxed\s*(?:\{|(?=[-−–$]*\d))")
_FRAME = re.compile(r"\\f(?:box|ramebox)\s*\{")  # each begins with a literal, which is searched ten times as fast
_UNBRACED = re.compile(r"[-−–$]*\d(?:[\d.,]*\d)?")  # \boxed 18
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)  # an escaped brace is text
_TAGS = re.compile(r"<answer>", re.IGNORECASE)
_END_TAG = re.compile(r"</answer\s*>", re.IGNORECASE)
_HASHES = re.compile(r"#{2,6}[ \t]*([^\n#]{1,80})\s*\Z")  # GSM8K's last line
_BETWEEN_BOXES = re.compile(
    r"[\s$.,;:،、，*]*(?:and|und|et|y|e|и|ve|και|en|và|na|i|و|और|এবং|మరియు|和|と|과|와|และ|اور)?[\s$*,\\()]*"
)


def last_box(text: str) -> str | None:
    """What the last `\\boxed{...}` or `\\fbox{...}` holds; None where there is none or the last never closes.

    Linear in the text. A box with over a million braces and escapes counts as one that never closes (our choice).
    """
    last = max((found[0] for found in map(_last, (_BOX, _FRAME), (text, text)) if found), key=_start, default=None)
    if last is None:
        return None
    end = _box_end(text, last)
    return None if end is None else text[last.end() : end]


def _last(pattern: re.Pattern[str], text: str) -> deque[re.Match[str]]:
    return deque(pattern.finditer(text), maxlen=1)


def _start(found: re.Match[str]) -> int:
    return found.start()


def _box_end(text: str, opening: re.Match[str]) -> int | None:
    if not opening[0].endswith("{"):
        number = _UNBRACED.match(text, opening.end())
        return number.end() if number else None
    depth = 1
    for token in islice(_BRACE.finditer(text, opening.end()), 1_000_000):
        if token[0] == "{":
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                return token.start()
    return None


def boxes_in_a_row(text: str, joined: bool = False) -> list[str]:
    """The boxes that end a row of boxes with nothing but commas or `and` between them, at most 20; else none.

    joined: a comma or a word must be there; without it, a box that follows another may correct it.
    """
    row: list[str] = []
    end = None
    for opening in deque(_BOX.finditer(text), maxlen=BOXES + 1):
        close = _box_end(text, opening)
        if close is None:
            return []
        between = "" if end is None else text[end : opening.start()]
        if not _BETWEEN_BOXES.fullmatch(between) or (joined and not between.strip(" \t\r\n$.:*\\()")):
            row = []
        row.append(text[opening.end() : close])
        end = close + opening[0].endswith("{")
    return row if 1 < len(row) <= BOXES else []


def find_answer(text: str) -> tuple[str, bool] | None:
    """(what counts as the answer in a response, whether it is marked as one); None where nothing counts.

    The last box or `<answer>` counts; without them a last line after ####, or a text of at most 80 characters as a
    whole, without its Markdown.
    """
    tag = deque(_TAGS.finditer(text) if "<" in text else (), maxlen=1)
    if tag:
        end = _END_TAG.search(text, tag[0].end())
        inside = text[tag[0].end() : end.start() if end else len(text)]
        if "\\boxed" not in text[tag[0].end() :]:
            return (without_markdown(inside), True) if end and 0 < len(inside.strip()) <= 1000 else None
    box = last_box(text)
    if box is not None:
        return (box.strip(), True) if box.strip() else None
    if "\\boxed" in text:
        return None
    hashes = _HASHES.search(text[-200:])
    bare = (hashes[1] if hashes else text).strip()
    bare = without_markdown(bare) if len(bare) <= 2 * BARE_LENGTH else ""
    return (bare, False) if 0 < len(bare) <= BARE_LENGTH else None
