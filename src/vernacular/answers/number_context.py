"""The text next to a number: a sign, a half, a unit, a variable, words, or something that changes its value."""

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache
from math import prod

from vernacular.answers.number_words import Words, match_scales

NEAR = 2  # words before a number (our choice)

# What x, y and z are in formulas.
_ARABIC_VARIABLE = re.compile(r"\s*[سصع](?![^\W\d_])")

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
_PUNCTUATION = frozenset(".,;:!?\"'%-/&()[]\t\n\r")
_TOKEN = re.compile(r"[^\s\d.,;:!?()\[\]/\"«»।۔،؛%]+")
_OF_ANOTHER = re.compile(r"\s+(?:an?|of|the|de|del|di|du|der|des|do|da)(?![^\W\d_])")  # 5 and half an hour
GLUED = re.compile("[\u0e00-\u0e7f\u3040-\u9fff가-힣]")  # scripts without spaces, and Korean
JOINED = re.compile(r"(?:and|et|e|y|und|en|i|и|και|ve|và|na|و|और|اور|এবং|ও|మరియు|零|,|\s)*")


def sign_before(before: str) -> tuple[str | None, int]:
    """(the text before a number without its sign, 1 or -1); (None, 1) where a dash may be a hyphen or a minus."""
    words = before.rstrip()
    if words.endswith(("+", "-")):
        sign, rest = (-1 if words[-1] == "-" else 1), words[:-1]
        apart = rest.strip() and words != before  # "answer - 5"
        return (None, 1) if apart or re.search(r"[a-zß-ɏͰ-ԯ)+-]$", rest) else (rest, sign)
    if negative := _NEGATIVE.search(words):
        return words[: negative.start()], -1
    return before, 1


def part_before(before: str, words: Words) -> tuple[str, Fraction]:
    """(the text without it, what a word such as साढ़े before a number adds)."""
    for pattern, part in words.before if words.any_before.search(before) else ():
        if found := pattern.search(before):
            return before[: found.start()], part
    return before, Fraction(0)


def part_after(after: str, words: Words) -> tuple[Fraction, int, str] | None:
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
        if re.search(r"[^\W\d_]", between) and re.match(r"\s+[^\W\d_]", rest) and not GLUED.search(after):
            return None  # 5 apples and half a pear
        return part, 1, between + rest
    return Fraction(0), 1, after


def names_variable(before: str, after: str, words: Words) -> bool:
    """Whether a letter next to the number makes it a product, as in 5x, rather than a quantity, as in 5 m."""
    if _PRODUCT.match(after):
        return True
    follows = _VARIABLE.match(after)
    if follows and (follows[1].isascii() or unicodedata.name(follows[1], "").startswith(("GREEK", "CYRILLIC"))):
        unit = follows[1] in words.letters or (follows[2] and "α" <= follows[1] <= "ω" and "μ" in words.letters)
        if not unit and not (follows[1] in words.small_words and _SPACED.match(after, follows.end(1))):
            return True
    precedes = re.search(r"(?<![^\W\d_])([a-zα-ω])\(?$", before)
    return bool(_ARABIC_VARIABLE.match(after) or (precedes and precedes[1] not in "rq"))


def is_wording(text: str, words: Words, before: bool = False) -> bool:
    """Whether a text next to a number is only words, units and punctuation: no operator, relation, second quantity.

    In the text before a number, a word such as `half` changes it only if it is close to it: "half of 18".
    """
    if not text or text.isspace() or text in ".।。":
        return True
    tokens = _TOKEN.findall(text)
    near = NEAR + 2 if tokens and JOINED.fullmatch(tokens[-1]) else NEAR  # half an hour and 8 minutes
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
