"""Accuracy against LCPR: the Pareto front, which models dominate which, how certain that is, and the plot.

The front maximises accuracy and LCPR. Dominance also minimises tokens: a model off the front may not be dominated by
any other, since it takes fewer tokens.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vernacular.evaluation.frames import Frames, benchmarks_of, runs_on
from vernacular.evaluation.options import SummaryOptions
from vernacular.evaluation.statistics import DIGITS, DRAWS, RATES, Array, Estimate, interval, joint_estimates
from vernacular.language.languages import ENGLISH
from vernacular.report import style
from vernacular.storage.tables import with_bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = (
    *("benchmark", "model", *with_bounds("accuracy", "lcpr")),
    *("tokens_mean", "on_front", "on_front_share", "dominated_by", "hypervolume", "reference"),
)
REFERENCE = "accuracy=0 lcpr=0"
_METRICS = [RATES.index(name) for name in ("accuracy", "lcpr", "tokens_mean")]


def dominates(points: Array) -> np.ndarray:
    """[..., i, j]: i is nowhere worse than j and somewhere better; points (..., model, axis), higher is better."""
    left, right = points[..., :, None, :], points[..., None, :, :]
    return np.asarray(np.all(left >= right, axis=-1) & np.any(left > right, axis=-1))


def on_front(points: Array) -> np.ndarray:
    """(..., model): not dominated by any other; equal points are all on the front."""
    return np.asarray(~np.any(dominates(points), axis=-2))


def hypervolume(points: Array) -> float:
    """The area that points (model, 2) dominate above the reference point (0, 0) (Zitzler and Thiele 1998)."""
    area, reached = 0.0, 0.0
    for x, y in sorted(points.tolist(), reverse=True):
        if y > reached:
            area += x * (y - reached)
            reached = y
    return area


def pareto_rows(benchmark: str, estimates: Mapping[str, Estimate]) -> pd.DataFrame:
    """The rows of `figures/pareto.csv` for one benchmark: COLUMNS, a row for each model, in the mapping's order.

    `on_front_share` is the share of the joint bootstrap draws in which the model is on the front: a share of
    resamplings, not the probability that it belongs there. `dominated_by` names the models that dominate it in all
    three metrics, separated by spaces; `hypervolume` is that of the benchmark's front. Points are compared as written,
    to 6 digits, so that readers of the file reach the same verdicts.
    """
    models = list(estimates)
    points = np.stack([estimates[model].point[_METRICS] for model in models]).round(DIGITS)
    draws = np.stack([estimates[model].draws[:, _METRICS] for model in models], axis=1)
    low, high = (bound.round(DIGITS) for bound in interval(draws))
    front = on_front(points[:, :2])
    share = on_front(draws[..., :2].round(DIGITS)).mean(axis=0).round(DIGITS)
    better = dominates(points * np.array([1, 1, -1]))
    volume = round(hypervolume(points[:, :2]), DIGITS)
    rows = []
    for i, model in enumerate(models):
        row = [benchmark, model]
        for metric in (0, 1):
            row += [points[i, metric], low[i, metric], high[i, metric]]
        dominators = " ".join(models[j] for j in np.flatnonzero(better[:, i]))
        rows.append([*row, points[i, 2], bool(front[i]), share[i], dominators, volume, REFERENCE])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def pareto_table(frames: Frames, draws: int = DRAWS) -> pd.DataFrame:
    """`figures/pareto.csv` from the score rows of each (model, benchmark, seed); see `pareto_rows`.

    Rates are those of the group `all`; a model's points and draws are averaged over its seeds, so that the intervals
    reflect the choice of questions, not of seeds. Benchmarks only in English are left out. Raises ValueError if models
    were scored on different questions or languages of a benchmark.
    """
    tables = []
    for benchmark in benchmarks_of(frames):
        chosen = runs_on(frames, benchmark)
        if all((scores["language"] == ENGLISH).all() for scores in chosen.values()):
            continue
        estimates = joint_estimates(chosen, benchmark, draws)
        averaged = {}
        for model in dict.fromkeys(model for model, _ in chosen):
            seeds = [estimate for (name, _), estimate in estimates.items() if name == model]
            averaged[model] = Estimate(
                np.mean([estimate.point for estimate in seeds], axis=0),
                np.mean([estimate.draws for estimate in seeds], axis=0),
            )
        tables.append(pareto_rows(benchmark, averaged))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(COLUMNS))


def draw_pareto(table: pd.DataFrame, path_png: str | Path, path_svg: str | Path, options: SummaryOptions) -> None:
    """Draw the rows of `pareto_table`, one panel for each benchmark. Raises ValueError for a table without rows."""
    if table.empty:
        raise ValueError("Pareto plot: no rows to draw; evaluate a model in a language other than English")
    benchmarks = list(dict.fromkeys(table["benchmark"]))
    columns = min(len(benchmarks), 2)
    rows = -(-len(benchmarks) // columns)
    height = rows * _PANEL + _HEAD + _FOOT
    with style.new_figure(path_png, path_svg, height) as figure:
        grid = figure.subplots(rows, columns, squeeze=False)
        figure.subplots_adjust(
            left=0.07, right=0.985, top=1 - (_HEAD + 0.35) / height, bottom=(_FOOT + 0.5) / height,
            wspace=0.13, hspace=0.85 / (_PANEL - 0.85),
        )  # fmt: skip
        for axes in grid.flat[len(benchmarks) :]:
            axes.remove()
        for axes, benchmark in zip(grid.flat, benchmarks, strict=False):
            _draw_panel(axes, table[table["benchmark"] == benchmark].reset_index(drop=True), table["tokens_mean"].max())
            axes.set_title(benchmark, loc="left", fontsize=10, fontweight="bold", pad=7)
            volume = table.loc[table["benchmark"] == benchmark, "hypervolume"].iloc[0]
            note = f"hypervolume of the front from (0, 0): {volume:.3f}"
            axes.set_title(note, loc="right", fontsize=8.5, color=style.QUIET, pad=7)
            axes.set_xlabel("LCPR")
        for axes in grid[:, 0]:
            axes.set_ylabel("accuracy")
        title = f"Accuracy against language consistency: study '{options.study}' ({options.scale})"
        _draw_frame(figure, table, title)


_PANEL, _HEAD, _FOOT = 4.4, 0.4, 0.8  # heights in inches: a row of panels, the title above, the key below
_LARGEST = 6.5  # radius in typographic points of the marker for the most tokens


def _draw_panel(axes: "Axes", rows: pd.DataFrame, most_tokens: float) -> None:
    x, y = rows["lcpr"].to_numpy(float), rows["accuracy"].to_numpy(float)
    x_error = np.stack([x - rows["lcpr_low"], rows["lcpr_high"] - x]).clip(min=0)
    y_error = np.stack([y - rows["accuracy_low"], rows["accuracy_high"] - y]).clip(min=0)
    style.limit_points(axes, rows, rows)
    axes.grid(color=style.FAINT, linewidth=0.5)

    front = rows[rows["on_front"]].sort_values(["lcpr", "accuracy"])
    (left, _), (bottom, _) = axes.get_xlim(), axes.get_ylim()
    front_x = np.concatenate([[left], front["lcpr"], front["lcpr"].iloc[-1:]])
    front_y = np.concatenate([front["accuracy"].iloc[:1], front["accuracy"], [bottom]])
    axes.fill_between(front_x, bottom, front_y, step="pre", color=style.BLUE, alpha=0.05, linewidth=0, zorder=0)
    axes.step(front_x, front_y, where="pre", color=style.BLUE, linewidth=1.2, zorder=1)

    radii = _radius(rows["tokens_mean"].to_numpy(float), most_tokens)
    kinds = [_kind(row) for _, row in rows.iterrows()]
    for i, kind in enumerate(kinds):
        look = _LOOKS[kind]
        axes.errorbar(
            x[i], y[i], xerr=x_error[:, i : i + 1], yerr=y_error[:, i : i + 1],
            ecolor=look["edgecolor"], elinewidth=0.9, alpha=0.55, zorder=3,
        )  # fmt: skip
        axes.scatter(x[i], y[i], s=(2 * radii[i]) ** 2, zorder=4 + 1 / (2 + radii[i]), **look)
    lines = [np.array([[x[i] - x_error[0, i], y[i]], [x[i] + x_error[1, i], y[i]]]) for i in range(len(rows))]
    lines += [np.array([[x[i], y[i] - y_error[0, i]], [x[i], y[i] + y_error[1, i]]]) for i in range(len(rows))]
    corners = np.repeat(np.stack([front_x, front_y], axis=1), 2, axis=0)
    lines.append(np.stack([corners[:-1, 0], corners[1:, 1]], axis=1))
    texts = [_label(row) for _, row in rows.iterrows()]
    colors = [str(_LOOKS[kind]["edgecolor"]) if kind == "front" else style.INK for kind in kinds]
    style.label_points(axes, np.stack([x, y], axis=1), radii + 1, texts, colors, lines)


def _kind(row: pd.Series) -> str:
    if row["on_front"]:
        return "front"
    # An empty field comes back from the CSV as NaN.
    return "dominated" if pd.notna(row["dominated_by"]) and row["dominated_by"] else "thrifty"


# They differ in filling as well as in colour, so that they can be told apart in greyscale print too.
_LOOKS: dict[str, dict[str, Any]] = {
    "front": {"facecolor": style.BLUE, "edgecolor": style.BLUE, "linewidth": 1.2},
    "thrifty": {"facecolor": (1, 1, 1, 0.6), "edgecolor": style.BLUE, "linewidth": 1.2},
    "dominated": {"facecolor": (0.75, 0.75, 0.75, 0.7), "edgecolor": style.QUIET, "linewidth": 1.2},
}
_MEANING = {
    "front": "on the front",
    "thrifty": "off the front, yet with fewer tokens than any better one",
    "dominated": "dominated in accuracy, LCPR and tokens",
}


def _radius(tokens: Array, most: float) -> Array:
    """Radii in typographic points: areas in proportion to tokens, but never too small to see."""
    return np.maximum(_LARGEST * np.sqrt(np.nan_to_num(tokens) / max(most, 1.0)), 2.2)


def _label(row: pd.Series) -> str:
    share = float(row["on_front_share"])
    if share < 0.01:
        return str(row["model"])
    percent = "> 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"
    return f"{row['model']}  {percent}"


def _draw_frame(figure: "Figure", table: pd.DataFrame, title: str) -> None:
    """The title above the panels, the key and the caption below them; heights in inches from the bottom."""
    height, left = figure.get_figheight(), 0.012

    def key(at: float, x: float, looks: list[tuple[float, Any, str]], names: list[str]) -> None:
        from matplotlib.lines import Line2D

        handles = [
            Line2D([], [], linestyle="", marker="o", markersize=2 * radius, markerfacecolor=face, markeredgecolor=edge,
                   markeredgewidth=1.2) for radius, face, edge in looks
        ]  # fmt: skip
        figure.legend(
            handles, names, ncols=len(names), loc="center left", bbox_to_anchor=(x, at / height), fontsize=8.5,
            frameon=False, handletextpad=0.3, columnspacing=1.2, borderpad=0, borderaxespad=0,
        )  # fmt: skip

    figure.text(left, 1 - 0.16 / height, title, fontsize=12, fontweight="bold", va="top")
    kinds = [kind for kind in _LOOKS if kind in {_kind(row) for _, row in table.iterrows()}]
    looks = [(4.0, _LOOKS[kind]["facecolor"], _LOOKS[kind]["edgecolor"]) for kind in kinds]
    key(0.74, left - 0.008, looks, [_MEANING[kind] for kind in kinds])
    most = float(table["tokens_mean"].max())
    steps = _round_numbers(most)
    figure.text(left, 0.48 / height, "mean tokens of a completion:", va="center", fontsize=8.5)
    radii = _radius(np.array(steps), most).tolist()
    key(0.48, 0.215, [(radius, style.FAINT, style.QUIET) for radius in radii], [f"{step:,.0f}" for step in steps])
    figure.text(
        left, 0.2 / height, va="center", fontsize=8.5, color=style.QUIET,
        s="macro average over the languages but English; bars: 95 % intervals, %: share of resamplings in which it "
        "is on the front (bootstrap by problem)",
    )  # fmt: skip


def _round_numbers(most: float) -> list[float]:
    """Token counts for the key: the largest of one digit and zeros up to `most`, its half and its quarter."""
    largest = max(most, 1.0)
    unit = 10.0 ** np.floor(np.log10(largest))
    top = np.floor(largest / unit) * unit
    return sorted({float(np.ceil(top * share)) for share in (0.25, 0.5, 1.0)})
