"""The tests behind verdicts: by hand, and on simulated studies of known truth (benchmarks/significance.py)."""

import sys
from pathlib import Path

import numpy as np
import pytest

from vernacular.evaluation.significance import (
    bound_p,
    crossed_error,
    detectable,
    problems_interval,
    problems_p,
    seeds_p,
    sign_flip_p,
)

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from significance import Setting, decided, differences, limit, powered, settings

DRAWS = 9999


def test_few_that_differ_by_the_exact_test() -> None:
    """Eight of a hundred differ, all one way: 2 / 2^8. None differs: nothing is known of 0."""
    values = np.zeros((3, 100))
    values[0, :8] = 1
    values[1, :8] = [1, 1, 1, 1, 1, 1, 1, -1]
    exact = [2 / 2**8, 2 * 9 / 2**8, 1]
    assert sign_flip_p(values, DRAWS) == pytest.approx(exact, abs=0.006)
    assert (sign_flip_p(7 / 3 * values, DRAWS) == sign_flip_p(values, DRAWS)).all()


def test_a_bound_of_two_kinds_of_values_is_the_binomial_one() -> None:
    """No problem of n is lost: that no more than 2 % are lost has p = 2 (1 - 0.02)^n."""
    for n in (100, 200, 1000):
        assert bound_p(np.zeros((1, n)), -0.02, 1.0, DRAWS)[0] == pytest.approx(min(1, 2 * 0.98**n), abs=0.012)
    low, high = problems_interval(np.zeros(100), 1.0, DRAWS)
    assert low == -high or low == pytest.approx(-high) and low == pytest.approx(0.025 ** (1 / 100) - 1, abs=0.003)


def test_both_components_of_variance() -> None:
    """Without the one, the variance is that over the other; with both, their sum."""
    random = np.random.default_rng(1)
    of_seeds, of_problems = random.normal(size=(6, 1)), random.normal(size=(1, 50))
    seeds, problems = of_seeds.var(ddof=1) / 6, of_problems.var(ddof=1) / 50
    assert crossed_error(of_seeds + np.zeros((6, 50))) == (pytest.approx(seeds), 5)
    assert crossed_error(of_problems + np.zeros((6, 50))) == (pytest.approx(problems), 49)
    variance, freedom = crossed_error(of_seeds + of_problems)
    assert variance == pytest.approx(seeds + problems) and 5 <= freedom <= 54


def test_seeds_that_agree_do_not_make_up_for_few_problems() -> None:
    """Five trainings that never differ on 100 problems: a variance of 0, and still no proof of a loss below 2 %."""
    assert seeds_p(np.zeros((5, 100)), -0.02, 1.0, DRAWS) == problems_p(np.zeros(100), -0.02, 1.0, DRAWS) > 0.05


@pytest.mark.parametrize("setting", [s for s in settings((200,), (1, 5))], ids=str)
def test_size_and_power(setting: Setting) -> None:
    """1,000 studies: at most the nominal share is decided where there is nothing to decide, more where there is."""
    size, _ = decided(setting, 1000, 499)
    power, _ = decided(powered(setting), 300, 499)
    assert size <= limit(setting, 1000) and power > 1.5 * size, (size, power)


@pytest.mark.parametrize("setting", [Setting(400, seeds, "many", 0.0, 0.0) for seeds in (1, 5)], ids=str)
def test_a_detectable_difference_is_found_in_four_of_five_studies(setting: Setting) -> None:
    """That which one study reports, averaged over some studies in which there is nothing to find."""
    studies = differences(np.random.default_rng(1), setting, 40)
    found = [detectable(values, 0.0, (0.0, 0.0), setting.seeds > 1) for values in studies]
    power, _ = decided(setting._replace(gain=float(np.mean(found))), 400, 999)
    assert 0.7 < power < 0.9 and np.std(found) < 0.2 * np.mean(found), (power, found)


def test_what_is_detectable_where_nothing_differs_is_not_guessed() -> None:
    few, enough = np.zeros((1, 100)), np.zeros((1, 100))
    few[0, :9], enough[0, :10] = 1, 1
    assert np.isnan(detectable(few, 0.0, (0.0, 0.0), False)) and detectable(enough, 0.0, (0.0, 0.0), False) > 0
    bound = problems_interval(enough[0], 1.0, DRAWS)  # shows less against a threshold that only a bound can exclude
    assert detectable(enough, -0.02, bound, False) > detectable(enough, 0.0, bound, False)
