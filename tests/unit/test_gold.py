"""A gold that no answer could match is an error; numbers, tuples, sets, intervals and formulas are golds."""

import pytest

from vernacular.answers.compare import is_correct
from vernacular.answers.gold import check_gold

NUMBERS = ["18", "-3.5", "1,250", "18.0", "3/4", "0.333333", " 18 ", "+5"]
OTHERS = [
    *("(3,4)", "[0, 5)", r"\{3,4\}", "3, 5, 7", r"\left(3, 4\right)", r"(\frac12,3)", r"2\sqrt{3}", "x", "x=5", "2x+1"),
    *(r"\frac{1}{2^{90}}", r"\pm 3", r"\infty", r"\pi", "343 and 512", r"x=3 \text{ or } x=5", "11:00", r"\sin x"),
    *(r"12, 35, \text{ and } 60", r"\emptyset", "sin(x)", "log_2 3"),
]
MISSING = ["", "  ", "None", "n.a.", "N/A", "nan", "NaN", "null", "true"]
REFUSED = [
    *("kg", "$", "%", r"\text{cm}", "km/h", "no answer given", "eighteen", "?", "-", "She sells 9 eggs.\n#### 18"),
    *("['18']", '["18"]', '{"a": 18}', "1\x008", "#N/A", "=18", "≈ 18", "1e3", "1_250", "0x12", "[18]", "1.250,00"),
    *("<<9*2=18>>18", "It is 18 or so", "x" * 1001, "1\n2", "Neuf fois deux font dix-huit."),
]


@pytest.mark.parametrize("gold", NUMBERS)
def test_numbers_are_golds(gold: str) -> None:
    check_gold(gold)
    check_gold(gold, numbers_only=True)


@pytest.mark.parametrize("gold", OTHERS)
def test_formulas_are_golds_but_no_numbers(gold: str) -> None:
    check_gold(gold)
    with pytest.raises(ValueError, match="is not a number"):
        check_gold(gold, numbers_only=True)


@pytest.mark.parametrize("gold", MISSING + REFUSED)
@pytest.mark.parametrize("numbers_only", [False, True])
def test_what_nothing_could_match_is_an_error_of_one_line(gold: str, numbers_only: bool) -> None:
    with pytest.raises(ValueError, match="is not a|is empty") as error:
        check_gold(gold, numbers_only)
    assert "\n" not in str(error.value) and len(str(error.value)) < 200


@pytest.mark.parametrize("gold", ["18 dollars", "18 euros", "١٨", "$18$", r"\text{18}", "18.0", r"18\%", "3! · 3"])
def test_a_gold_in_another_writing_is_read(gold: str) -> None:
    check_gold(gold)
    assert is_correct(gold, r"\boxed{18}", "en") and not is_correct(gold, r"\boxed{8}", "en")
