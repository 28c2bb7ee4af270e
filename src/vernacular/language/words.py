"""Common words of the languages that share a script (`resources/common_words.yaml`), for `identify`."""

from collections.abc import Sequence
from functools import cache
from itertools import repeat
from pathlib import Path

import numpy as np

from vernacular.storage.yaml_file import read_yaml

FILE = Path(__file__).parents[3] / "resources" / "common_words.yaml"
WORDS: dict[str, str] = read_yaml(FILE)
LANGUAGES = tuple(WORDS)
POINTS = 12  # of a word that one language alone lists; those who share a word share its points


@cache
def lexicon() -> dict[str, tuple[str, ...]]:
    """Word -> the languages that list it."""
    languages: dict[str, dict[str, None]] = {}
    for language, words in WORDS.items():
        for word in words.split():
            languages.setdefault(word, {})[language] = None
    return {word: tuple(listed) for word, listed in languages.items()}


@cache
def _packed_points() -> dict[str, int]:
    """Word -> its points, 32 bits for each language side by side, so that adding up words is adding whole numbers."""
    return {
        word: sum(POINTS // len(listed) << 32 * LANGUAGES.index(language) for language in listed)
        for word, listed in lexicon().items()
    }


def count_words(texts: Sequence[str]) -> np.ndarray:
    """(texts, languages of WORDS): the points of the common words in texts of letters in lower case."""
    get, size = _packed_points().get, 4 * len(LANGUAGES)
    sums = (sum(map(get, text.split(), repeat(0))) for text in texts)
    packed = b"".join(value.to_bytes(size, "little") for value in sums)
    return np.frombuffer(packed, dtype="<u4").reshape(len(texts), len(LANGUAGES)).astype(np.int64)
