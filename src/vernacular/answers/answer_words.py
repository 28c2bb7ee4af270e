"""Words around answers of all kinds, in all languages at once (`resources/answer_words.yaml`).

Models answer in English, or in yet another language, whatever the question's: so no language is asked for.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import Literal

from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml

FILE = resource("answer_words.yaml")
_ENTRIES = read_yaml(FILE)
FORMS: tuple[Literal["NFC"], Literal["NFKC"]] = (
    "NFC",
    "NFKC",
)  # numbers are read in the one, labels in the other; the Thai คำ differs
BEFORE, AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"


def _any_of(key: str) -> str:
    spaced = {word for entry in _ENTRIES.values() if "glued" not in entry for word in entry.get(key, "").split()}
    glued = {word for entry in _ENTRIES.values() if "glued" in entry for word in entry.get(key, "").split()}
    glued = {unicodedata.normalize(form, word) for word in glued for form in FORMS}
    suffix = "n't" in spaced  # it ends a word
    longest_first = sorted(map(re.escape, spaced - {"n't"}), key=len, reverse=True)
    parts = [rf"{BEFORE}(?:{'|'.join(longest_first)}){AFTER}", *sorted(map(re.escape, glued), key=len, reverse=True)]
    return "|".join(parts + ["n['’]t" + AFTER] * suffix)


@cache
def joiner() -> re.Pattern[str]:
    """The text between two answers, in lower case."""
    return re.compile(_any_of("join"))


@cache
def label_words() -> re.Pattern[str]:
    """The words that may precede a label, in lower case, and the rest of the text as a group."""
    return re.compile(rf"(?:{_any_of('label')}|[\s:：=*_\"'-])+([([]?\w.*)")


@cache
def words_after() -> re.Pattern[str]:
    """The words that may follow a label at the end of a text, in lower case."""
    return re.compile(rf"(?:\s*(?:{_any_of('after')}))+$")


@cache
def denial() -> re.Pattern[str]:
    """A word that makes the opposite of an answer, in lower case."""
    return re.compile(_any_of("deny"))


@cache
def denied_number() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """(the end of a text before a number, the beginning of one after it) that deny the number, in lower case."""
    deny = _any_of("deny")
    spaced, glued = (_last(codes) for codes in (("tr", "hi", "ur", "bn", "te"), ("ja", "ko")))
    few = r"[^\s\d.,;:!?()]"  # a particle or a unit: 18টি নয়
    return (
        re.compile(rf"(?:{deny})(?:\s*(?:{_any_of('is')})){{0,2}}\s*$"),
        re.compile(rf"\s*(?:(?:{few}{{1,3}}\s+)?(?:{spaced}){AFTER}|{few}{{0,3}}\s*(?:{glued}))"),
    )


def _last(codes: Iterable[str]) -> str:
    """The words that deny what precedes them, of languages whose verb ends the sentence."""
    words = {word for code in codes for word in _ENTRIES[code]["deny"].split() if len(word) > 1}
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
