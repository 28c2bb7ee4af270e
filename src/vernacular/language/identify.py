"""Language identification in an open world, with abstention.

A cascade, cheapest first: the scripts of the letters, the common words, then fastText, then lingua for what is left.
Each decides only what it is sure of; what none is sure of gets None. Any language may be named that the words or the
models know; the languages of a study are what short and doubtful texts lean to. LaTeX and code are stripped first, but
not their words. The cascade and its thresholds are our choice (docs/measuring.md).
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from vernacular.language.alphabets import misspelt
from vernacular.language.detectors import bundled_model, load_fasttext, load_lingua
from vernacular.language.languages import check_language, load_languages
from vernacular.language.letters import (
    LATIN,
    MARK,
    SHARED,
    TELLS,
    chinese_signs,
    count_letters,
    decide_by_script,
    unnamed_script,
)
from vernacular.language.mathematics import strip_formal
from vernacular.language.nameable import cannot_name, has_name
from vernacular.language.parts import Parts, chunks, take_apart
from vernacular.language.words import COVERAGE, MOST, PLACES, POINTS, decide_by_words
from vernacular.language.words import LANGUAGES as WORD_LANGUAGES

# A Latin word with a capital, in a text of another script, is taken for a name, one or two without for a loan.
_LOAN = re.compile(r"(?<![A-Za-z])(?<![A-Za-z] )[A-Za-z]{1,30}(?: [A-Za-z]{1,30})?(?! ?[A-Za-z])")
_NAME = re.compile("[a-zß-ÿ]{0,20}[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ]*")
_FOREIGN_SHARE = 0.15  # of the letters that must be of another script for that
_SURE = 0.85  # fastText's confidence, with the words' bias, that needs no second opinion
_ALONE = 0.75  # one model's confidence in the language of a short text without common words
_SHORT = 7  # words
_DOUBT = 1e-3  # no model is surer than that
_GUESSES = 12  # of fastText that are looked at
_UNSEEN = 0.02  # lingua's confidence in a language that it does not know
_LEAN = math.log(2)  # how much likelier a study's languages are than others; twice that, the language of the context
_NAMES = 4  # words, up to which a text in which each begins with a capital holds names (or is a heading)
_LONG = 25  # words, from which on the language's common ones must be among them
_MISSPELT = 0.01  # of the characters of a text may be letters that its language does not write
_FOREIGN_LETTERS = 0.06  # no more, and no more than one, whatever the models say
_ARABIZI = re.compile(r"[A-Za-z][235679][a-z]|(?<![^\W_])[3579][a-z]{2}|[a-z]{2}[35679](?!\w)")  # 7asab, sab3a, ma3
_KANA = re.compile("[\u3041-\u30ff]")
_STOP = re.compile("[，。？！]")
_HAN = 12  # characters; fewer, without kana or a word of Chinese, may be a heading in either language
_PARTICLES = frozenset(
    ["de", "del", "della", "di", "da", "do", "dos", "du", "la", "van", "von", "der", "of", "al", "bin"]
)
_UNITS = frozenset(
    [
        *("km", "cm", "mm", "dm", "kg", "mg", "ml", "cl", "dl", "hl", "kwh", "mph", "usd", "eur", "gbp"),
        *("км", "см", "мм", "дм", "кг", "мг", "мл", "шт", "лв", "руб"),
        *("كم", "سم", "مم", "كغ", "كجم", "ملم", "किमी", "सेमी", "मिमी", "किग्रा", "কিমি", "সেমি", "মিমি", "কেজি"),
    ]
)


class LanguageIdentifier:
    """Names the language of texts, by ISO 639-1 code (639-3 where there is none), or abstains.

    languages: the study's; short and doubtful texts lean to them, others may be named too.
    model: a fastText model file in place of lid.176.ftz (labels `__label__en`, or GlotLID's `__label__eng_Latn`).
    certainty: the least confidence in a language for it to be named.
    min_letters: texts with fewer letters are abstained from; letters of a script with one language count three.
    Raises ValueError (one line) for an unknown language, a missing model file, a model without a language's label.

    `hr` stands for Croatian, Bosnian and Serbian in Latin letters, `no` for Bokmål and Nynorsk. A language in another
    script than its own (romanised Hindi, pinyin) is abstained from. Of very long texts an excerpt is judged
    (mathematics.excerpt).
    """

    def __init__(
        self, languages: Sequence[str], model: str | None = None, certainty: float = 0.5, min_letters: int = 5
    ) -> None:
        self.languages = tuple(dict.fromkeys(check_language(code) for code in languages))
        self._own = frozenset(self.languages)
        self.certainty, self.min_letters = certainty, min_letters
        path = str(model or bundled_model())
        self._predict, self._codes = load_fasttext(path)
        for code in self.languages:
            if reason := unnamed_script(code):
                raise ValueError(f"{cannot_name(code)}: {reason}")
        labels = {*self._codes.values()}
        if missing := [code for code in self.languages if not has_name(code, labels)]:
            raise ValueError(f"{path}: this fastText model has no label for '{missing[0]}'; name another model")
        self.token_costs: dict[str, np.ndarray] = {}  # of codeswitch.py

    def identify(self, texts: Sequence[str]) -> list[str | None]:
        """The language of each text, None where unsure."""
        return self._identify((strip_formal(text), None) for text in texts)

    def identify_within(self, texts: Sequence[str], contexts: Sequence[str | None]) -> list[str | None]:
        """The language of each text, which leans to that of its context where it has no decisive evidence of its own.

        contexts: the language that the text is a part of (None: not known).
        """
        return self._identify(zip(map(strip_formal, texts), contexts, strict=True))

    def _identify(self, texts: Iterable[tuple[str, str | None]]) -> list[str | None]:
        """Of (text without LaTeX and code, context)."""
        found: list[str | None] = []
        for some in chunks(texts, lambda one: len(one[0])):
            parts = take_apart([text for text, _ in some], into_sentences=False)
            found += self.identify_parts(parts, [context for _, context in some])
        return found

    def identify_parts(self, parts: Parts, contexts: Sequence[str | None]) -> list[str | None]:
        """As identify_within, of texts that are taken apart already."""
        answers = decide_by_script(parts.counts)
        enough = parts.counts @ TELLS >= self.min_letters
        latin, every = parts.counts[:, LATIN], parts.counts[:, MARK + 1 :].sum(axis=1)
        mixed = np.flatnonzero(enough & (latin > 0) & (every - latin >= _FOREIGN_SHARE * every)).tolist()
        if mixed:
            rest = count_letters([_NAME.sub("", _LOAN.sub(" ", parts.texts[i])) for i in mixed])[0]
            for i, answer, known in zip(mixed, decide_by_script(rest), rest @ TELLS >= self.min_letters, strict=True):
                answers[i] = answer if known else None
        answers = [answer if known else None for answer, known in zip(answers, enough.tolist(), strict=True)]
        waiting = [i for i, answer in enumerate(answers) if answer in _OF_SCRIPT or answer == "ur"]
        points, words = parts.count_words(waiting)
        leaning = [(place, PLACES[str(contexts[i])]) for place, i in enumerate(waiting) if contexts[i] in PLACES]
        for place, at in leaning:
            points[place, at] += POINTS * (points[place, at] > 0)
        said: dict[Any, str | None] = {}  # by the models, of texts that occur more than once
        for place, (i, answer) in enumerate(zip(waiting, decide_by_words(points, words), strict=True)):
            if answers[i] == "ur":  # by its letters, which Western Punjabi writes as well
                answers[i] = "pnb" if answer == "pnb" else "ur"
                continue
            letters = parts.letters(i)
            if answer is None or misspelt(letters, answer) > _MISSPELT * len(letters):
                text = (parts.texts[i], contexts[i])
                if text not in said:
                    said[text] = self._decide_by_models(*text, letters, points[place], str(answers[i]))
                answer = said[text]
            answers[i] = None if answer and "-" in answer else answer  # words.OTHERS: hi-Latn, ...
        return answers

    def _decide_by_models(
        self, whole: str, context: str | None, letters: str, points: np.ndarray, script: str
    ) -> str | None:
        """fastText's confidence, raised by the common words, lowered by letters that a language does not write; where
        that is not sure, lingua's as well.

        letters: those of the whole text, in their case; points: (LANGUAGES,) of its common words.
        """
        bias = {WORD_LANGUAGES[at]: points[at] / POINTS for at in np.flatnonzero(points).tolist()}
        if digits := len(_ARABIZI.findall(whole)):
            bias["ar-Latn"] = bias.get("ar-Latn", 0.0) + 3 * digits
        text = " ".join(letters.lower().split())
        if script == "Han":
            return self._decide_han(text, _STOP.search(whole) is not None)
        plain = [word for word in letters.split() if word.isascii() or not word.istitle()]
        if script == "Latn" and len(plain) >= 4:  # the models take a line with `Łukasz` in it for Polish
            text = " ".join(plain).lower()
        words = [word for word in letters.split() if len(word) > 1 and word not in _UNITS]
        count = min(len(words), MOST)
        named = count <= _NAMES and not any(word == word.lower() and word not in _PARTICLES for word in words)
        if count < 2 or named or not (bias or count > 2 or script != "Latn"):  # a heading, names, units
            return context if bias.get(str(context), 0.0) >= 0.5 else None
        seen = self.model_shares(text, script)
        codes = seen | {code: words for code, words in bias.items() if words >= 0.5}
        weighed = self._weigh({code: _DOUBT + seen.get(code, 0.0) for code in codes}, letters, bias, 1.5, context)
        best = _best(weighed)
        unsure = bias.get(best, 0.0) < (1 if count < 4 else 0.5 if count < _SHORT else 0)
        if weighed[best] < _SURE or unsure or (count < 3 and best not in self._own):
            # fastText and lingua learn from the same kinds of text: the square root keeps them from counting twice.
            second = load_lingua()(text)
            both = {
                code: (_DOUBT + second.get(code, _UNSEEN)) * math.sqrt(_DOUBT + seen.get(code, 0.0))
                for code in codes | {code: share for code, share in second.items() if share > _DOUBT}
                if _is_written_in(code, script)
            }
            weighed = self._weigh(both, letters, bias, 1.0, context)
            best = _best(weighed)
            said = bias.get(best, 0.0)
            sure = max(seen.get(best, 0.0), second.get(best, 0.0)) >= _ALONE
            if count < _SHORT and said < 0.5 and best != context and (not sure or max(bias.values(), default=0) >= 1):
                return None  # no word of it, and no model that is sure, or words of another language
            support = said >= 0.5 or count >= 6 or (weighed[best] >= 0.9 and count >= 3)
            support = support and (count >= 3 or best in self._own)
            if weighed[best] < self.certainty or not support:
                return self._lean(weighed, 0.15 if count > 2 else 0.6) if count <= 8 else None
        if misspelt(letters, best) > max(1, _FOREIGN_LETTERS * len(text)):
            return None
        if count >= _LONG and bias.get(best, 0.0) < COVERAGE / 2 * count and seen.get(best, 0.0) < 0.6:
            return None  # a text of this length has common words of its language, unless it is in a dialect, or in none
        return best

    def _weigh(
        self, shares: dict[str, float], letters: str, bias: dict[str, float], trust: float, context: str | None
    ) -> dict[str, float]:
        """Each language's part of the whole, with the words, the letters, the study and the context weighed in."""
        own, log = self._own, math.log
        logs = {
            code: log(share) + trust * bias.get(code, 0.0) + _LEAN * ((code in own) + 2 * (code == context))
            for code, share in shares.items()
        }
        kept: dict[str, float] = {}
        most = -math.inf  # exp() of what a thousand common words add up to has no number
        for code in sorted(logs, key=logs.__getitem__, reverse=True):
            if logs[code] < most - 8:  # from here on nothing counts
                break
            kept[code] = logs[code] - max(misspelt(letters, code) - 1, 0)  # one may be that of a name or a loan word
            most = max(most, kept[code])
        parts = {code: math.exp(value - most) for code, value in kept.items()}
        whole = sum(parts.values())
        return {code: part / whole for code, part in parts.items()}

    def _lean(self, weighed: dict[str, float], least: float) -> str | None:
        """A short text that no language has for sure: the study's language that leads all of its others by far."""
        own = {code: part for code, part in weighed.items() if code in self.languages}
        best = _best(own or weighed)
        sure = own and weighed[best] >= max(least, *weighed.values()) and own[best] >= 0.9 * sum(own.values())
        return best if sure else None

    def _decide_han(self, text: str, sentence: bool) -> str | None:
        """Chinese or Japanese: whichever both models together are sure of. A heading that both may write: neither."""
        if chinese_signs(text) and not _KANA.search(text):
            return "zh"
        if len(text.replace(" ", "")) < _HAN and not sentence:
            return None
        seen = self.model_shares(text, "Han")
        shares = {code: _DOUBT + seen.get(code, 0.0) for code in ("ja", "zh")}
        best = _best(shares)
        if shares[best] < 0.8 * sum(shares.values()):
            second = load_lingua()(text)
            shares = {code: (_DOUBT + second.get(code, 0.0)) * math.sqrt(share) for code, share in shares.items()}
            best = _best(shares)
        return best if shares[best] >= self.certainty * sum(shares.values()) else None

    def model_shares(self, text: str, script: str) -> dict[str, float]:
        """fastText's confidence in each language of a script, for letters in lower case."""
        shares: dict[str, float] = {}
        for share, label in self._predict(f"{text}\n", _GUESSES, _DOUBT, "strict"):
            code = self._codes.get(label)
            if code and _is_written_in(code, script):
                code = "hr" if (code, script) == ("sr", "Latn") else code
                shares[code] = shares.get(code, 0.0) + share
        return shares


_OF_SCRIPT = {
    script: [code for code, entry in load_languages().items() if SHARED.get(entry["script"]) == script]
    for script in SHARED.values()
}


def _is_written_in(code: str, script: str) -> bool:
    """Whether a language may be written in a shared script: one of languages.yaml in its own, any other in any."""
    return code in _OF_SCRIPT[script] or code not in load_languages()


def _best(shares: dict[str, float]) -> str:
    return max(shares, key=shares.__getitem__)
