"""Texts taken apart into sentences and words, once for all that is asked of them: their language, that of their lines,
and whether it changes.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import numpy as np

from vernacular.language.letters import count_letters
from vernacular.language.words import LANGUAGES, count_words

_CHUNK = 1 << 18  # characters examined together

T = TypeVar("T")


def chunks(
    items: Iterable[T], length: Callable[[Any], int] = len, characters: int = _CHUNK, count: float = math.inf
) -> Iterator[list[T]]:
    """The items in order, in lists that end with `count` items or `characters` of `length`: memory stays bounded."""
    some: list[T] = []
    size = 0
    for item in items:
        some.append(item)
        size += length(item)
        if size >= characters or len(some) == count:
            yield some
            some, size = [], 0
    if some:
        yield some


class Parts(NamedTuple):
    """What is counted in texts without LaTeX and code.

    sentences: the distinct ones of all texts, with a blank for whatever is not a letter. own: the sentences of each
    text, as places in `sentences`. Words are counted when they are asked for, those of a sentence once.
    """

    texts: list[str]
    counts: np.ndarray  # (texts, letters.CLASSES)
    sentences: list[str]
    own: list[list[int]]
    points: np.ndarray  # (sentences, words.LANGUAGES) and (sentences,), of sentences in which words were counted
    words: np.ndarray
    counted: np.ndarray  # (sentences,) bool

    def letters(self, place: int) -> str:
        """The letters of a text, a line for each sentence."""
        return "\n".join([self.sentences[number] for number in self.own[place]])

    def count_words(self, places: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """((places, LANGUAGES) points of the common words, (places,) how many words) of texts that hold a sentence."""
        own = [self.own[place] for place in places]
        numbers = np.array(list(chain.from_iterable(own)), dtype=np.int64)
        points, words = self.count_words_of_sentences(numbers)
        if len(numbers) == len(places):
            return points, words
        starts = np.cumsum([0, *map(len, own[:-1])])
        return np.add.reduceat(points, starts), np.add.reduceat(words, starts)

    def count_words_of_sentences(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same of sentences."""
        new = np.unique(numbers[~self.counted[numbers]])
        lowered = [self.sentences[number].lower() for number in new.tolist()]
        self.points[new], self.words[new] = count_words(lowered)
        self.counted[new] = True
        return self.points[numbers], self.words[numbers]

    def some(self, places: Sequence[int]) -> "Parts":
        """Some of the texts."""
        texts, own = [self.texts[place] for place in places], [self.own[place] for place in places]
        return self._replace(texts=texts, counts=self.counts[np.array(places, dtype=np.int64)], own=own)

    def joined(self, sizes: Sequence[int]) -> "Parts":
        """As many texts in a row as each of the sizes says as one text, a line each."""
        ends = np.cumsum([0, *sizes])
        sums = np.concatenate([np.zeros((1, self.counts.shape[1])), self.counts.cumsum(axis=0)])
        spans = [slice(start, end) for start, end in zip(ends.tolist(), ends[1:].tolist(), strict=False)]
        return self._replace(
            texts=["\n".join(self.texts[span]) for span in spans],
            counts=sums[ends[1:]] - sums[ends[:-1]],
            own=[list(chain.from_iterable(self.own[span])) for span in spans],
        )


def take_apart(texts: Sequence[str], into_sentences: bool = True) -> Parts:
    """The parts of texts without LaTeX and code; else each text counts as one sentence."""
    counts, letters = count_letters(texts, into_sentences)
    split = [text.split("\n") for text in letters] if into_sentences else [[text] for text in letters]
    places: dict[str, int] = {}
    own = [[places.setdefault(sentence, len(places)) for sentence in text] for text in split]
    points = np.zeros((len(places), len(LANGUAGES)), dtype=np.int64)
    words, counted = np.zeros(len(places), dtype=np.int64), np.zeros(len(places), dtype=bool)
    return Parts(list(texts), counts, list(places), own, points, words, counted)
