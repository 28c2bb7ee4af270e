"""Whether an answer is the gold answer.

Numbers, equations and formulas of numbers are compared exactly, in microseconds, lists part by part; math-verify (in
a process of its own) decides only where roots, variables or constants remain. Its own reading of numbers is English: it
takes a German 1.250 for 1.25 and a French 1 250 for 251, and the first number of "2 hours 30 minutes" for all of it, so
it gets formulas with English numbers, and no words.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from vernacular.answers.arithmetic import exact_value
from vernacular.answers.extract import boxes_in_a_row, find_answer
from vernacular.answers.formulas import formula, read_value, written
from vernacular.answers.lists import Listed, read_list, same_lists, split_list
from vernacular.answers.numbers import LENGTH, gold_number, is_list
from vernacular.answers.verify_worker import verify
from vernacular.answers.writing import plain, undress

_TEXT = re.compile(r"\\(?:text|mbox|hbox|mathrm|operatorname|unit)[a-z]*\s*\{[^{}]*\}")
_UNIT_AT_END = re.compile(rf"(?:\\[,;: ]|\s)*(?:{_TEXT.pattern})(?:\s*\^\s*\{{?[23]\}}?)?\s*$")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_FUNCTIONS = re.compile(
    r"(?<![^\W\d_])(?:arc)?(?:sin|cos|tan|cot|sec|csc|log|ln|exp|sqrt|pi|max|min|gcd|lcm)(?![^\W\d_])"
)
_PROSE = re.compile(r"[^\W\d_]{3}|[^\W\d_a-zA-Zα-ωΑ-Ω]")
_NO_VALUE = re.compile(
    r"[<>≤≥≠≈±,;|&_]|\\(?:neq?|leq?|geq?|lt|gt|approx|sim|pm|mp|in|cup|cap|text|quad|equiv|[lc]?dots)(?![A-Za-z])"
)
_PLUS_MINUS = re.compile(r"\s*(?:[a-z]\s*=\s*)?(?:\\pm(?![A-Za-z])|±)\s*([^,;±]+)")
_TIME = re.compile(r"\d\s*:\s*\d")
_CLOCK = re.compile(r"[^\d<>≈≠=/+-]*(\d?\d):(\d\d)\s*(a\.?m\.?|p\.?m\.?|)[^\d<>≈≠=/+-]*", re.IGNORECASE)


class Verdict(NamedTuple):
    """Whether an answer is right, and whether math-verify was stopped by the clock before it could say so."""

    correct: bool
    given_up: bool = False


WRONG = Verdict(False)


def is_correct(gold: str, text: str, language: str | None) -> bool:
    """`check_answer` without the rest of its verdict."""
    return check_answer(gold, text, language).correct


def check_answer(gold: str, text: str, language: str | None) -> Verdict:
    """Whether a response, or a bare answer, in `language` gives the gold answer (ASCII digits, English separators).

    `find_answer` says what counts; of a gold with several parts, each may have a box of its own. What is not understood
    whole is wrong. Raises RuntimeError where math-verify is needed and cannot start.
    """
    found = find_answer(text)
    if found is None or not gold.strip():
        return WRONG
    answer, marked = found
    if len(answer) > LENGTH:
        return WRONG
    target, number = gold_value(gold), answer_value(answer, marked, language)
    if target is not None and number is not None:
        return Verdict(number == target and not _one_of_several(number, text, language))
    if target is not None:
        return _by_math_verify(gold, answer, language, a_number=True)
    if _same_writing(gold, answer):
        return Verdict(True)
    if time := _CLOCK.fullmatch(gold):
        return Verdict(_hour(time) == _hour(_CLOCK.fullmatch(undress(plain(answer)))))
    wanted = read_list(gold)
    if wanted.brackets != "{}" or any(len(parts) > 1 for parts in split_list(wanted.inside)):
        return _compare_lists(wanted, answer if marked else _from_first_sign(answer), text, language)
    if number is not None:
        return _by_math_verify(gold, written(number) or str(number), language)
    return _by_math_verify(gold, answer, language)


@lru_cache(maxsize=8192)
def gold_value(gold: str) -> Fraction | None:
    """The value of a gold that is a number, x = a number, or a formula of numbers."""
    number = gold_number(gold)
    if number is not None or len(gold) > LENGTH or is_list(gold):
        return number
    equation = re.fullmatch(r"\s*[A-Za-z]\s*=([^=]*)", gold)
    side = equation[1] if equation else gold
    return gold_number(side) if equation and gold_number(side) is not None else exact_value(formula(side, "en"))


def answer_value(answer: str, marked: bool, language: str | None) -> Fraction | None:
    """The value of what `find_answer` found: without a mark, an exclamation mark is not a factorial."""
    if not marked:
        answer = answer.strip().rstrip("!！ ").strip()
    return read_value(answer, language)


def extract_answer(text: str, language: str | None) -> str | None:
    """The answer for the record; None where nothing counts.

    Its number as 1250, as -3.5 or, where written as a fraction or unending, as 5/2; else what the box holds (at most
    1,000 characters, as valid Unicode).
    """
    found = find_answer(text)
    if found is None:
        return None
    answer, marked = found
    number = answer_value(answer, marked, language) if len(answer) <= LENGTH else None
    if number is None or max(number.numerator.bit_length(), number.denominator.bit_length()) > 1000:
        return answer[:LENGTH].encode("utf-8", "replace").decode() if marked else None
    ratio = number.denominator > 1 and ("frac" in answer or re.search(r"\d\s*/\s*\d", plain(answer)))
    return str(number) if ratio else written(number) or str(number)


def _one_of_several(number: Fraction, text: str, language: str | None) -> bool:
    """Whether the last box is one part of an answer, as in \\boxed{6} and \\boxed{8}."""
    row = boxes_in_a_row(text, joined=True) if text.count("\\boxed") > 1 else []
    return any(read_value(box, language) != number for box in row)


def _without_unit(found: re.Match[str]) -> str:
    """Nothing, where a text at the end is a unit; itself, where it has a number of its own."""
    return found[0] if any(map(str.isdecimal, _TEXT.findall(found[0])[0])) else ""


def _hour(time: re.Match[str] | None) -> tuple[int, int, bool] | None:
    """Hour, minute and whether `pm` says that it is after noon."""
    return (int(time[1]), int(time[2]), time[3][:1] in ("p", "P")) if time else None


def _same_writing(gold: str, answer: str) -> bool:
    return _unspaced(gold).strip("$.") == _unspaced(answer).strip("$.")


def _unspaced(text: str) -> str:
    """A text without blanks but those between digits: 3 20 is not 320."""
    return re.sub(r"(?<![\d.])\s+|\s+(?!\d)", "", text)


def _from_first_sign(answer: str) -> str:
    """A bare answer without the words before its first bracket or number."""
    found = re.search(r"\\?[(\[{\d]|[-+]\d", answer)
    return answer[found.start() :] if found else answer


def _compare_lists(wanted: Listed, answer: str, text: str, language: str | None) -> Verdict:
    given_up = False

    def same(gold: str, part: str) -> bool:
        nonlocal given_up
        target, number = gold_value(gold), read_value(part, language)
        if target is not None and number is not None:
            return target == number
        if _same_writing(gold, part):
            return True
        verdict = _by_math_verify(gold, part, language, a_number=target is not None)
        given_up |= verdict.given_up
        return verdict.correct

    found = read_list(answer)
    ways = split_list(found.inside)
    if both := _PLUS_MINUS.fullmatch(found.inside):
        ways.append([both[1], f"-({both[1]})"])
    correct = same_lists(wanted, ways, found.brackets, same)
    if not correct and (row := boxes_in_a_row(text)):
        correct = same_lists(wanted, [row], wanted.brackets, same)
    return Verdict(correct, given_up and not correct)


def _by_math_verify(gold: str, answer: str, language: str | None, a_number: bool = False) -> Verdict:
    """a_number: the gold is one, so an answer with a variable, a relation or several parts cannot be it."""
    candidate, wanted = (
        formula(_UNIT_AT_END.sub(_without_unit, side), code) for side, code in ((answer, language), (gold, "en"))
    )
    if _unspaced(candidate) == _unspaced(wanted) and candidate:
        return Verdict(True)
    bare = _FUNCTIONS.sub(" ", _COMMAND.sub(" ", candidate))
    if _TEXT.search(candidate) or _PROSE.search(bare) or _TIME.search(candidate) or _TIME.search(wanted):
        return WRONG
    if a_number and is_list(plain(answer)):
        return WRONG
    if a_number:
        candidate = candidate.rpartition("=")[2]
        if (
            not re.search(r"\d", candidate)
            or _NO_VALUE.search(candidate)
            or re.search(r"[^\W\d_]", bare.replace("e", ""))
        ):
            return WRONG
    elif re.search(r"\d\s*_", candidate):  # 18_{16}
        return WRONG
    given_up = False
    for one, other in _questions(wanted, candidate):
        equal = verify(one, other)
        if equal:
            return Verdict(True)
        given_up |= equal is None
    return Verdict(False, given_up)


def _questions(wanted: str, candidate: str) -> list[tuple[str, str]]:
    """What to ask of two formulas, of which one yes is enough. math-verify compares equations by one side, so these are
    brought to the form ... = 0; y = 2x + 1 may be answered without y."""
    gold, answer = wanted.split("="), candidate.split("=")
    if len(gold) > 2 or len(answer) > 2:
        return []
    if len(gold) == len(answer) == 2 and gold[0].split() != answer[0].split():
        left, right = (f"({one[0]})-({one[1]})" for one in (gold, answer))
        return [(left, right), (left, f"-({right})")]
    if any(len(sides) == 2 and len(sides[0].strip()) != 1 for sides in (gold, answer)) and len(gold) != len(answer):
        return []
    return [(gold[-1], answer[-1])]
