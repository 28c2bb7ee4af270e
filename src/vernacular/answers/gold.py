"""Gold answers: whether anything could ever be compared with one."""

import re

from vernacular.answers.numbers import gold_number

LENGTH = 1000  # characters: verdicts compare nothing longer (our choice)

_MISSING = {"none", "null", "nan", "n/a", "na", "nil", "true", "false", "undefined", "unknown", "#n/a", "<na>"}
_DATA = re.compile(r"""[\[{(]\s*["']|\[[-+\d.]*\]$""")  # a list or an object that became text
_OTHERWISE = re.compile(  # = 18, 1e3, 0x12, 1_250, 1.250,00
    r"[=≈~∼≃]\s*[-+]?\d.*|[-+]?[\d.,]+[eE][-+]?\d+|0[xX][0-9a-fA-F]+|\d+(?:_\d+)+|[-+]?\d{1,3}(?:\.\d{3})+,\d+"
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_TEXT = re.compile(r"\\(?:text|mbox|math)[a-z]*\s*\{([^{}]*)\}")
_JOINING = re.compile(r"(?<![^\W\d_])(?:and|or)(?![^\W\d_])")
_FUNCTIONS = re.compile(
    r"(?<![^\W\d_])(?:sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt|pi|mod|max|min|gcd|lcm|frac)(?![^\W_])"
)
_WORD = re.compile(r"[^\W\d_]{2}")
# One formula of TeX and nothing else: letters in a row are factors there ($\frac{2kn}{n+k-1}$).
_FORMULA = re.compile(r"\$(?=[^$]*[\\^+=/*(])(?![^$]*\\(?:text|mbox))[^$]*\$")


class Prose(ValueError):
    """An answer that is there, but in words or too long, so that answers can hardly be compared with it."""


def check_gold(gold: str, numbers_only: bool = False) -> None:
    """Nothing where a verdict can compare answers with this gold; else ValueError, in one line, with the reason.

    Numbers (1250, 1,250, -3.5, 3/4), tuples, sets, intervals, equations and LaTeX expressions are golds, as are numbers
    with a unit. numbers_only: of a benchmark whose answers are numbers; anything else is an error then. The error is
    Prose where there is an answer, in words, on several lines or of more than LENGTH characters.
    """
    text = gold.strip()
    shown = repr(text if len(text) <= 60 else text[:57] + "...")
    if not text:
        raise ValueError("the answer is empty")
    if text.casefold().replace(".", "") in _MISSING:
        raise ValueError(f"{shown} is not an answer: it stands for a missing value")
    if "####" in text or "<<" in text:
        raise ValueError(f"{shown} is not an answer but a solution: give what follows ####, or its last number, alone")
    if _DATA.match(text) or _CONTROL.search(text):
        raise ValueError(f"{shown} is not an answer but a list or an object as text, or holds control characters")
    if _OTHERWISE.fullmatch(text):
        raise ValueError(f"{shown} is not a number as answers are written: write it as 1250, 1,250, -3.5 or 3/4")
    if gold_number(text) is not None:
        return
    if numbers_only:
        raise ValueError(f"{shown} is not a number: write it as 1250, 1,250, -3.5 or 3/4")
    if len(text) > LENGTH:
        raise Prose(f"{shown} is not an answer: it has {len(text)} characters, at most {LENGTH} are compared")
    if "\n" in text:
        raise Prose(f"{shown} is not an answer: it has several lines")
    words = _FUNCTIONS.sub(" ", _JOINING.sub(" ", _COMMAND.sub(" ", _TEXT.sub(r" \1 ", text))))
    if _WORD.search(words) and not _FORMULA.fullmatch(text):
        raise Prose(f"{shown} is not an answer: neither a number nor a formula (words alone, or a unit)")
    if not re.search(r"[^\W_]", text):
        raise ValueError(f"{shown} is not an answer: it has neither a number nor a letter")
