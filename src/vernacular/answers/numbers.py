"""Numbers, read whole and exactly in the writing of 23 languages.

What is not understood whole is not a number: two quantities, a formula, a word that changes the value in a way that is
not read here. Words, units and currencies around a number may be any.
"""

import re
import unicodedata
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from math import prod
from typing import NamedTuple

from vernacular.answers.answer_words import denied_number
from vernacular.answers.characters import with_digits
from vernacular.answers.number_context import (
    GLUED,
    JOINED,
    is_wording,
    names_variable,
    part_after,
    part_before,
    sign_before,
)
from vernacular.answers.number_words import Words, fold, match_scales, scale_before, spelled_out, words_of
from vernacular.answers.separators import DIGITS, RUN, SPACE_THOUSANDS, STOP_THOUSANDS, number_value
from vernacular.answers.writing import plain, undress, without_money

LENGTH = 1000  # characters: anything longer is not a number, and never reaches math-verify (our choice)
MYRIAD = 10_000  # a larger unit multiplies everything before it, back to the last unit of its kind
GOLD_WORDS = 2  # words next to the number of a gold, as in 18 dollars; with more it is prose (our choice)
TERMS = 6  # numbers that may add up to one, as in 2億4560万 (our choice)

RIGHT_TO_LEFT = {"ar", "ur"}
CHARACTERS = {"ja", "zh"}

_NUMBER = re.compile(rf"({RUN})(?:\s*/\s*({RUN}))?")
_PLAIN = re.compile(rf"[0-9]{{1,{DIGITS}}}")
_GOLD = re.compile(r"([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,100})(?:\.[0-9]{1,100})?)(?:/([0-9]{1,100}))?")
_LIST = re.compile(r"\s*[(\[{].*[,،;].*[)\]}][\s.]*", re.DOTALL)  # (3,4) is a pair, never 3.4
_LISTED = re.compile(r"\d\s*[,،]\s*[+-]?\d(?!\d\d(?:\D|$))")  # in a gold, whose separators are English
_DASH = re.compile(r"(?<=[^\W\d_]{2})\s+[—–]\s+(?=\$?\d)")  # "Ответ — 18", where no minus would have a blank behind it
_ABOUT = re.compile(r"(?:^|\s)~\s*[-+$]?\d")
_WHOLE = r"(?:целы[хе]|целая|całe|całych|tam)(?:\s+(?:i|и))?"  # 3 целых 1/2
_WORDS = rf"{_WHOLE}|and|und|et|y|e|en|i|и|και|ve|và|na|और|اور|এবং|మరియు"
_AND = rf"(?:\s+(?:{_WORDS})\s+|\s+و\s*|と|又|[과와]\s*|\s*(?:และ|กับ)\s*|\s+)"
_MIXED = re.compile(rf"(?<![\d.,/'])(\d{{1,6}}){_AND}(\d{{1,2}})\s*/\s*(\d{{1,2}})(?![\d/])")  # 2 1/2
_PARTS = re.compile(r"(\d{1,4})\s*(?:分の|分之|분의)\s*(\d{1,4})")  # 3分の1 is 1/3
_REPEATING = re.compile(r"(\d{1,20})[.,](\d{0,20})\\(?:overline|bar|dot|overbar)\s*(?:\{\s*(\d{1,20})\s*\}|(\d))")
_POWER = re.compile(r"\s*[x×·⋅*]\s*10\s*(?:\^\s*\{?\s*([+-]?\d{1,2})\s*\}?|([⁺⁻]?[⁰¹²³⁴-⁹]{1,2}))(?![\d.,])")
_UPPER_UNIT = re.compile(r"(\d\s*[ACFHJLNTVWΩ]|\d\s+K)(?![^\W_])(?!\s*[-+*/=^!])")  # 5 K, but 5K is 5,000


Found = tuple[Fraction | None, int, int]


class Sum(NamedTuple):
    """A value, what its last number was multiplied by, the text before it without scales, and where the value ends."""

    value: Fraction
    scale: int
    before: str
    end: int


def parse_number(text: str, language: str | None) -> Fraction | None:
    """The exact value of a text with one number; None where it has none, several, a formula or over 100 digits.

    Digits of any script, signs, separators by `language` (ISO 639-1; a thousands separator that cannot be one is a
    decimal separator: the German 1.25), fractions and mixed numbers, LaTeX wrappers, and words, units and currencies
    around it. A percent sign is a unit: 50% is 50. Words that multiply (million, 万, करोड़) and halves count.
    """
    text = text.strip()
    return _parse(text, language) if 0 < len(text) <= LENGTH else None


def is_list(gold: str) -> bool:
    """Whether a gold has parts between commas, which no number has: 3,4 and (3, 4), not 1,250."""
    return bool(_LISTED.search(gold)) or in_brackets(gold)


def in_brackets(text: str) -> bool:
    """Whether brackets with a comma in them enclose a text: a pair, a set, an interval."""
    return bool(_LIST.fullmatch(undress(text)))


@lru_cache(maxsize=8192)
def gold_number(gold: str) -> Fraction | None:
    """The value of a gold answer, which is written with ASCII digits and English separators; None for other golds."""
    number = _GOLD.fullmatch(gold.strip())
    if number:
        below = int(number[2] or 1)
        return Fraction(number[1].replace(",", "")) / below if below else None
    if len(gold) > LENGTH or is_list(gold):
        return None
    if len(re.findall(r"[^\W\d_]{2,}", re.sub(r"\\[A-Za-z]+", " ", gold))) > GOLD_WORDS:
        return None
    return parse_number(gold, "en")


@lru_cache(maxsize=8192)
def _parse(text: str, language: str | None) -> Fraction | None:
    if _PLAIN.fullmatch(text):
        return Fraction(int(text))
    text = plain(_DASH.sub(": ", text))
    if _ABOUT.search(text):
        return None
    text = undress(_REPEATING.sub(_repeating, text))
    if _LIST.fullmatch(text):
        return None
    text = _UPPER_UNIT.sub(
        lambda found: found[0][:-1] + "°", without_money(text, language in STOP_THOUSANDS | SPACE_THOUSANDS)
    )
    text = fold(text).strip(" \t\n\r*_`{}")
    words = words_of(language)
    if not re.search(r"\d", text):
        text = with_digits(text) if language in CHARACTERS else spelled_out(text, words)
    text = _PARTS.sub(r"\2/\1", text)
    numbers = list(islice(_values(text, language), TERMS + 1))
    if not 0 < len(numbers) <= TERMS:
        return None
    before, sign = sign_before(text[: numbers[0][1]])
    after = text[numbers[-1][2] :].strip()
    if before is None or before.rstrip().endswith("/") or after.startswith("!"):
        return None
    if language in RIGHT_TO_LEFT and after == "-" and sign == 1:
        sign, text = -1, text[: numbers[-1][2]]
    before, added = part_before(before, words)
    summed = _sum(text, numbers, before, added, words)
    if summed is None:
        return None
    behind = part_after(text[summed.end :], words)
    if behind is None:
        return None
    part, scale, after = behind
    value, before = summed.value, summed.before
    if part:
        value = (value + part * summed.scale) * scale
    denied_before, denied_after = denied_number()
    if denied_before.search(before) or denied_after.match(after):
        return None
    if names_variable(before, after, words) or not (
        is_wording(before, words, before=True) and is_wording(after, words)
    ):
        return None
    return value if sign == 1 else -value


def _repeating(found: re.Match[str]) -> str:
    """0.1\\overline{6} as a fraction."""
    period = found[3] or found[4]
    once, again = int(found[1] + found[2]), int(found[1] + found[2] + period)
    return str(Fraction(again - once, 10 ** len(found[2]) * (10 ** len(period) - 1)))


def _values(text: str, language: str | None) -> Iterator[Found]:
    """(value, start, end) of each number in a text, mixed numbers and powers of ten whole; value: None where it is not
    one."""
    position = 0
    while True:
        mixed, number = _MIXED.search(text, position), _NUMBER.search(text, position)
        if not number:
            return
        if mixed and mixed.start() <= number.start() and int(mixed[2]) < int(mixed[3]):
            value: Fraction | None = int(mixed[1]) + Fraction(int(mixed[2]), int(mixed[3]))
            start, position = mixed.span()
        else:
            value = number_value(number[1], language)
            if value is not None and number[2]:
                below = number_value(number[2], language)
                value = value / below if below else None
            start, position = number.span()
        if power := _POWER.match(text, position):
            exponent = power[1] or unicodedata.normalize("NFKC", power[2]).replace("\u2212", "-")
            value, position = value and value * Fraction(10) ** int(exponent), power.end()
        yield value, start, position


def _sum(text: str, numbers: list[Found], before: str, added: Fraction, words: Words) -> Sum | None:
    """One number with the words that multiply it, or several that descend, as in 2億4560万, 3만 5천, 5 लाख 20 हज़ार,
    17万3000 and 2千7百万; None if another number remains. added: to the first, before it is multiplied."""
    first, rest = scale_before(before, words)
    if len(numbers) == 1 and numbers[0][0] is not None:
        scales, end = match_scales(text, numbers[0][2], words)
        scale = first * prod(scales)
        value = numbers[0][0] + added if added else numbers[0][0]
        return Sum(value * scale if scale > 1 else value, scale, rest, end)
    total, section = Fraction(0), Fraction(0)  # the section waits for its 万 or 億
    most, most_of_section, scale, end = None, None, 1, numbers[0][2]
    for place, (number, start, stop) in enumerate(numbers):
        if number is None or (len(numbers) > 1 and number.denominator > 1):
            return None
        if place:
            if scale == 1:
                return None
            first, rest = scale_before(text[end:start], words)
            if not JOINED.fullmatch(rest):
                return None
            spaced = rest
        else:
            first, before = scale_before(before, words)
            spaced = ""
        scales, end = match_scales(text, stop, words)
        scales = [first] * (first > 1) + scales
        previous, scale = scale, prod(scales)
        if place and scale == 1 and spaced and number * 10 < previous and not GLUED.search(text):
            return None  # 3 triệu 5 is 3.5 million
        small, large = prod(one for one in scales if one < MYRIAD), prod(one for one in scales if one >= MYRIAD)
        term = (number + (0 if place else added)) * small
        if most_of_section and term >= most_of_section:
            return None
        section, most_of_section = section + term, small
        if large > 1:
            if most and section * large >= most:
                return None
            total, section, most, most_of_section = total + section * large, Fraction(0), large, None
    if most and section >= most:
        return None
    return Sum(total + section, scale, before, end)
