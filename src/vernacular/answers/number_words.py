"""Words that change the number next to them, by language (`resources/number_words.yaml`).

A word counts as its own language means it, else as English does, else as the only meaning that it has in the others: in
answers in French `billion` is 10^12, `million` and `lakh` are read, Turkish `bin` (1,000) is an unknown word.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml

FILE = resource("number_words.yaml")

_WORD = re.compile(r"\s*([^\s\d.,;:!?()\[\]/\"'«»।۔،؛%+*=<>~-]+)\.?(?!-\w)")
_COUNTER = re.compile("(?:টি|টা|জন|খানা)$")  # Bengali writes them on the word
_ARABIC_MARKS = re.compile("[\u064b-\u0652\u0640]")


class Words(NamedTuple):
    """What the words next to a number mean in one language."""

    scales: dict[str, int]
    glued: list[tuple[re.Pattern[str], int]]
    halves: list[tuple[re.Pattern[str], Fraction]]
    before: list[tuple[re.Pattern[str], Fraction]]
    values: list[tuple[re.Pattern[str], Fraction]]
    refused: frozenset[str]
    refused_within: re.Pattern[str]
    letters: frozenset[str]
    small_words: frozenset[str]
    scale_first: bool
    any_glued: re.Pattern[str]  # whether one of `glued`, `halves` or `before` is there at all
    any_half: re.Pattern[str]
    any_before: re.Pattern[str]


def fold(text: str) -> str:
    """Lower case, composed, without the vowel signs of Arabic: as words are compared."""
    return _ARABIC_MARKS.sub("", unicodedata.normalize("NFC", text.lower()))


@cache
def _entries() -> dict[str, dict[str, Any]]:
    return read_yaml(FILE)


def _listed(entry: dict[str, Any], key: str) -> list[str]:
    return [fold(word) for word in str(entry.get(key, "")).split()]


def _foreign(word: str) -> bool:
    """Whether a word may count in languages that do not list it."""
    return not re.fullmatch(r"[a-z\u00c0-\u024f]{1,4}", word)


@cache
def words_of(language: str | None) -> Words:
    """The words of a language, or of English where it is unknown."""
    entries = _entries()
    own = [entries["en"]] + ([entries[language]] if language in entries and language != "en" else [])
    others = [entry for code, entry in entries.items() if entry not in own]
    meanings = defaultdict(set)
    for word, scale in (pair for entry in others for pair in _scales(entry)):
        meanings[word].add(scale)
    scales = {word: min(found) for word, found in meanings.items() if len(found) == 1 and _foreign(word)}
    refused = {word for entry in others for word in _listed(entry, "half_words") if _foreign(word)}
    refused |= {word for word, found in meanings.items() if len(found) > 1 and _foreign(word)}
    ordinary = {*_listed(entries["any"], "ordinary")}
    for entry in own:
        ordinary |= {*_listed(own[-1], "ordinary")}
        scales = {word: scale for word, scale in scales.items() if word not in ordinary} | dict(_scales(entry))
        refused = refused - ordinary | {*_listed(entry, "half_words")}
    glued_refused = [word for code in ("ja", "zh", "ko", "th", "te") for word in _listed(entries[code], "half_words")]
    glued: dict[str, tuple[re.Pattern[str], int]] = {}  # its own exceptions hold for a word that others have too
    for entry in [*own[::-1], *others]:
        glued = dict(_glued_scales(entry)) | glued
    halves = [pair for entry in [*own[::-1], *others] for pair in _halves(entry, entry in own)]
    before = [pair for entry in entries.values() for pair in _before(entry)]
    return Words(
        scales=scales,
        glued=[*glued.values()],
        halves=halves,
        before=before,
        values=[pair for entry in own for pair in _values(entry)],
        refused=frozenset(refused),
        refused_within=re.compile("|".join(map(re.escape, sorted(glued_refused, key=len, reverse=True)))),
        letters=frozenset(_listed(entries["any"], "letters") + [w for entry in own for w in _listed(entry, "letters")]),
        small_words=frozenset(_listed(own[-1], "words")),
        scale_first=language == "sw",
        any_glued=_any(glued.values()),
        any_half=_any(halves),
        any_before=_any(before),
    )


def _any(patterns: Iterable[tuple[re.Pattern[str], object]]) -> re.Pattern[str]:
    return re.compile("|".join(pattern.pattern for pattern, _ in patterns))


def _scales(entry: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for scale, words in entry.get("scales", {}).items():
        if scale != "glued":
            yield from ((fold(word), scale) for word in words.split())


def _glued_scales(entry: dict[str, Any]) -> Iterator[tuple[str, tuple[re.Pattern[str], int]]]:
    """(the word without its exceptions, (its pattern, what it multiplies by))."""
    for scale, word in entry.get("scales", {}).get("glued", {}).items():
        yield word.partition("(?!")[0], (re.compile(rf"\s*(?:{fold(word)})"), scale)


def _halves(entry: dict[str, Any], own: bool) -> Iterator[tuple[re.Pattern[str], Fraction]]:
    """Longer ones first. Of other languages only those of a script without spaces: they cannot be anything else."""
    listed = entry.get("halves", {})
    found = [(word, part, True) for part, words in listed.get("glued", {}).items() for word in words.split()]
    if own:
        found += [(word, part, False) for part, words in listed.items() if part != "glued" for word in words.split()]
    for word, part, glued in sorted(found, key=lambda one: -len(one[0])):
        pattern = fold(word).replace("_", r"\s+" if not glued else r"\s*")
        yield re.compile(pattern if glued else rf"(?<![^\W\d_]){pattern}(?![^\W\d_])"), Fraction(part)


def _before(entry: dict[str, Any]) -> Iterator[tuple[re.Pattern[str], Fraction]]:
    for part, words in entry.get("before", {}).items():
        pattern = "|".join(map(re.escape, map(fold, words.split())))
        yield re.compile(rf"(?<![^\W\d_])(?:{pattern})\s*$"), Fraction(part)


def _values(entry: dict[str, Any]) -> Iterator[tuple[re.Pattern[str], Fraction]]:
    """Longer ones first."""
    found = [(word, part) for part, words in entry.get("values", {}).items() for word in words.split()]
    for word, part in sorted(found, key=lambda one: -len(one[0])):
        pattern = re.escape(fold(word)).replace("_", r"\s+")
        yield re.compile(rf"(?<![^\W\d_]){pattern}(?:\s+an?)?(?![^\W\d_])"), Fraction(part)  # half a million


def spelled_out(text: str, words: Words) -> str:
    """A text without digits, where a word is a number (anderthalb, डेढ़), with that number."""
    for pattern, value in words.values:
        if pattern.search(text):
            return pattern.sub(str(value), text, count=1)
    return text


def match_scales(text: str, start: int, words: Words) -> tuple[list[int], int]:
    """(what the words that begin at `start` multiply a number by, one by one; where they end)."""
    scales: list[int] = []
    for _ in range(4):  # mil millones, nghìn tỷ, 万亿
        for pattern, scale in words.glued if words.any_glued.match(text, start) else ():
            if found := pattern.match(text, start):
                scales.append(scale)
                start = found.end()
                break
        else:
            word = _WORD.match(text, start)
            if scales and word and word[1] in ("de", "di"):  # 5 miles de millones
                word = _WORD.match(text, word.end())
            scale = (words.scales.get(word[1]) or words.scales.get(_COUNTER.sub("", word[1]), 0)) if word else 0
            if not word or not scale:
                break
            scales.append(scale)
            start = word.end()
    return scales, start


def scale_before(text: str, words: Words) -> tuple[int, str]:
    """(what the word at the end of `text` multiplies the next number by, 1 where it does not; `text` without it)."""
    word = re.search(r"(?<![^\W\d_])([^\W\d_]+)\s*$", text) if words.scale_first else None
    scale = words.scales.get(word[1], 0) if word else 0
    return (scale, text[: word.start()]) if word and scale else (1, text)
