"""The path of each GRPO training through accuracy and LCPR: its kept checkpoints, evaluated on dev questions."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vernacular.evaluation.version import read_table
from vernacular.report import style
from vernacular.report.options import TrajectoriesOptions
from vernacular.report.point_labels import label_points
from vernacular.storage.tables import check_numbers, with_bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

METRICS = ("accuracy", "lcpr")
COLUMNS = ("benchmark", "model", "step", *with_bounds(*METRICS), "tokens_mean")


def trajectory_table(table: str | Path, paths: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """`figures/trajectories.csv`: COLUMNS, a row for each benchmark, model and step, from tables/trajectories.csv.

    Rates are macro averages over all languages except English, and means over several seeds. paths: model -> step ->
    its name in the table. Raises ValueError if the table lacks one, or if only English was evaluated.
    """
    rows = read_table(table, ["model", "benchmark", "language", "seeds", *COLUMNS[3:]])
    check_numbers(rows, ["seeds", *COLUMNS[3:]], table)
    rows = rows[(rows["language"] == "all") & (rows["seeds"] == rows["seeds"].max())]
    found = {(row["benchmark"], row["model"]): row for row in rows.to_dict("records")}
    points = []
    for benchmark in dict.fromkeys(rows["benchmark"]):
        for model, steps in paths.items():
            for step, name in steps.items():
                if (benchmark, name) not in found:
                    raise ValueError(f"{table}: no row of '{name}' on {benchmark}; make the table again")
                point = found[benchmark, name]
                points.append({**point, "model": model, "step": int(step)})
    if not points:
        raise ValueError(f"{table}: no rows of the group `all`; evaluate a language other than English")
    return pd.DataFrame(points)[list(COLUMNS)]


def draw_trajectories(
    table: pd.DataFrame, files: style.Files, options: TrajectoriesOptions, framed: bool = True
) -> None:
    """Draw the rows of `trajectory_table`, a panel for each benchmark; framed: with title and note."""
    benchmarks = list(dict.fromkeys(table["benchmark"]))
    width = options.width
    title = f"Accuracy and LCPR over GRPO's training: study '{options.study}' ({options.scale})" if framed else ""
    head, foot = style.heights(title, NOTE if framed else "", width)
    panel = float(np.clip(0.9 * width, 3.0, 4.6))
    height = len(benchmarks) * panel + head + foot
    looks = style.looks(table["model"], options.slots)
    with style.new_figure(files, width, height) as figure:
        style.add_frame(figure, title, NOTE if framed else "")
        panels = figure.subplots(len(benchmarks), 1, squeeze=False)[:, 0]
        figure.subplots_adjust(
            left=0.72 / width, right=1 - 0.14 / width, top=1 - (head + 0.3) / height, bottom=(foot + 0.5) / height,
            hspace=0.85 / (panel - 0.85),
        )  # fmt: skip
        for axes, benchmark in zip(panels, benchmarks, strict=True):
            draw_panel(axes, table[table["benchmark"] == benchmark], looks)
            axes.set_title(benchmark, loc="left", fontsize=10, fontweight="bold", pad=7)
            axes.set_xlabel("LCPR")
            axes.set_ylabel("accuracy")


NOTE = (
    "Dev questions; averages over the languages other than English. A path starts at the white dot, GRPO's parent, and "
    "has a marker for each checkpoint; the large one is the end of the training, with its 95 % interval."
)


def draw_panel(axes: "Axes", rows: pd.DataFrame, looks: Mapping[str, style.Look]) -> None:
    """One benchmark: a path for each model, labelled at its end."""
    style.limit_points(axes, rows, rows[rows["step"] == rows.groupby("model")["step"].transform("max")])
    axes.grid(color=style.FAINT, linewidth=0.5)
    ends, texts, lines = [], [], []
    for model, path in rows.groupby("model", sort=False):
        color, marker = looks[str(model)]
        path = path.sort_values("step")
        points = path[["lcpr", "accuracy"]].to_numpy(float)
        axes.plot(
            points[:, 0], points[:, 1], color=color, lw=1.3, marker=marker, ms=3.5, alpha=0.85, zorder=3, clip_on=False
        )
        end = path.iloc[-1]
        x, y = end["lcpr"], end["accuracy"]
        spread = [
            [[value - end[f"{m}_low"]], [end[f"{m}_high"] - value]] for m, value in (("lcpr", x), ("accuracy", y))
        ]
        axes.errorbar(
            x, y, xerr=np.clip(spread[0], 0, None), yerr=np.clip(spread[1], 0, None),
            fmt=marker, ms=8, color=color, elinewidth=0.8, alpha=0.9, zorder=4, clip_on=False,
        )  # fmt: skip
        ends.append((x, y))
        texts.append(str(model))
        lines.append(points)
        axes.plot(
            *points[0], marker="o", ms=9, color=style.PAPER, markeredgecolor=style.INK, markeredgewidth=1.5, zorder=5,
            clip_on=False,
        )  # fmt: skip
    label_points(axes, np.array(ends), np.full(len(ends), 5.0), texts, [style.INK] * len(ends), lines)
