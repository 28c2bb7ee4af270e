"""SLAM's choice of layers: every rule chooses by the probe and the seed alone, with a reason for each layer."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernacular.slam.options import MEASURES, RULES, SelectionOptions
from vernacular.slam.select import select_layers

MSD = [0.8, 1.0, 0.5, 0.2, 0.6, 0.0]


def rows_of(msd: list[float], neurons: list[float] | None = None) -> list[dict[str, Any]]:
    """What the probe holds of such layers: a row for each language, here in a shuffled order."""
    rows = [
        {"layer": layer, "language": language, "msd": value, "msd_neurons": (neurons or msd)[layer]}
        for language in ("en", "sw")
        for layer, value in enumerate(msd)
    ]
    return rows[3:] + rows[:3]


rule = SelectionOptions


def layers(*numbers: Any) -> SelectionOptions:
    return SelectionOptions(layers=list(numbers))


def chosen(options: SelectionOptions, msd: list[float] = MSD, seed: int = 1) -> list[int]:
    return select_layers(rows_of(msd), options, seed)["layers"]


def message(options: SelectionOptions, rows: list[dict[str, Any]] | None = None) -> str:
    with pytest.raises(ValueError) as error:
        select_layers(rows_of(MSD) if rows is None else rows, options, 1)
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def test_leading_is_the_run_from_layer_0_on() -> None:
    assert chosen(rule()) == [0, 1, 2]
    assert chosen(rule(threshold=0.6)) == [0, 1]
    assert chosen(rule(threshold=0.1)) == [0, 1, 2, 3, 4]
    assert chosen(rule(), [1.0, 1.0]) == [0, 1]


def test_threshold_is_every_such_layer_and_reaches_its_bound() -> None:
    assert chosen(rule(choose="threshold")) == [0, 1, 2, 4]
    assert chosen(rule(choose="threshold", threshold=1.0)) == [1]
    assert chosen(rule(choose="threshold"), [0.1, 1.0]) == [1]


def test_highest_is_exactly_count_and_of_equals_the_lower() -> None:
    assert chosen(rule(choose="highest", count=2)) == [0, 1]
    assert chosen(rule(choose="highest", count=4)) == [0, 1, 2, 4]
    assert chosen(rule(choose="highest", count=2), [0.5, 1.0, 0.5, 0.5]) == [0, 1]
    assert chosen(rule(choose="highest", count=3), [0.5, 0.7, 0.7, 0.7, 0.7]) == [1, 2, 3]


def test_controls_are_as_large_as_what_leading_finds_or_as_count() -> None:
    assert chosen(rule(choose="top")) == [3, 4, 5]
    assert chosen(rule(choose="top", count=1)) == [5]
    assert len(chosen(rule(choose="random"))) == 3 and len(chosen(rule(choose="random", count=5))) == 5
    assert chosen(rule(choose="top", count=6)) == chosen(rule(choose="random", count=6)) == [0, 1, 2, 3, 4, 5]
    # A control whose size is given does not ask what the probe found.
    assert chosen(rule(choose="top", count=2), [0.0, 0.0, 0.0]) == [1, 2]


def test_random_draws_by_seed_evenly() -> None:
    draws = [tuple(chosen(rule(choose="random", count=2), seed=seed)) for seed in range(300)]
    assert draws == [tuple(chosen(rule(choose="random", count=2), seed=seed)) for seed in range(300)]
    assert set(draws) == {(a, b) for a in range(6) for b in range(a + 1, 6)}
    assert all(70 < sum(layer in draw for draw in draws) < 130 for layer in range(6)), "100 expected"


def test_by_chooses_the_measure() -> None:
    rows = rows_of(MSD, neurons=MSD[::-1])
    assert select_layers(rows, rule(choose="highest", count=1), 1)["layers"] == [1]
    result = select_layers(rows, rule(choose="highest", count=1, by="msd_neurons"), 1)
    assert result["layers"] == [4] and [reason["msd"] for reason in result["reasons"]] == MSD[::-1]


def test_a_list_is_taken_as_it_is() -> None:
    result = select_layers(rows_of(MSD), layers(4, 0), 1)
    assert result["layers"] == [0, 4] and result["options"] == [4, 0] and result["of"] == 6
    assert [reason["reason"] for reason in result["reasons"]][3:] == ["not named", "named by hand", "not named"]
    result = select_layers(rows_of([0.0, 0.0]), layers(1), 1)
    assert result["layers"] == [1] and [reason["relative"] for reason in result["reasons"]] == [None, None]


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        (
            rule(),
            [
                *("MSD 0.800 of the maximum, at least 0.5", "MSD 1.000 of the maximum, at least 0.5"),
                *("MSD 0.500 of the maximum, at least 0.5", "MSD 0.200 of the maximum, below 0.5"),
                *["the leading run ended at layer 2"] * 2,
            ],
        ),
        (
            rule(choose="highest", count=2),
            [
                *("MSD 0.800 of the maximum, rank 2 of 6", "MSD 1.000 of the maximum, rank 1 of 6"),
                *("MSD 0.500 of the maximum, rank 4 of 6", "MSD 0.200 of the maximum, rank 5 of 6"),
                *("MSD 0.600 of the maximum, rank 3 of 6", "MSD 0.000 of the maximum, rank 6 of 6"),
            ],
        ),
        (rule(choose="top", count=2), [*["below the uppermost 2"] * 4, *["among the uppermost 2"] * 2]),
    ],
)
def test_every_layer_has_its_reason(options: SelectionOptions, reasons: list[str]) -> None:
    result = select_layers(rows_of(MSD), options, 1)
    assert [reason["reason"] for reason in result["reasons"]] == reasons
    assert [reason["relative"] for reason in result["reasons"]] == pytest.approx(MSD)


def test_layers_that_cannot_be_chosen_are_errors() -> None:
    assert message(layers(0, 6)) == "layers: 6 does not exist; the model has the layers 0 to 5"
    assert message(layers(-1)).startswith("layers: -1 does not exist")
    assert message(layers(1.5)).startswith("layers: 1.5 does not exist")
    assert message(layers(True)).startswith("layers: True does not exist")
    assert message(layers(2, 0, 2)) == "layers: 2 is named twice; name each layer once"
    assert message(layers()).startswith("layers: the list is empty")
    assert message(rule(choose="top", count=7)).startswith("count: 7 layers, but the model has 6")
    for choose in ("highest", "random"):
        assert message(rule(choose=choose, count=7)).startswith("count: 7 layers")


@pytest.mark.parametrize("choose", ["leading", "random", "top"])
def test_a_run_that_does_not_begin_is_an_error(choose: str) -> None:
    found = message(rule(choose=choose, threshold=0.9))
    assert found.startswith("threshold: layer 0 has only 0.800 of the highest MSD, below 0.9") and "lower" in found


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"choose": "lowest"}, "choose: 'lowest' is not a rule; choose from: leading, threshold"),
        ({"by": "overlap"}, "by: 'overlap' is not a measure of the probe; choose from: msd, msd_neurons"),
        ({"threshold": 0}, "threshold: 0 must be more than 0"),
        ({"threshold": 1.01}, "threshold: 1.01 must be"),
        ({"threshold": math.nan}, "threshold: nan must be"),
        ({"choose": "highest"}, "count: `highest` needs it"),
        ({"choose": "top", "count": 0}, "count: 0 chooses no layer"),
        ({"choose": "random", "count": 1.5}, "count: 1.5 chooses no layer"),
        ({"count": 2}, "count: `leading` chooses by the threshold, not by a number"),
    ],
)
def test_a_rule_that_cannot_be_is_an_error(changes: dict[str, Any], start: str) -> None:
    assert message(rule(**changes)).startswith(start)


def test_a_probe_that_says_nothing_is_an_error() -> None:
    assert message(rule(), []).startswith("the probe holds the layers []")
    assert message(rule(), rows_of(MSD)[:2]).startswith("the probe holds the layers [3, 4]")
    for choose in ("leading", "threshold", "random"):
        assert message(rule(choose=choose), rows_of([0.0, 0.0])).startswith("the probe's msd is 0 in every layer")
    for value in (None, math.nan, math.inf, -0.1):
        rows: Any = [*rows_of(MSD)[:-1], {**rows_of(MSD)[-1], "msd": value}]
        assert message(rule(), rows).startswith(f"the probe's msd of layer 2 is {value}, not a deviation")


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=40),
    st.sampled_from(RULES),
    st.sampled_from(MEASURES),
    st.floats(0.01, 1),
    st.none() | st.integers(1, 45),
    st.integers(0, 2**31),
)
def test_a_choice_is_a_set_of_layers_that_its_rule_explains(
    msd: list[float], choose: str, by: str, threshold: float, count: int | None, seed: int
) -> None:
    options = rule(choose=choose, by=by, threshold=threshold, count=count)
    try:
        result = select_layers(rows_of(msd), options, seed)
    except ValueError as error:
        assert "\n" not in str(error)
        sized = choose in ("highest", "random", "top") and count is not None
        zero = not max(msd) and (choose == "highest" or not sized)
        no_run = not sized and choose != "threshold" and max(msd) and msd[0] / max(msd) < threshold
        misfit = (count is None) == (choose == "highest") and choose not in ("random", "top") or (count or 0) > len(msd)
        unread = choose in ("leading", "threshold") and count is not None
        assert zero or no_run or misfit or unread
        return
    found, reasons = result["layers"], result["reasons"]
    assert result == select_layers(rows_of(msd)[::-1], options, seed) and result["of"] == len(reasons) == len(msd)
    assert found and found == sorted(set(found)) and found[0] >= 0 and found[-1] < len(msd)
    assert [reason["layer"] for reason in reasons if reason["chosen"]] == found
    assert count is None or len(found) == count
    inside, outside = [msd[n] for n in found], [value for n, value in enumerate(msd) if n not in found]
    if choose in ("threshold", "highest") and outside:
        assert min(inside) >= max(outside)
    if choose == "leading":
        assert found == [*range(len(found))] and len(found) in (
            *(n for n, value in enumerate(msd) if value / max(msd) < threshold),
            len(msd),
        )
    if choose == "top":
        assert found[-1] == len(msd) - 1 and found[-1] - found[0] == len(found) - 1
