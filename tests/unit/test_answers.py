"""Answers of 23 languages are read as written, and nothing that a model can write crashes or stalls the checker."""

import os
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vernacular.answers import verify_worker
from vernacular.answers.compare import extract_answer, is_correct
from vernacular.answers.extract import last_box
from vernacular.answers.numbers import parse_number

SOURCE = Path(__file__).parents[2] / "src"
MGSM = Path(__file__).parents[3] / "shared/data/mgsm"


@pytest.mark.parametrize(
    ("text", "box"),
    [
        (r"\boxed{1} then \boxed {2}.", "2"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1\}}", r"\{1\}"),
        (r"\boxed{\boxed{5}}", "5"),
        (r"\boxed{5} put it in \boxed", "5"),
        (r"\boxed{5} \boxed{7", None),
        (r"\boxed{", None),
        (r"\boxed{}", ""),
        ("no box", None),
    ],
)
def test_last_box(text: str, box: str | None) -> None:
    assert last_box(text) == box


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        # digits of every script
        ("১২৫০", "bn", 1250), ("๑๒๕๐", "th", 1250), ("۱۲۵۰", "ur", 1250), ("١٢٥٠", "ar", 1250),
        ("१,२५०", "hi", 1250), ("౧౨౫౦", "te", 1250), ("１，２５０", "ja", 1250), ("𝟏𝟐", "en", 12),
        # separators
        ("1.250", "de", 1250), ("1.250", "es", 1250), ("1.250", "pt", 1250), ("1.250", "it", 1250),
        ("1.250", "nl", 1250), ("1.250", "tr", 1250), ("1.250", "id", 1250), ("1.250", "vi", 1250),
        ("1.250", "el", 1250), ("1.250", "en", "1.25"), ("1.250", None, "1.25"), ("1,250", "en", 1250),
        ("1,250", "sw", 1250), ("1,250", "de", "1.25"), ("1 250", "fr", 1250), ("1\u202f250", "fr", 1250),
        ("1\u00a0250,5", "ru", "1250.5"), ("1\u2009250", "bg", 1250), ("1250,50 zł", "pl", "1250.5"),
        ("1'250", "de", 1250), ("1’250", "it", 1250), ("١٬٢٥٠٫٥", "ar", "1250.5"), ("1,23,456", "hi", 123456),
        ("12,34,567.50", "bn", "1234567.5"), ("1.234,56", "en", "1234.56"), ("1,234.56", "de", "1234.56"),
        ("1.234.567", "fr", 1234567), ("1.25", "de", "1.25"), ("0.125", "de", "0.125"), ("12,5", "en", "12.5"),
        (".5", "en", "0.5"),
        # signs
        ("-3", "en", -3), ("−3", "de", -3), ("－3", "zh", -3), ("﹣3", "ja", -3), ("- 3", "en", -3),
        ("-$3", "en", -3), ("$-3", "en", -3), ("minus 3", "en", -3), ("答案是-3", "zh", -3),
        ("\u200e-3\u200f", "ar", -3), ("+3", "en", 3),
        # words, units, currencies
        ("Shilingi 1250", "sw", 1250), ("1.250 €", "de", 1250), ("12 個", "ja", 12), ("5명", "ko", 5),
        ("৫টি", "bn", 5), ("$12", "en", 12), ("50%", "en", 50), ("18.0", "en", 18), ("18.", "en", 18),
        ("Rs.500/-", "hi", 500), ("1250/=", "sw", 1250), ("5,- €", "de", 5), ("12 cm^2", "en", 12),
        ("5 km/h", "en", 5), ("$5/hour", "en", 5), ("**18**", "en", 18), ("7万円", "ja", 70000),
        ("7만 원", "ko", 70000), ("2.5 million", "en", 2500000), ("elfu 5", "sw", 5000), ("5千克", "zh", 5),
        ("5 mil millones", "es", 5 * 10**9), ("70 हज़ार", "hi", 70000),
        # LaTeX and fractions
        (r"\text{Shilingi } 1{,}250", "sw", 1250), (r"1\,250", "fr", 1250), (r"\$1,250.00", "en", 1250),
        ("$-3$", "en", -3), (r"\mathbf{\text{5}}", "en", 5), (r"90^\circ", "en", 90), (r"50\%", "en", 50),
        ("{12}", "en", 12), ("5/2", "en", "5/2"), (r"-\frac{5}{2}", "en", "-5/2"), (r"\dfrac12", "en", "1/2"),
        ("9" * 100, "en", "9" * 100),
    ],
)  # fmt: skip
def test_reads_a_number_as_its_language_writes_it(text: str, language: str | None, value: int | str) -> None:
    assert parse_number(text, language) == Fraction(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "five",
        "5, 7",
        "1,2,3",
        "5 6",
        "3-4",
        "3:30",
        "1/2/3",
        "1/0",
        "5x",
        "5*x",
        "5(x)",
        r"2\pi",
        "2 3/2",
    ]
    + [
        "x = 5",
        "x/5",
        "f(5)",
        "5!",
        "5²",
        "9^9",
        "1e5",
        "±5",
        "≈5",
        "5 and half an hour",
        "5 apples and half a pear",
        "half past 5",
        "answer - 5",
        "5 × 103",
        "0 250",
        "5€20",
    ]
    + ["5\0", "\ud8005", "9" * 101, "9" * 10_000, "1e999999999", "5" + " " * 2000 + "x"],
)
def test_what_is_not_exactly_one_number_is_none(text: str) -> None:
    assert parse_number(text, "en") is None


@pytest.mark.parametrize(
    ("gold", "text", "language", "right"),
    [
        ("18", r"So it is \boxed{18}.", "en", True),
        ("18", r"\boxed{18} or rather \boxed{19}", "en", False),
        ("18", r"\boxed{18} and \boxed{18", "en", False),
        ("1,250", r"\boxed{1.250}", "de", True),
        ("1,250", r"\boxed{1.250}", "en", False),
        ("-3", r"\boxed{3}", "en", False),  # a sign is part of the answer
        ("0", "I do not know.", "en", False),  # nor is no answer a zero
        ("18", "18", "en", True),
        ("18", "The answer is 18.", "en", True),
        ("18", "It was 2 and 16, so 18.", "en", False),
        ("18", "The answer is 18. " + "So it goes. " * 10, "en", False),
        ("18", "", "en", False),
        ("", r"\boxed{}", "en", False),
        ("1", r"\boxed{0.99999999}", "en", False),  # compared exactly
        # math-verify decides
        ("5", r"\boxed{x = 5}", "en", True),
        ("5", r"\boxed{2 + 3}", "en", True),
        ("2.5", r"\boxed{2\frac{1}{2}}", "en", True),
        (r"\frac{5}{2}", r"\boxed{২.৫}", "bn", True),
        (r"2\sqrt{3}", r"\boxed{\sqrt{12}}", "en", True),
        ("(3,4)", r"\boxed{(3, 4)}", "en", True),
        ("5", r"\boxed{1, 5}", "en", False),
        ("5", r"\boxed{5 \text{ or } 6}", "en", False),
        ("5", r"\boxed{\pm 5}", "en", False),
        ("11", r"\boxed{5 6}", "en", False),
        ("5", r"\boxed{five}", "en", False),
    ],
)
def test_is_correct(gold: str, text: str, language: str, right: bool) -> None:
    assert is_correct(gold, text, language) is right


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"\boxed{1.250 €}", "1250"),
        (r"\boxed{-3,50}", "-3.5"),
        (r"\boxed{-0,05}", "-0.05"),
        (r"\boxed{\frac{10}{4}}", "5/2"),
    ]
    + [("18", "18"), (r"\boxed{x+1}", "x+1"), (r"\boxed{}", None), ("kein Ergebnis", None), ("\\boxed{\ud800}", "?")],
)
def test_extract_answer(text: str, answer: str | None) -> None:
    assert extract_answer(text, "de") == answer


def test_every_mgsm_answer_is_right_in_its_own_language_and_writing() -> None:
    files = sorted(MGSM.glob("mgsm_*.tsv"))
    if not files:
        pytest.skip(f"MGSM is not at {MGSM}")
    comma, space = {"de", "es"}, {"fr", "ru"}
    for file in files:
        language = file.stem.removeprefix("mgsm_")
        for line in filter(None, file.read_text(encoding="utf-8").split("\n")):
            gold = line.split("\t")[1]
            grouped = f"{int(gold.replace(',', '')):,}"
            written = grouped.replace(",", "." if language in comma else "\u202f" if language in space else ",")
            if language in ("bn", "te", "th"):
                zero = {"bn": 0x9E6, "te": 0xC66, "th": 0xE50}[language]
                written = written.translate({48 + digit: zero + digit for digit in range(10)})
            assert is_correct(gold, f"\\boxed{{{written}}}", language), (language, gold, written)
            assert not is_correct(gold, f"\\boxed{{{written}1}}", language), (language, gold, written)


MEGABYTES = 10_000_000
HOSTILE = {
    "long line": "a" * MEGABYTES,
    "long digits": "7" * MEGABYTES,
    "long blank": " " * MEGABYTES,
    "long box": r"\boxed{" + "x" * MEGABYTES + "}",
    "digits in the box": r"\boxed{" + "9" * 10_000 + "}",
    "boxes without braces": r"\boxed" * (MEGABYTES // 6),
    "boxes without end": r"\boxed{" * (MEGABYTES // 7),
    "nested boxes": r"\boxed{" * 100_000 + "5" + "}" * 100_000,
    "nested braces": r"\boxed{" + "{" * (MEGABYTES // 2) + "}" * (MEGABYTES // 2) + "}",
    "many braces": r"\boxed{" + "{}" * (MEGABYTES // 2) + "}",
    "many backslashes": r"\boxed{" + "\\" * MEGABYTES,
    "blank before the brace": r"\boxed" + " " * MEGABYTES + "{5}",
    "deep fractions": r"\boxed{" + r"\frac{1}{" * 90 + "2" + "}" * 90 + "}",
    "deep parentheses": r"\boxed{" + "(" * 490 + "x" + ")" * 490 + "}",
    "tower": r"\boxed{9^9^9^9}",
    "braced tower": r"\boxed{9^{9^{9^{9}}}}",
    "parenthesised tower": r"\boxed{((9^9)^9)^9}",
    "huge exponent": r"\boxed{9^{99999999}}",
    "factorials": r"\boxed{9!!!!}",
    "exponent bomb": r"\boxed{1e999999999}",
    "separators": r"\boxed{1" + ",." * 490 + "}",
    "surrogates": "\\boxed{\ud800\udfff = 5}",
    "NULs": "\\boxed{x = \0" + "5}",
    "shell": r"\boxed{x = $(rm -rf 5) `id` ; <script>5</script>}",
    "combining marks": "\\boxed{x=5" + "\u0301" * 900 + "}",
    "right to left": "\\boxed{\u202e=5\u202c}",
}


def processor_seconds(pid: int) -> float:
    """Of a process that is running, from its utime and stime; its name, which may hold blanks, is in brackets."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, after_name[11:13])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_wrong_within_two_seconds(name: str) -> None:
    """Of processor time, here and in the worker, however busy the machine is."""
    verify_worker._ask(["1", "y"])  # the worker is up
    worker = verify_worker._worker
    assert worker
    started = time.process_time() + processor_seconds(worker.process.pid)
    correct = is_correct("7", HOSTILE[name], "en")
    extract_answer(HOSTILE[name], "en")
    assert not correct and worker is verify_worker._worker
    assert time.process_time() + processor_seconds(worker.process.pid) - started < 2


fragments = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.text(st.characters(min_codepoint=0xD7F0, max_codepoint=0xE010), max_size=3),
        st.text(st.characters(categories=["Nd", "No", "Mn", "Cf", "Sc"]), max_size=6),
        st.sampled_from(
            [r"\boxed{", r"\frac", r"\text{", "{,}", r"\,", "^{", "−", "٫", "万", "million", "5", "1.250", "x"]
        ),
        st.sampled_from(list("}{^_~$%!/.,'-()=*")),
    ),
    max_size=16,
).map("".join)


@settings(max_examples=400, deadline=None)
@given(fragments, st.sampled_from([None, "en", "de", "fr", "bn", "ar", "ja", "xx"]))
@example("\\boxed{" + "9" * 5000 + "}", "en")
def test_wild_text_never_crashes(text: str, language: str | None) -> None:
    number = parse_number(text, language)
    assert number is None or isinstance(number, Fraction)
    box = last_box(text)
    assert box is None or box in text
    answer = extract_answer(text, language)
    assert answer is None or answer.encode()  # valid Unicode
    is_correct("7", text, language)


@settings(max_examples=300, deadline=None)
@given(st.integers(-(10**30), 10**30), st.integers(0, 6), st.sampled_from(["en", "de", "fr", "bn", "ar", "ja"]))
def test_a_number_survives_writing_and_reading(whole: int, places: int, language: str) -> None:
    value = Fraction(whole, 10**places)
    digits = str(abs(whole)).rjust(places + 1, "0")
    group, point = {"de": ".,", "fr": "\u202f,", "ar": "٬٫"}.get(language, ",.")
    written = f"{int(digits[: len(digits) - places]):,}".replace(",", group)
    written = f"{'−' if whole < 0 else ''}{written}" + (point + digits[len(digits) - places :] if places else "")
    assert parse_number(written, language) == value
    recorded = extract_answer(f"\\boxed{{{written}}}", language)
    assert recorded is not None
    assert Fraction(recorded) == value


def test_the_import_is_light() -> None:
    heavy = "{'math_verify', 'sympy', 'torch'}"
    code = f"import sys, vernacular.answers.compare; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(SOURCE)}).returncode == 0
