"""Common words of the languages that share a script, for `identify`.

`resources/common_words.yaml` has those of the languages of languages.yaml, `resources/other_words.yaml` those of
languages outside it.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml

WORDS: dict[str, str] = read_yaml(resource("common_words.yaml"))
OTHERS: dict[str, str] = read_yaml(resource("other_words.yaml"))
LANGUAGES = (*WORDS, *OTHERS)
PLACES = {code: place for place, code in enumerate(LANGUAGES)}
MOST = 5_000  # words of a text that are counted: their points fit 16 bits
COVERAGE = 0.1  # of the words of a text are common ones, whatever its language
POINTS = 12  # of a word that one language of WORDS alone lists; those who share a word share its points


@cache
def lexicon() -> dict[str, tuple[str, ...]]:
    """Word -> the languages that list it."""
    languages: dict[str, dict[str, None]] = {}
    for language, words in (*WORDS.items(), *OTHERS.items()):
        for word in words.split():
            languages.setdefault(word, {})[language] = None
    return {word: tuple(listed) for word, listed in languages.items()}


@cache
def _packed_points() -> dict[str, int]:
    """Word -> its points, 16 bits for each language side by side, so that adding up words is adding whole numbers.

    The languages of WORDS share a word's points among themselves; one of OTHERS gets as many as each of them, so that
    a long list of neighbours takes nothing from a language of WORDS.
    """
    packed = {}
    for word, listed in lexicon().items():
        share = POINTS // max(sum(language in WORDS for language in listed), 1)
        packed[word] = sum(share << 16 * PLACES[language] for language in listed)
    return packed


def count_words(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """((texts, LANGUAGES) points of the common words, (texts,) how many words), of letters in lower case.

    Of a text's words the first MOST count.
    """
    get, size = _packed_points().get, 2 * len(LANGUAGES)
    words = [text.split(None, MOST)[:MOST] for text in texts]
    packed = b"".join([sum(filter(None, map(get, some))).to_bytes(size, "little") for some in words])
    points = np.frombuffer(packed, dtype="<u2").reshape(len(texts), len(LANGUAGES)).astype(np.int64)
    return points, np.array([len(some) for some in words], dtype=np.int64)


def decide_by_words(points: np.ndarray, words: np.ndarray) -> list[str | None]:
    """From (texts, languages) points and (texts,) numbers of words: the language that leads clearly, else None."""
    best = points.argmax(axis=1)
    first = points.max(axis=1, initial=0)
    others = points.copy()
    others[np.arange(len(points)), best] = 0
    second = others.max(axis=1, initial=0)
    clear = (first >= 1.5 * POINTS) & (first - second >= POINTS) & (first >= 1.2 * second)
    clear &= first >= COVERAGE * POINTS * words
    return [LANGUAGES[place] if sure else None for place, sure in zip(best.tolist(), clear.tolist(), strict=True)]
