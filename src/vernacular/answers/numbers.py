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
from vernacular.answers.number_words import Words, fold, match_scales, scale_before, words_of
from vernacular.answers.separators import DIGITS, RUN, SPACE_THOUSANDS, STOP_THOUSANDS, number_value
from vernacular.answers.writing import plain, undress, without_money

LENGTH = 1000  # characters: anything longer is not a number, and never reaches math-verify (our choice)
MYRIAD = 10_000  # of characters, a larger one multiplies all that stands before it since the last of its kind
GOLD_WORDS = 2  # beside the number of a gold, as in 18 dollars; with more it is prose (our choice)
NEAR = 2  # words before a number (our choice)
TERMS = 6  # numbers that may add up to one, as in 2億4560万 (our choice)

RIGHT_TO_LEFT = {"ar", "ur"}
# What x, y and z are in formulas.
_ARABIC_VARIABLE = re.compile(r"\s*[سصع](?![^\W\d_])")

_NUMBER = re.compile(rf"({RUN})(?:\s*/\s*({RUN}))?")
_PLAIN = re.compile(rf"[0-9]{{1,{DIGITS}}}")
_GOLD = re.compile(r"([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,100})(?:\.[0-9]{1,100})?)(?:/([0-9]{1,100}))?")
_LIST = re.compile(r"\s*[(\[{].*[,،;].*[)\]}][\s.]*", re.DOTALL)  # (3,4) is a pair, never 3.4
_LISTED = re.compile(r"\d\s*[,،]\s*[+-]?\d(?!\d\d(?:\D|$))")  # in a gold, whose separators are English
_ABOUT = re.compile(r"(?:^|\s)~\s*[-+$]?\d")
_AND = r"(?:\s+(?:and|und|et|y|e|en|i|и|και|ve|và|na|और|اور|এবং|మరియు)\s+|\s+و\s*|と|又|[과와]\s*|\s*(?:และ|กับ)\s*|\s+)"
_MIXED = re.compile(rf"(?<![\d.,/'])(\d{{1,6}}){_AND}(\d{{1,2}})\s*/\s*(\d{{1,2}})(?![\d/])")  # 2 1/2
_PARTS = re.compile(r"(\d{1,4})\s*(?:分の|分之|분의)\s*(\d{1,4})")  # 3分の1 is 1/3
_POWER = re.compile(r"\s*[x×·⋅*]\s*10\s*(?:\^\s*\{?\s*([+-]?\d{1,2})\s*\}?|([⁺⁻]?[⁰¹²³⁴-⁹]{1,2}))(?![\d.,])")
_UPPER_UNIT = re.compile(r"(\d\s*[ACFHJLNTVW]|\d\s+K)(?![^\W_])(?!\s*[-+*/=^!])")  # 5 K, but 5K is 5,000

_NEGATIVE = re.compile(
    r"(?:(?<![^\W\d_])(?:minus|negative|moins|menos|meno|min|eksi|минус|μείον|âm|hasi|ujemne)|マイナス|[负負]|마이너스|ลบ"
    r"|माइनस|ऋणात्मक|ऋण|মাইনাস|ঋণাত্মক|మైనస్|سالب|منفی|ناقص|مائنس)\s*$"
)
_FUNCTION = re.compile(
    r"(?<![^\W\d_])(?:pi|sqrt|(?:sin|cos|tan|log|ln|exp|mod)(?=\s*(?:$|[\d(^_{]|[a-z](?![^\W\d_]))))(?![^\W\d_])"
)
_OF_TIME = re.compile(r"(?:^|(?<=\s))(?:時|时|點|点|시)\s*$")  # 5時半 is a time, 5時間半 a quantity
_VARIABLE = re.compile(r"[\s/(·•]*([^\W\d_])(\.?)(?![^\W\d_])(?!['’])")
_PRODUCT = re.compile(r"(?:\s*[xyz]|[abnxyz]){2,3}(?![^\W\d_])")  # 5ab and 5 xy, unlike 5cm
_SPACED = re.compile(r"\s+[^\W\d_]{2}")
_PUNCTUATION = frozenset(".,;:!?\"'%-/&()\t\n\r")
_TOKEN = re.compile(r"[^\s\d.,;:!?()\[\]/\"«»।۔،؛%]+")
_OF_ANOTHER = re.compile(r"\s+(?:an?|of|the|de|del|di|du|der|des|do|da)(?![^\W\d_])")  # 5 and half an hour
_GLUED = re.compile("[\u0e00-\u0e7f\u3040-\u9fff가-힣]")  # scripts without spaces, and Korean
_JOINED = re.compile(r"(?:and|et|e|y|und|en|i|и|και|ve|và|na|و|और|اور|এবং|ও|మరియు|零|,|\s)*")


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
    text = plain(text)
    if _ABOUT.search(text):
        return None
    text = undress(text)
    if _LIST.fullmatch(text):
        return None
    text = _UPPER_UNIT.sub(
        lambda found: found[0][:-1] + "°", without_money(text, language in STOP_THOUSANDS | SPACE_THOUSANDS)
    )
    text = fold(text).strip(" \t\n\r*_`{}")
    text = _PARTS.sub(r"\2/\1", text)
    words = words_of(language)
    numbers = list(islice(_values(text, language), TERMS + 1))
    if not 0 < len(numbers) <= TERMS:
        return None
    before, sign = _sign(text[: numbers[0][1]])
    after = text[numbers[-1][2] :].strip()
    if before is None or before.rstrip().endswith("/") or after.startswith("!"):
        return None
    if language in RIGHT_TO_LEFT and after == "-" and sign == 1:
        sign, text = -1, text[: numbers[-1][2]]
    before, added = _part_before(before, words)
    summed = _sum(text, numbers, before, added, words)
    if summed is None:
        return None
    behind = _part_after(text[summed.end :], words)
    if behind is None:
        return None
    part, scale, after = behind
    value, before = summed.value, summed.before
    if part:
        value = (value + part * summed.scale) * scale
    denied_before, denied_after = denied_number()
    if denied_before.search(before) or denied_after.match(after):
        return None
    if _names_variable(before, after, words) or not (
        _is_wording(before, words, before=True) and _is_wording(after, words)
    ):
        return None
    return value if sign == 1 else -value


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
    17万3000 and 2千7百万; None where a number remains beside them. added: to the first, before it is multiplied."""
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
            if not _JOINED.fullmatch(rest):
                return None
            spaced = rest
        else:
            first, before = scale_before(before, words)
            spaced = ""
        scales, end = match_scales(text, stop, words)
        scales = [first] * (first > 1) + scales
        previous, scale = scale, prod(scales)
        if place and scale == 1 and spaced and number * 10 < previous and not _GLUED.search(text):
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


def _sign(before: str) -> tuple[str | None, int]:
    """(the text before a number without its sign, 1 or -1); (None, 1) where a dash may be a hyphen or a minus."""
    words = before.rstrip()
    if words.endswith(("+", "-")):
        sign, rest = (-1 if words[-1] == "-" else 1), words[:-1]
        apart = rest.strip() and words != before  # "answer - 5"
        return (None, 1) if apart or re.search(r"[a-zß-ɏͰ-ԯ)+-]$", rest) else (rest, sign)
    if negative := _NEGATIVE.search(words):
        return words[: negative.start()], -1
    return before, 1


def _part_before(before: str, words: Words) -> tuple[str, Fraction]:
    """(the text without it, what a word such as साढ़े before a number adds)."""
    for pattern, part in words.before if words.any_before.search(before) else ():
        if found := pattern.search(before):
            return before[: found.start()], part
    return before, Fraction(0)


def _part_after(after: str, words: Words) -> tuple[Fraction, int, str] | None:
    """(what `and a half` behind a number or its unit adds, what both are multiplied by, the text without it).

    None where it may be the half of something else.
    """
    for pattern, part in words.halves if words.any_half.search(after) else ():
        found = pattern.search(after)
        if not found:
            continue
        between, rest = after[: found.start()], after[found.end() :]
        if _OF_TIME.search(between) or _OF_ANOTHER.match(rest) or len(between.split()) > 3:
            return None
        if not between.strip():
            scales, end = match_scales(rest, 0, words)
            return part, prod(scales), rest[end:]
        if re.search(r"[^\W\d_]", between) and re.match(r"\s+[^\W\d_]", rest) and not _GLUED.search(after):
            return None  # 5 apples and half a pear
        return part, 1, between + rest
    return Fraction(0), 1, after


def _names_variable(before: str, after: str, words: Words) -> bool:
    """Whether a letter next to the number makes it a product, as in 5x, rather than a quantity, as in 5 m."""
    if _PRODUCT.match(after):
        return True
    follows = _VARIABLE.match(after)
    if follows and (follows[1].isascii() or unicodedata.name(follows[1], "").startswith(("GREEK", "CYRILLIC"))):
        unit = follows[1] in words.letters or (follows[2] and "α" <= follows[1] <= "ω" and "μ" in words.letters)
        if not unit and not (follows[1] in words.small_words and _SPACED.match(after, follows.end(1))):
            return True
    precedes = re.search(r"(?<![^\W\d_])([a-zα-ω])\(?$", before)
    return bool(_ARABIC_VARIABLE.match(after) or (precedes and precedes[1] != "r"))


def _is_wording(text: str, words: Words, before: bool = False) -> bool:
    """Whether a text next to a number is only words, units and punctuation: no operator, relation, second quantity.

    Of what stands before a number, a word such as `half` changes it only if it is near: "half of 18".
    """
    if not text or text.isspace() or text in ".।。":
        return True
    tokens = _TOKEN.findall(text)
    near = NEAR + 2 if tokens and _JOINED.fullmatch(tokens[-1]) else NEAR  # half an hour and 8 minutes
    if not words.refused.isdisjoint(token.strip("'-") for token in (tokens[-near:] if before else tokens)):
        return False
    if words.refused_within.search(text) or _FUNCTION.search(text):
        return False
    if re.search(r"-(?![^\W\d_])|(?<![^\W\d_])-$", text):  # a dash that is not a hyphen
        return False
    return all(c in _PUNCTUATION or _wording_character(c) for c in set(text))


@lru_cache(maxsize=4096)
def _wording_character(character: str) -> bool:
    category = unicodedata.category(character)
    if category in ("Po", "Ps", "Pe", "Sk"):
        return character > "\x7f"
    return category[0] in "LMZ" or category in ("So", "Pi", "Pf")  # So: the degree sign, kg in one character
