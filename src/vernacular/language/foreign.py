"""Writing of a foreign script within a text: runs of its letters, and runs long enough to be a clause.

The scripts speak for themselves here; no model is asked. Latin letters are left out: names, brands and units are
written in them everywhere (WPR counts them, as published), and a clause in Latin letters needs a model
(codeswitch.py). So are single letters, which are mathematics (`α`). What is long enough for a clause is our choice.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from vernacular.language.languages import about
from vernacular.language.letters import CLASSES, LATIN, MARK, chinese_signs, classify, own_classes
from vernacular.language.parts import Parts

_EAST_ASIAN = np.array([name in ("Han", "Hans", "Shin", "Kana") for name in CLASSES])
_WITHOUT_SPACES = _EAST_ASIAN | np.array([name in ("Thai", "Laoo", "Khmr", "Mymr", "Tibt") for name in CLASSES])
_SYMBOL = re.compile("(?<![A-Za-z])[A-Za-z](?![A-Za-z])")  # a letter alone: mathematics, in any language
_STOP = re.compile("[。？！]")
_RUN = re.compile("f(?:[fn]*f)?")  # of foreign letters, with what is neither foreign nor own between them


class Foreign(NamedTuple):
    """What a text holds of scripts that its language does not use."""

    run: bool = False  # two letters of a foreign script, three Greek ones, one Chinese (in Japanese: simplified) one
    clause: bool = False


def find_foreign(parts: Parts, languages: Sequence[str]) -> list[Foreign]:
    """What each text holds of scripts that its language (ISO 639-1) does not use."""
    found = []
    for text, counts, language in zip(parts.texts, parts.counts, languages, strict=True):
        foreign, _ = _letters_of(about(language)["script"])
        if language == "ja" and not chinese_signs(text):
            foreign = foreign & ~_EAST_ASIAN  # its own writing, as in most texts
        found.append(_find_foreign(text, language, foreign) if counts @ foreign else Foreign())
    return found


def _find_foreign(text: str, language: str, foreign: np.ndarray) -> Foreign:
    neutral = _letters_of(about(language)["script"])[1]
    text = _SYMBOL.sub(" ", text)
    _, classes = classify(text)
    kinds = np.where(foreign[classes], b"f", np.where(neutral[classes], b"n", b"b")).tobytes().decode()
    # With a full stop behind it, a run may be a short sentence.
    runs = [(text[start : end + 1], classes[start:end]) for start, end in (m.span() for m in _RUN.finditer(kinds))]
    clause = any(_is_clause(run, inside, foreign[inside], language) for run, inside in runs)
    return Foreign(clause or any(_is_run(inside[foreign[inside]], language) for _, inside in runs), clause)


@cache
def _letters_of(script: str) -> tuple[np.ndarray, np.ndarray]:
    """(classes,) bool: the letters that are foreign to a script; what may come between them in a run."""
    own = own_classes(script)
    foreign = ~own
    foreign[[CLASSES.index(""), MARK, LATIN]] = False
    neutral = np.zeros(len(CLASSES), dtype=bool)
    neutral[[CLASSES.index(""), MARK]] = True
    both = [CLASSES.index("Han"), CLASSES.index("Shin")]  # may be part of a sentence of the other language
    if script == "Jpan":
        foreign[both] = True
    if script == "Hans":
        neutral[both] = True
    return foreign, neutral


def _is_run(letters: np.ndarray, language: str) -> bool:
    if language == "ja":
        return bool((letters == CLASSES.index("Hans")).any())
    least = {"Grek": 3, "Han": 1, "Hans": 1, "Shin": 1}.get(CLASSES[letters[0]], 2)
    return len(letters) >= least


def _is_clause(run: str, inside: np.ndarray, foreign: np.ndarray, language: str) -> bool:
    letters = inside[(inside != CLASSES.index("")) & (inside != MARK)]
    east_asian = _EAST_ASIAN[letters].mean() > 0.5
    *sentences, _ = _STOP.split(run)
    if language == "ja" and east_asian:  # simplified characters, in company
        signs, short = chinese_signs(run), [one for one in sentences if sum(map(str.isalpha, one)) >= 4]
        return len(letters) >= 4 and signs >= (1 if len(letters) >= 7 else 2) or any(map(chinese_signs, short))
    if language == "zh":
        return len(letters) >= 8 and int(foreign.sum()) >= 4
    if east_asian:
        return len(letters) >= 6 or (len(letters) >= 4 and (bool(sentences) or chinese_signs(run) >= 2))
    if _WITHOUT_SPACES[letters].mean() > 0.5:
        return len(letters) >= 12
    words = [word for word in run.split() if sum(map(str.isalpha, word)) >= 2]
    if (letters == CLASSES.index("Hang")).mean() > 0.5:
        return len(words) >= 2 and len(letters) >= 7
    return len(words) >= 3 and len(letters) >= 10
