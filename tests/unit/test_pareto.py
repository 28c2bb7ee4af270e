"""The front, dominance and hypervolume, by hand and over made-up points; the plot, by its files and its labels."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_rows import score_frame, score_row

from vernacular.evaluation.rates import RATES
from vernacular.evaluation.statistics import Estimate, score_table
from vernacular.report import pareto
from vernacular.report.options import FigureOptions
from vernacular.report.pareto import COLUMNS, dominates, draw_pareto, hypervolume, on_front, pareto_rows, pareto_table

# Coarse values, so that ties and equal points are frequent.
POINTS = st.lists(st.tuples(*[st.integers(0, 4).map(lambda n: n / 4)] * 2), min_size=1, max_size=12).map(np.array)

OPTIONS = FigureOptions(asked={}, study="s", scale="miniature", draws=9)


def estimate(accuracy: float, lcpr: float, tokens: float, spread: float = 0.0, seed: int = 0) -> Estimate:
    point = np.zeros(len(RATES))
    for name, value in (("accuracy", accuracy), ("lcpr", lcpr), ("tokens_mean", tokens)):
        point[RATES.index(name)] = value
    return Estimate(point, point + spread * np.random.default_rng(seed).normal(size=(400, len(RATES))))


def made_up(models: int, benchmarks: int = 2) -> pd.DataFrame:
    """A table as a study gives: a collapsed corner, a crowd of good models, names of every length."""
    random, tables = np.random.default_rng(7), []
    names = "lrm grpo sft fidelity-reward adamame forced-prefix constant linear staged feedback adamame-diversity slam"
    for number in range(benchmarks):
        estimates = {}
        for i, name in enumerate(names.split()[:models]):
            lcpr = 0.3 + 0.05 * i if i < 2 else 0.97 - 0.02 * random.random()
            estimates[name] = estimate(0.8 + 0.1 * random.random(), lcpr, 60 + 5 * i, 0.01, i)
        tables.append(pareto_rows(f"benchmark-{number}", estimates))
    return pd.concat(tables, ignore_index=True)


def test_front_and_dominance_by_hand():
    rows = pareto_rows(
        "mini",
        {
            "best": estimate(0.9, 0.8, 100),
            "consistent": estimate(0.7, 0.9, 100),
            "between": estimate(0.6, 0.6, 100),  # below both, with as many tokens
            "short": estimate(0.6, 0.5, 20),  # below, but none that is better is as short
            "twin": estimate(0.9, 0.8, 120),  # on the front beside its equal, dominated for its tokens
        },
    ).set_index("model")
    assert tuple(["benchmark", "model", *rows.columns[1:]]) == COLUMNS
    assert rows["on_front"].to_dict() == {
        "best": True, "consistent": True, "between": False, "short": False, "twin": True,
    }  # fmt: skip
    assert rows["dominated_by"].to_dict() == {
        "best": "", "consistent": "", "between": "best consistent", "short": "", "twin": "best",
    }  # fmt: skip
    assert (rows["hypervolume"] == 0.79).all()  # 0.9 x 0.8 + 0.7 x 0.1
    assert (rows["reference"] == "accuracy=0 lcpr=0").all()
    assert (rows["on_front_share"] == rows["on_front"]).all()  # draws that never move


@pytest.mark.parametrize(
    ("points", "area"),
    [
        ([(0.5, 0.5)], 0.25),
        ([(1.0, 1.0), (0.5, 0.5)], 1.0),
        ([(0.2, 1.0), (0.5, 0.5), (1.0, 0.1)], 0.2 * 1.0 + 0.3 * 0.5 + 0.5 * 0.1),
        ([(0.5, 0.5), (0.5, 0.5)], 0.25),
        ([(0.5, 0.2), (0.5, 0.5)], 0.25),
        ([(0.0, 0.9)], 0.0),
    ],
)
def test_hypervolume_by_hand(points, area):
    assert hypervolume(np.array(points)) == pytest.approx(area)


def test_probability_follows_the_joint_draws():
    """Two models of the same accuracy whose LCPR moves together: the better one is on the front in every draw."""
    left, right = estimate(0.5, 0.52, 10, 0.1), estimate(0.5, 0.50, 10, 0.1)
    for one in (left, right):
        one.draws[:, RATES.index("accuracy")] = 0.5
    rows = pareto_rows("mini", {"left": left, "right": right}).set_index("model")
    assert rows["on_front_share"].to_dict() == {"left": 1.0, "right": 0.0}
    assert (rows["lcpr_high"] - rows["lcpr_low"]).min() > 0.3  # though the intervals overlap by far
    even = pareto_rows("mini", {"left": estimate(0.5, 0.5, 10, 0.1, 1), "right": estimate(0.5, 0.5, 10, 0.1, 2)})
    assert even["on_front_share"].between(0.65, 0.85).all()  # one of two fair coins must fall well: 3/4


@given(POINTS)
@settings(max_examples=300, deadline=None)
def test_no_member_is_dominated_and_every_dominated_point_has_a_dominator_on_the_front(points):
    better, front = dominates(points), on_front(points)
    assert front.any()
    for i in range(len(points)):
        assert front[i] == (not better[:, i].any())
        if not front[i]:
            assert better[front, i].any()


@given(POINTS)
@settings(max_examples=200, deadline=None)
def test_hypervolume_is_the_share_of_the_square_below_the_front(points):
    """Against counting: values are quarters, so the 16 cells of the unit square are each wholly dominated or not."""
    cells = [(x / 4, y / 4) for x in range(1, 5) for y in range(1, 5)]
    below = sum(any(a >= x and b >= y for a, b in points) for x, y in cells)
    assert hypervolume(points) == pytest.approx(below / 16)
    assert hypervolume(points[on_front(points)]) == pytest.approx(below / 16)


@given(POINTS, st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_the_front_does_not_depend_on_the_order(points, random):
    order = list(range(len(points)))
    random.shuffle(order)
    assert (on_front(points)[order] == on_front(points[order])).all()
    assert hypervolume(points[order]) == hypervolume(points)


def scores(language: str, right: int, seed: int = 0) -> pd.DataFrame:
    return score_frame(score_row(f"q{i}", language, correct=i < right, tokens=10 + seed) for i in range(20))


def test_table_from_scores_agrees_with_the_scores_table():
    frames = {("a", "mini", 0): scores("fr", 12), ("b", "mini", 0): scores("fr", 15)}
    table, expected = pareto_table(frames), score_table(frames, "s", [])
    expected = expected[expected["language"] == "all"].reset_index(drop=True)
    shared = ["benchmark", "model", "accuracy", "accuracy_low", "accuracy_high", "lcpr", "lcpr_low", "lcpr_high"]
    pd.testing.assert_frame_equal(table[shared], expected[shared])
    assert table["on_front"].tolist() == [False, True] and table["dominated_by"].tolist() == ["b", ""]


def test_seeds_are_averaged_and_english_benchmarks_left_out():
    frames = {("a", "mini", seed): scores("fr", right, seed) for seed, right in enumerate((10, 12, 17))}
    table = pareto_table({**frames, ("a", "gsm8k", 0): scores("en", 20)})
    assert table["benchmark"].tolist() == ["mini"]
    assert table["accuracy"].item() == pytest.approx(13 / 20) and table["tokens_mean"].item() == pytest.approx(11)


@pytest.mark.parametrize("models", [1, 5, 9, 12])
def test_names_overlap_neither_one_another_nor_markers_nor_the_edge(tmp_path, monkeypatch, models):
    seen, place = [], pareto.label_points

    def spy(axes, points, radii, texts, colors, lines):
        boxes = place(axes, points, radii, texts, colors, lines)
        seen.append((axes.get_window_extent(), axes.transData.transform(points), radii * axes.figure.dpi / 72, boxes))
        return boxes

    monkeypatch.setattr(pareto, "label_points", spy)
    draw_pareto(made_up(models), {"png": tmp_path / "p.png"}, OPTIONS)
    assert len(seen) == 2
    for area, centres, radii, boxes in seen:
        assert len(boxes) == models
        for i, (x0, y0, x1, y1) in enumerate(boxes):
            assert area.x0 <= x0 and x1 <= area.x1 and area.y0 <= y0 and y1 <= area.y1
            for a0, b0, a1, b1 in boxes[:i]:
                assert x1 <= a0 or a1 <= x0 or y1 <= b0 or b1 <= y0
            nearest = np.stack([centres[:, 0].clip(x0, x1), centres[:, 1].clip(y0, y1)], axis=1)
            assert (np.hypot(*(nearest - centres).T) >= radii - 2).all()


def test_odd_tables_are_drawn(tmp_path):
    """One model without an answer or a token; names that matplotlib could take for mathematics; three benchmarks."""
    table = pareto_rows("a_$x$_b", {"$\\broken{": estimate(0, 0, 0)})
    more = [pareto_rows(name, {"m": estimate(1, 1, 5000)}) for name in "bc"]
    draw_pareto(pd.concat([table, *more]), {"png": tmp_path / "p.png"}, OPTIONS)
    assert (tmp_path / "p.png").stat().st_size > 10_000


def test_an_empty_table_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no rows to draw"):
        draw_pareto(pd.DataFrame(columns=list(COLUMNS)), {"png": tmp_path / "p.png"}, OPTIONS)
    assert not list(tmp_path.iterdir())
