"""Code-switching: does a text contain passages in two or more languages?

Every word is evidence for or against each language, and the cheapest reading of the text is sought: a reading may
change its language anywhere, but a change costs as much as several words of plain evidence, less where a sentence
begins, so that names, loans and units do not justify one (Viterbi over the words; the states are the languages). The
method and its numbers are our choice.
"""

import re
from collections.abc import Sequence
from itertools import chain

import numpy as np

from vernacular.language.alphabets import misspelt
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import about
from vernacular.language.letters import writing_of
from vernacular.language.mathematics import strip_formal
from vernacular.language.parts import Parts, chunks, take_apart
from vernacular.language.words import PLACES, POINTS, WORDS, count_words, decide_by_words

CHANGE, SENTENCE = 8.0, 4.0  # what a change of language costs: anywhere, where a sentence begins
_WORST = 4.0  # what a word that speaks against a language costs at most
_WITHOUT_SPACES = {"Han", "Hans", "Kana", "Shin", "Thai"}  # a piece of these is several words
_SHARED = {"Latn", "Cyrl", "Arab", "Deva"}
_OTHER_SCRIPT = 2.0  # of a sentence in a script that the language is not written in
_MISSPELT = 1.5  # of a word with a letter that the language lacks
_LATIN = "A-Za-zªº\u00c0-\u024f\u1e00-\u1eff"
_LONGEST = 40  # letters of a word
_TOKEN = re.compile(f"[{_LATIN}]{{1,{_LONGEST}}}|[^\\s{_LATIN}]{{1,12}}")  # words, and pieces of writing without spaces
_NAMES = 4  # words, up to which a sentence may hold nothing but names
_FEW, _MANY = 3, 60  # words of a sentence that is read as a whole
_START = "\0"
_CACHE = 200_000  # words whose evidence is kept


def code_switched(texts: Sequence[str], identifier: LanguageIdentifier) -> list[bool]:
    """True for each text with a reading in two or more of the identifier's languages that beats any in one."""
    return [found for some in chunks(map(strip_formal, texts)) for found in switches(take_apart(some), identifier)]


def switches(parts: Parts, identifier: LanguageIdentifier) -> list[bool]:
    """The same for texts that are taken apart already."""
    return [bool(gain > 1e-9) for gain in reading_gains(*split_words(parts), identifier)]


def split_words(parts: Parts) -> tuple[list[str], list[list[int]]]:
    """(distinct words, the words of each text in their order as places among them), without sentences that are nothing
    but names; where a sentence begins, `_START`, with the sentence itself where common words do not tell its language.
    """
    places: dict[str, int] = {}
    split: dict[int, list[int]] = {}
    numbers = list(dict.fromkeys(chain.from_iterable(parts.own)))
    known = decide_by_words(*parts.count_words_of_sentences(np.array(numbers, dtype=np.int64)))
    for number, name in zip(numbers, known, strict=True):
        words = _split(parts.sentences[number], name is not None)
        split[number] = [places.setdefault(word, len(places)) for word in words]
    return list(places), [list(chain.from_iterable([split[number] for number in own])) for own in parts.own]


def _split(letters: str, known: bool) -> list[str]:
    words = letters.split()
    if not words or (1 < len(words) <= _NAMES and not any(word == word.lower() for word in words)):
        return []
    start = _START
    if not known and _FEW <= len(words) <= _MANY:
        start += " ".join([word for word in words if word == word.lower()])
    plain = letters.isascii() and max(map(len, words)) <= _LONGEST
    return [start, *(words if plain else _TOKEN.findall(letters))]


def reading_gains(words: list[str], texts: list[list[int]], identifier: LanguageIdentifier) -> np.ndarray:
    """(texts,): how much cheaper the best reading with changes is than the best in one language; never negative.

    texts: the words of each, as places in `words`.
    """
    table = _evidence(words, identifier)
    evidence = np.array([table[word] for word in words])
    change = np.array([SENTENCE if word.startswith(_START) else CHANGE for word in words])
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)  # the shortest last
    numbers = np.array(list(chain.from_iterable([texts[i] for i in order])), dtype=np.int64)
    lengths = np.array([len(texts[i]) for i in order], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    single = np.zeros((len(texts), len(identifier.languages)))
    best, gains, left = single.copy(), np.zeros(len(texts)), len(texts)
    for place in range(max(map(len, texts), default=0)):
        while lengths[left - 1] <= place:
            left -= 1
        there = numbers[starts[:left] + place]
        costs = evidence[there]
        single[:left] += costs
        changed = best[:left].min(axis=1, keepdims=True) + change[there, None]
        best[:left] = np.minimum(best[:left], changed) + costs
    gains[order] = single.min(axis=1) - best.min(axis=1)
    return gains


def _evidence(tokens: list[str], identifier: LanguageIdentifier) -> dict[str, np.ndarray]:
    """Token -> (languages,) what it costs to read it in each: 0 in the likeliest."""
    known = identifier.token_costs
    new = [token for token in tokens if token not in known]
    if len(known) > _CACHE:
        known.clear()
        new = tokens
    if new:
        known.update(zip(new, _costs(new, identifier), strict=True))
    return known


def _costs(tokens: list[str], identifier: LanguageIdentifier) -> np.ndarray:
    lowered = [token.lower() for token in tokens]
    listed = count_words(lowered)[0][:, : len(WORDS)]
    rows = []
    for token, low, points, (script, weight) in zip(tokens, lowered, listed, writing_of(tokens), strict=True):
        if token.startswith(_START):
            rows.append(_sentence_costs(low.removeprefix(_START), script, identifier))
            continue
        writers = [code for code in identifier.languages if script in _scripts_of(about(code)["script"])]
        foreign = min(_WORST * (3 if script in _WITHOUT_SPACES else 1), 0.5 * weight)
        if script == "Latn":  # names and units occur in any script, words do not
            foreign = 0.3 if token[0].isupper() or len(token) <= 2 else _WORST if points.any() else 2.5
        row = np.full(len(identifier.languages), foreign)
        if len(writers) > 1:
            if points.any():
                shares = {code: points[PLACES[code]] / POINTS if code in WORDS else 0.0 for code in writers}
                trust = 1.0 if len(token) > 1 else 0.2  # a single letter may be mathematics
            else:
                seen = identifier.model_shares(low, script)
                shares = {code: seen.get(code, 0.0) for code in writers}
                trust = 0.1 if token[0].isupper() else 0.3
            highest = max(shares.values()) + 0.02
            for code in writers:
                cost = -trust * np.log((shares[code] + 0.02) / highest)
                if not points.any() and token == low and misspelt(low, code):
                    cost += _MISSPELT
                row[identifier.languages.index(code)] = min(_WORST, cost)
        elif writers:
            row[identifier.languages.index(writers[0])] = 0.0
        else:
            row[:] = 0.0
        rows.append(row)
    return np.array(rows)


def _sentence_costs(words: str, script: str, identifier: LanguageIdentifier) -> np.ndarray:
    """What it costs to read a sentence in each language, its words' own costs aside.

    The model's word counts only for a language that has a common word in the sentence: what it knows little of, it
    takes for English.
    """
    row = np.zeros(len(identifier.languages))
    if script not in _SHARED or len(words.split()) < _FEW:
        return row
    seen = identifier.model_shares(words, script)
    shares = {code: seen.get(code, 0.0) for code in identifier.languages if about(code)["script"] == script}
    best = max(shares, key=shares.__getitem__, default=None)
    common = best is not None and count_words([words])[0][0, PLACES[best]] > 0
    for place, code in enumerate(identifier.languages):
        if code not in shares:
            row[place] = _OTHER_SCRIPT
        elif common:
            row[place] = np.log((shares[str(best)] + 0.02) / (shares[code] + 0.02))
    return row


def _scripts_of(script: str) -> tuple[str, ...]:
    return {"Hans": ("Han", "Hans"), "Jpan": ("Han", "Kana", "Shin"), "Kore": ("Hang",)}.get(script, (script,))
