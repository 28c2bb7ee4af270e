"""Code-switching: does a text contain passages in two or more languages?

Every word is evidence for or against each language, and the cheapest reading of the text is sought: a reading may
change its language anywhere, but a change costs as much as several words of plain evidence, less where a sentence
begins, so that names, loans and units do not justify one (Viterbi over the words; the states are the languages). The
method and its numbers are our choice.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np

from vernacular.language.identify import LanguageIdentifier, chunks, decide_by_words, misspelt
from vernacular.language.languages import load_languages
from vernacular.language.letters import count_letters, writing_of
from vernacular.language.mathematics import strip_formal
from vernacular.language.words import PLACES, POINTS, WORDS, count_words

CHANGE, SENTENCE = 8.0, 4.0  # what a change of language costs: anywhere, where a sentence begins
_WORST = 4.0  # what a word that speaks against a language costs at most
_WITHOUT_SPACES = {"Han", "Hans", "Kana", "Shin", "Thai"}  # a piece of these is several words
_SHARED = {"Latn", "Cyrl", "Arab", "Deva"}
_SCRIPT = {code: about["script"] for code, about in load_languages().items()}
_OTHER_SCRIPT = 2.0  # of a sentence in a script that the language is not written in
_MISSPELT = 1.5  # of a word with a letter that the language lacks
_LATIN = "A-Za-zªº\u00c0-\u024f\u1e00-\u1eff"
_TOKEN = re.compile(f"[{_LATIN}]{{1,40}}|[^\\s{_LATIN}]{{1,12}}")  # words, and pieces of writing without spaces
# Each branch begins with a character: the search skips what none begins with.
_SENTENCES = re.compile(rf"[.!?;:]\s|[\n。！？；।۔]| (?<=[\u0e00-\u0e7f] )(?=[{_LATIN}]{{1,30}} [a-zß-ɏ])")
_NAMES = 4  # words, up to which a sentence may hold nothing but names
_FEW, _MANY = 3, 60  # words of a sentence that is read as a whole
_START = "\0"
_CACHE = 200_000  # words whose evidence is kept


def code_switched(texts: Sequence[str], identifier: LanguageIdentifier) -> list[bool]:
    """True for each text with a reading in two or more of the identifier's languages that beats any in one."""
    return switches(map(strip_formal, texts), identifier)


def switches(texts: Iterable[str], identifier: LanguageIdentifier) -> list[bool]:
    """The same for texts that are already without LaTeX."""
    answers: list[bool] = []
    for some in chunks(texts):
        answers += [bool(gain > 1e-9) for gain in reading_gains(split_words(some), identifier)]
    return answers


def split_words(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text, in their order, without sentences that are nothing but names; where a sentence begins,
    `_START`, with the sentence itself where common words do not tell its language.
    """
    sentences = [_SENTENCES.split(text) for text in texts]
    letters = count_letters([sentence for text in sentences for sentence in text])[1]
    distinct = list(dict.fromkeys(letters))
    lowered = [text.lower() for text in distinct]
    known = decide_by_words(*count_words(lowered))
    words = {text: _split(text, name is not None) for text, name in zip(distinct, known, strict=True)}
    found = iter(letters)
    return [[word for _ in text for word in words[next(found)]] for text in sentences]


def _split(letters: str, known: bool) -> list[str]:
    words = letters.split()
    small = [word for word in words if word == word.lower()]
    if not words or (not small and 1 < len(words) <= _NAMES):
        return []
    whole = _FEW <= len(words) <= _MANY and not known
    return [_START + " ".join(small) if whole else _START, *_TOKEN.findall(letters)]


def reading_gains(tokens: list[list[str]], identifier: LanguageIdentifier) -> np.ndarray:
    """(texts,): how much cheaper the best reading with changes is than the best in one language; never negative."""
    distinct = sorted({token for text in tokens for token in text})
    table = _evidence(distinct, identifier)
    evidence = np.array([table[token] for token in distinct])
    number = {token: place for place, token in enumerate(distinct)}
    change = np.array([SENTENCE if token.startswith(_START) else CHANGE for token in distinct])
    order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]), reverse=True)  # the shortest last
    numbers = np.array([number[token] for i in order for token in tokens[i]], dtype=np.int64)
    lengths = np.array([len(tokens[i]) for i in order], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    single = np.zeros((len(tokens), len(identifier.languages)))
    best, gains, left = single.copy(), np.zeros(len(tokens)), len(tokens)
    for place in range(max(map(len, tokens), default=0)):
        while lengths[left - 1] <= place:
            left -= 1
        words = numbers[starts[:left] + place]
        single[:left] += evidence[words]
        changed = best[:left].min(axis=1, keepdims=True) + change[words, None]
        best[:left] = np.minimum(best[:left], changed) + evidence[words]
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
        writers = [code for code in identifier.languages if script in _scripts_of(_SCRIPT[code])]
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
    shares = {code: seen.get(code, 0.0) for code in identifier.languages if _SCRIPT[code] == script}
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
