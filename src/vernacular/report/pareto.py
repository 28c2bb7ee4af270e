"""Accuracy against LCPR: the Pareto front, which models dominate which, how certain that is, and the plot.

The front maximises accuracy and LCPR. Dominance also minimises tokens: a model off the front may not be dominated by
any other, since it takes fewer tokens.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vernacular.evaluation.frames import Frames, benchmarks_of, runs_on
from vernacular.evaluation.rates import RATES, Array
from vernacular.evaluation.statistics import DIGITS, DRAWS, Estimate, interval, joint_estimates
from vernacular.language.languages import ENGLISH
from vernacular.report import style
from vernacular.report.options import FigureOptions
from vernacular.report.point_labels import label_points
from vernacular.storage.tables import with_bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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


def draw_pareto(table: pd.DataFrame, files: style.Files, options: FigureOptions, framed: bool = True) -> None:
    """Draw the rows of `pareto_table`, a panel for each benchmark; framed: with title and note.

    In an SVG the marker of row i of the table is the group `point-<i>`. Raises ValueError for a table without rows.
    """
    if table.empty:
        raise ValueError("Pareto plot: no rows to draw; evaluate a model in a language other than English")
    benchmarks = list(dict.fromkeys(table["benchmark"]))
    width = options.width
    columns = min(len(benchmarks), 2 if width >= _TWO else 1)
    rows = -(-len(benchmarks) // columns)
    keys = _keys(table)
    foot = sum(_KEY * -(-len(names) // style.columns_for(width - 0.3, names, 8.5)) for _, names in keys)
    looks = style.looks(table["model"], options.slots)
    panel = float(np.clip(0.98 * width / columns, 2.8, 4.4))
    title = f"Accuracy against language consistency: study '{options.study}' ({options.scale})" if framed else ""
    head, note = style.heights(title, NOTE if framed else "", width)
    height = rows * panel + head + note + foot
    with style.new_figure(files, width, height) as figure:
        style.add_frame(figure, title, NOTE if framed else "")
        grid = figure.subplots(rows, columns, squeeze=False)
        figure.subplots_adjust(
            left=0.72 / width, right=1 - 0.14 / width, top=1 - (head + 0.3) / height,
            bottom=(note + foot + 0.55) / height, wspace=0.13, hspace=0.85 / (panel - 0.85),
        )  # fmt: skip
        for axes in grid.flat[len(benchmarks) :]:
            axes.remove()
        for axes, benchmark in zip(grid.flat, benchmarks, strict=False):
            _draw_panel(axes, table[table["benchmark"] == benchmark], table["tokens_mean"].max(), looks)
            axes.set_title(benchmark, **style.PANEL_TITLE, pad=7)
            axes.set_xlabel("LCPR")
        for axes in grid[:, 0]:
            axes.set_ylabel("accuracy")
        top = note + foot
        for handles, names in keys:
            across = style.columns_for(width - 0.3, names, 8.5)
            figure.legend(
                handles, names, ncols=across, loc="upper left", bbox_to_anchor=(0.03 / width, top / height),
                fontsize=8.5, frameon=False, handletextpad=0.3, columnspacing=1.2, borderpad=0.2, borderaxespad=0,
            )  # fmt: skip
            top -= _KEY * -(-len(names) // across)


NOTE = (
    "LCPR: how many traces stay in the language of the question, line by line and word by word. Both axes are "
    "unweighted averages over the languages other than English; bars are 95 % intervals (bootstrap by problem). "
    "A model is on the front if no other is at least as good in both and better in one."
)
_TWO, _KEY = 6.5, 0.2  # inches: the least width for two panels side by side; a line of the key
_LARGEST = 6.5  # radius in typographic points of the marker for the most tokens


def _draw_panel(axes: "Axes", rows: pd.DataFrame, most_tokens: float, looks: Mapping[str, style.Look]) -> None:
    x, y = rows["lcpr"].to_numpy(float), rows["accuracy"].to_numpy(float)
    x_error = np.stack([x - rows["lcpr_low"], rows["lcpr_high"] - x]).clip(min=0)
    y_error = np.stack([y - rows["accuracy_low"], rows["accuracy_high"] - y]).clip(min=0)
    style.limit_points(axes, rows, rows)
    axes.grid(color=style.FAINT, linewidth=0.5)

    front = rows[rows["on_front"]].sort_values(["lcpr", "accuracy"])
    several = len(rows) > 1  # one model is on the front whatever it does
    (left, _), (bottom, _) = axes.get_xlim(), axes.get_ylim()
    front_x = np.concatenate([[left], front["lcpr"], front["lcpr"].iloc[-1:]])
    front_y = np.concatenate([front["accuracy"].iloc[:1], front["accuracy"], [bottom]])
    if several:
        axes.fill_between(front_x, bottom, front_y, step="pre", color=style.QUIET, alpha=0.07, linewidth=0, zorder=0)
        axes.step(front_x, front_y, where="pre", color=style.QUIET, linewidth=1.0, zorder=1)

    radii = _radius(rows["tokens_mean"].to_numpy(float), most_tokens)
    for i, (number, row) in enumerate(rows.iterrows()):
        color, marker = looks[row["model"]]
        for part in axes.errorbar(
            x[i], y[i], xerr=x_error[:, i : i + 1], yerr=y_error[:, i : i + 1],
            ecolor=color, elinewidth=0.9, alpha=0.6, zorder=3, fmt="none",
        )[2]:  # fmt: skip
            part.set_clip_on(False)
        # Filled or hollow, so that the front can be told in greyscale print too.
        axes.scatter(
            x[i], y[i], s=(2 * radii[i]) ** 2, marker=marker, edgecolor=color, linewidth=1.4, clip_on=False,
            facecolor=color if row["on_front"] else style.PAPER, zorder=4 + 1 / (2 + radii[i]), gid=f"point-{number}",
        )  # fmt: skip
    lines = [np.array([[x[i] - x_error[0, i], y[i]], [x[i] + x_error[1, i], y[i]]]) for i in range(len(rows))]
    lines += [np.array([[x[i], y[i] - y_error[0, i]], [x[i], y[i] + y_error[1, i]]]) for i in range(len(rows))]
    corners = np.repeat(np.stack([front_x, front_y], axis=1), 2, axis=0)
    lines.append(np.stack([corners[:-1, 0], corners[1:, 1]], axis=1))
    texts = [str(model) for model in rows["model"]]
    label_points(axes, np.stack([x, y], axis=1), radii + 1, texts, [style.INK] * len(texts), lines)


def _radius(tokens: Array, most: float) -> Array:
    """Radii in typographic points: areas in proportion to tokens, but never too small to see."""
    return np.maximum(_LARGEST * np.sqrt(np.nan_to_num(tokens) / max(most, 1.0)), 2.6)


def _keys(table: pd.DataFrame) -> list[tuple[list[Any], list[str]]]:
    """The keys below the panels: what filling means, and the sizes of tokens; (handles, names) of each."""
    from matplotlib.lines import Line2D

    def dot(radius: float, face: str) -> Any:
        return Line2D(
            [], [], linestyle="", marker="o", markersize=2 * radius, markerfacecolor=face,
            markeredgecolor=style.QUIET, markeredgewidth=1.2,
        )  # fmt: skip

    most = float(table["tokens_mean"].max())
    steps = _round_numbers(most)
    filling = [dot(4.0, style.QUIET)], ["on the front"]
    if not table["on_front"].all():
        filling[0].append(dot(4.0, style.PAPER))
        filling[1].append("off the front")
    sizes = [dot(radius, style.FAINT) for radius in _radius(np.array(steps), most).tolist()]
    tokens = (sizes, [f"{step:,.0f} tokens" for step in steps])
    return [filling, tokens] if table["model"].nunique() > 1 else [tokens]


def _round_numbers(most: float) -> list[float]:
    """Token counts for the key: the largest of one digit and zeros up to `most`, its half and its quarter."""
    largest = max(most, 1.0)
    unit = 10.0 ** np.floor(np.log10(largest))
    top = np.floor(largest / unit) * unit
    return sorted({float(np.ceil(top * share)) for share in (0.25, 0.5, 1.0)})
