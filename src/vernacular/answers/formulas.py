"""Answers that are more than a number: equations, and formulas whose numbers are written as a language writes them."""

import re
import unicodedata
from fractions import Fraction

from vernacular.answers.arithmetic import exact_value
from vernacular.answers.number_words import fold
from vernacular.answers.numbers import LENGTH, in_brackets, parse_number
from vernacular.answers.separators import DIGITS, RUN, number_value
from vernacular.answers.writing import plain, undress

_EQUALS = re.compile(
    r"=>|->|:=|==|(?<![<>!:=])=(?![=<>])|[⇒→⟹⟶➔➜➡⇨∴←⇐⟵⟸]|\\(?:Rightarrow|implies|to|rightarrow|longrightarrow|therefore)(?![A-Za-z])"
)
_RELATION = re.compile(
    r"[<>≤≥≠≈≃≅∼±∓≡∈]|(?<=[<>!:])=|\\(?:neq?|leq?|geq?|lt|gt|approx|sim|simeq|cong|pm|mp|equiv|in|to|not)(?![A-Za-z])"
)
_ARROW = re.compile("=>|->|:=")
_OPERATOR = re.compile(r"\\(?:times|cdot|div|ast|left|right)(?![A-Za-z])")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_JOINERS = re.compile(
    r"(?<![^\W\d_])(?:and|or|und|oder|et|ou|y|o|e|u|и|или|або|i|lub|albo|en|of|ve|veya|και|ή|và|hoặc|na|au|و|أو|او|اور|یا"
    r"|और|या|এবং|বা|অথবা|మరియు|లేదా|to|bis|до|a|à|até|hasta)(?![^\W\d_])|或|和|または|又は|혹은|또는|หรือ|และ"
)
_VARIABLE = r"(?<![^\W\d_])[a-zα-ωа-яسصع](?![^\W\d_])"
_INDEXED = re.compile(rf"{_VARIABLE}'*(?:_\s*\{{?\w{{1,4}}\}}?|\([^()]{{0,20}}\))")
_LONE = re.compile(rf"\s*{_VARIABLE}'*(?:_\s*\{{?\w{{1,4}}\}}?)?\s*[.]?\s*")
_OPENING = re.compile(r"\s*(?:[^\W\d_]{2,}\s*){1,6}[,:،、，]\s*")  # "Therefore, x = 18"
_LEFT = re.compile(r"[^,;!?]*")

_LOCAL = re.compile(r"\d+(?:(?:[.,'٫٬]| (?=\d{3}(?!\d)))\d+)*")
_THIN = re.compile(r"(?<=\d)(?:\\[,;:! ]|~|\{,\}(?=\d{3}(?!\d)))(?=\d{3}(?!\d))")
_SUPERSCRIPTS = re.compile(r"[⁺⁻]?[⁰¹²³⁴-⁹]+")
_SIGNS = dict.fromkeys("·⋅∙•", r"\cdot ") | {
    "×": r"\times ", "÷": r"\div ", "π": r"\pi ", "∞": r"\infty ", "±": r"\pm ", "س": "x", "ص": "y", "ع": "z",
}  # fmt: skip
_ROOT = re.compile(r"√\s*(?:\(([^()]*)\)|(\d+(?:\.\d+)?|[a-z]))")


def read_value(text: str, language: str | None) -> Fraction | None:
    """The exact value that an answer gives: a number, what an equation ends in, or a formula of numbers alone."""
    number = parse_number(text, language)
    if number is not None or not 0 < len(text) <= LENGTH:
        return number
    text = plain(text)
    if in_brackets(text) or _RELATION.search(_ARROW.sub("=", text)):
        return None
    *left, last = _EQUALS.split(text)
    if not left:
        return exact_value(formula(text, language))
    if not all(map(_is_left_side, left)):
        return None
    if len(left) == 1 and _LONE.fullmatch(fold(undress(last))):  # 18 = x
        return None if re.search(r"[^\W\d_]{2}|,\s", left[0]) else read_value(left[0], language)
    number = parse_number(last, language)
    return exact_value(formula(last, language)) if number is None else number


def _is_left_side(side: str) -> bool:
    """Whether what precedes an equals sign names what follows: words, a variable, or a sum of numbers.

    Not 2x, x + 3, nor anything with a second answer before it, as in `x = 18, y = 20`.
    """
    text = fold(undress(_OPERATOR.sub("*", side)))
    text = re.sub(r"0\s*[xх]\s*(?=0)", "0*", re.sub(RUN, "0", _OPENING.sub("", text)))  # 4 x 9
    has_numbers = "0" in text
    text = _INDEXED.sub("", _COMMAND.sub(" ", text))
    if not _LEFT.fullmatch(text) or (has_numbers and _JOINERS.search(text)):
        return False
    return not (
        "0" in text and re.search(r"0[a-zα-ωа-яسصع](?![^\W\d_])|" + _VARIABLE, re.sub(r"0 [mglhs](?!\w)", "0", text))
    )


def formula(text: str, language: str | None) -> str:
    """Plain LaTeX with English numbers, as arithmetic and math-verify read it."""
    text = plain(text).strip().strip("$").replace("\\(", "").replace("\\)", "").replace("\\$", "")
    text = re.sub(r"\{([.,])\}", r"\1", _THIN.sub(" ", text))
    text = _LOCAL.sub(lambda run: run[0] if _in_a_list(run) else _english(run[0], language), text)
    text = _SUPERSCRIPTS.sub(
        lambda found: "^{" + unicodedata.normalize("NFKC", found[0]).replace("\u2212", "-") + "}", text
    )
    text = _ROOT.sub(lambda found: rf"\sqrt{{{found[1] or found[2]}}}", text)
    text = re.sub(r"_\s*(\w)(?=\s)", r"_{\1}", text)  # \log_2 5
    for sign, latex in _SIGNS.items():
        text = text.replace(sign, latex)
    return text.strip().rstrip(".。।").strip()


def _in_a_list(run: re.Match[str]) -> bool:
    """Whether digits with a comma fill brackets, where the comma separates: (3,4)."""
    before, after = run.string[: run.start()].rstrip(" +-"), run.string[run.end() :].lstrip()
    return "," in run[0] and before.endswith(("(", "[")) and after.startswith((")", "]", ",", ";"))


def _english(run: str, language: str | None) -> str:
    value = number_value(run, language)
    return run if value is None else written(value) or run


def written(value: Fraction) -> str | None:
    """A number as 1250 or -3.5; None where it never ends or has too many digits."""
    places = next((n for n in range(2 * DIGITS) if 10**n % value.denominator == 0), None)
    if places is None:
        return None
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    whole = f"{digits[: len(digits) - places]}.{digits[len(digits) - places :]}" if places else digits
    return f"{'-' if value < 0 else ''}{whole}"
