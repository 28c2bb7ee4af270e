"""Formulas of numbers alone, worked out exactly: 9 × 2, 5 · 10^3, 5!, \\frac{1}{2^{90}}."""

import re
from fractions import Fraction
from math import factorial

BITS = 10_000  # that a value may have on either side of its fraction bar (our choice)
DEPTH = 40  # of brackets, fractions and powers in one another (our choice)
LARGEST_FACTORIAL = 500

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<fraction>\\[dtc]?frac)"
    r"|(?P<sign>\*\*|\\(?:times|cdot|ast)(?![A-Za-z])|\\div(?![A-Za-z])|[-+*/^!(){}×·⋅∙•÷])"
    r"|(?P<skip>\\(?:left|right|displaystyle)(?![A-Za-z])|\\[,;:! ]))"
)
_SAME = {"**": "^", "\\times": "*", "\\cdot": "*", "\\ast": "*", "×": "*", "·": "*", "⋅": "*", "∙": "*", "•": "*"} | {
    "\\div": "/", "÷": "/",
}  # fmt: skip


class _Unknown(Exception):
    """No formula of numbers, or one too large."""


def exact_value(formula: str) -> Fraction | None:
    """The value of a formula of ASCII numbers with + - * / ^ ! \\frac and brackets, in plain text or LaTeX.

    None where it holds anything else (a variable, a root, two numbers side by side) or a value grows beyond 10,000 bits.
    """
    tokens: list[str] = []
    place, length = 0, len(formula.rstrip())
    while place < length:
        found = _TOKEN.match(formula, place)
        if not found:
            return None
        place = found.end()
        if found["fraction"]:
            tokens.append("frac")
        elif not found["skip"]:
            tokens.append(_SAME.get(found[0].strip(), found[0].strip()))
    try:
        value, end = _total(tokens, 0, 0)
        return value if end == len(tokens) else None
    except (_Unknown, ZeroDivisionError):
        return None


def _small(value: Fraction) -> Fraction:
    if value.numerator.bit_length() > BITS or value.denominator.bit_length() > BITS:
        raise _Unknown
    return value


def _at(tokens: list[str], place: int) -> str:
    return tokens[place] if place < len(tokens) else ""


def _total(tokens: list[str], place: int, depth: int) -> tuple[Fraction, int]:
    if depth > DEPTH:
        raise _Unknown
    value, place = _product(tokens, place, depth)
    while _at(tokens, place) in ("+", "-"):
        term, end = _product(tokens, place + 1, depth)
        value, place = _small(value + term if tokens[place] == "+" else value - term), end
    return value, place


def _product(tokens: list[str], place: int, depth: int) -> tuple[Fraction, int]:
    value, place = _signed(tokens, place, depth)
    while _at(tokens, place) in ("*", "/"):
        factor, end = _signed(tokens, place + 1, depth)
        value, place = _small(value * factor if tokens[place] == "*" else value / factor), end
    return value, place


def _signed(tokens: list[str], place: int, depth: int) -> tuple[Fraction, int]:
    if _at(tokens, place) in ("+", "-"):
        value, end = _power(tokens, place + 1, depth)
        return (value if tokens[place] == "+" else -value), end
    return _power(tokens, place, depth)


def _power(tokens: list[str], place: int, depth: int) -> tuple[Fraction, int]:
    value, place = _atom(tokens, place, depth)
    while _at(tokens, place) == "!":
        if value.denominator > 1 or not 0 <= value <= LARGEST_FACTORIAL:
            raise _Unknown
        value, place = Fraction(factorial(int(value))), place + 1
    if _at(tokens, place) != "^":
        return value, place
    if depth > DEPTH:
        raise _Unknown
    exponent, place = _signed(tokens, place + 1, depth + 1)
    size = max(value.numerator.bit_length(), value.denominator.bit_length())
    if exponent.denominator > 1 or abs(exponent) * size > BITS:
        raise _Unknown
    return value ** int(exponent), place


def _atom(tokens: list[str], place: int, depth: int) -> tuple[Fraction, int]:
    token = _at(tokens, place)
    if token[:1].isdecimal() or token[:1] == ".":
        if len(token) > BITS // 4:
            raise _Unknown
        if _at(tokens, place + 1) == "frac":  # a mixed number
            part, end = _fraction(tokens, place + 1, depth)
            if "." in token or not 0 < part < 1:
                raise _Unknown
            return Fraction(token) + part, end
        return Fraction(token), place + 1
    if token == "frac":
        return _fraction(tokens, place, depth)
    if token in ("(", "{"):
        value, end = _total(tokens, place + 1, depth + 1)
        if _at(tokens, end) != {"(": ")", "{": "}"}[token]:
            raise _Unknown
        return value, end + 1
    raise _Unknown


def _fraction(tokens: list[str], place: int, depth: int) -> tuple[Fraction, int]:
    parts = []
    place += 1
    for _ in range(2):
        token = _at(tokens, place)
        if token == "{":
            value, end = _total(tokens, place + 1, depth + 1)
            if _at(tokens, end) != "}":
                raise _Unknown
            parts.append(value)
            place = end + 1
        elif len(token) == 1 and token.isdecimal():
            parts.append(Fraction(token))
            place += 1
        elif not parts and len(token) == 2 and token.isdecimal():  # \frac12
            parts += [Fraction(token[0]), Fraction(token[1])]
            place += 1
            break
        else:
            raise _Unknown
    return parts[0] / parts[1], place
