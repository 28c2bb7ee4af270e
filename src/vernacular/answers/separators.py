"""Digits with separators of thousands and decimals, as each language sets them."""

import re
from fractions import Fraction

DIGITS = 100  # a number with more is refused (our choice)

# Languages whose full stop separates thousands, and those with a comma for decimals and a space for thousands. In all
# others, and where the language is unknown, the comma separates thousands and the stop decimals (Unicode CLDR).
STOP_THOUSANDS = {"de", "el", "es", "id", "it", "nl", "pt", "tr", "vi"}
SPACE_THOUSANDS = {"bg", "fr", "pl", "ru"}

RUN = r"(?:(?<![^\s(+:=-])\.)?\d(?:[\d.,'٫٬ ]*\d)?"  # digits with separators; .5 too, but Rs.5 is 5
_GROUPS = re.compile(r"\d+|[1-9]\d{0,2}([.,'٬ ])\d{3}(?:\1\d{3})*|[1-9]\d?(?:,\d\d)+,\d{3}")


def number_value(run: str, language: str | None) -> Fraction | None:
    """The value of digits with separators; None where the separators are not set as a language sets them."""
    decimal = _decimal_separator(run, language)
    whole, _, decimals = run.rpartition(decimal) if decimal else (run, "", "")
    if not (_GROUPS.fullmatch(whole) or (run[0] == "." and not whole)) or (decimals and not decimals.isdecimal()):
        return None
    digits = re.sub(r"\D", "", whole) + decimals
    return Fraction(int(digits), 10 ** len(decimals)) if len(digits) <= DIGITS else None


def _decimal_separator(run: str, language: str | None) -> str | None:
    marks = re.findall(r"[.,٫]", run)
    if not marks:
        return None
    last = marks[-1]
    if len(set(marks)) > 1 or last == "٫" or run[0] == ".":
        return last
    if len(marks) > 1:
        return None
    if language in SPACE_THOUSANDS or last == ("," if language in STOP_THOUSANDS else "."):
        return last
    return None if re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", run) else last
