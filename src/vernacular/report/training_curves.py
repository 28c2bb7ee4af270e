"""GRPO over its steps: accuracy, match rate, share of English traces, alignment, tokens, and the language mix."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from vernacular.report import style
from vernacular.report.options import FigureOptions
from vernacular.report.style import PALETTE, Files, new_figure
from vernacular.storage.tables import check_numbers, read_csv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS = {
    "accuracy": "share of right answers",
    "match_rate": "share of traces in the question's language",
    "alignment_strength": "weight of the language, bonus × g(t)",
    "tokens": "tokens per completion",
}
SHARES = ("accuracy", "match_rate")
TRACES = ("native_rate", "english_rate", "abstained_rate")  # shares of the languages of traces; the others of MIX
MIX = {  # column -> what a trace is in, its colour
    "query": ("the question's language", PALETTE[0]),
    "another": ("another language", PALETTE[3]),
    "english": ("English", PALETTE[1]),
    "not_identified": ("not identified", "#bdbdbd"),
}
TOKENS = "completions/mean_length"  # TRL's name
WINDOW = 5  # steps of the running mean in the figures: one step scores a few dozen prompts


def training_table(models: Sequence[str | Path]) -> pd.DataFrame:
    """`figures/training.csv`: model, step, PANELS, TRACES: GRPO's own rollouts, step by step.

    Shares of 1 and mean tokens per completion, means over the seeds, not smoothed; `mix_table` needs TRACES. Rounded to
    6 digits. models: folders .../seed-<n>/models/<model> with their history.csv.
    Raises ValueError for one without these columns.
    """
    rows = []
    for path in map(Path, models):
        columns = ["step", *PANELS, *TRACES]
        of_file = [TOKENS if name == "tokens" else name for name in columns]
        history = read_csv(path / "history.csv", of_file)
        check_numbers(history, of_file, path / "history.csv")
        history = history.rename(columns={TOKENS: "tokens"})
        rows.append(history[columns].assign(model=path.name))
    table = pd.concat(rows).groupby(["model", "step"], sort=False).mean().reset_index()
    return table.round(6)


def mix_table(table: pd.DataFrame) -> pd.DataFrame:
    """`figures/training-languages.csv`: model, step and MIX, from the rows of `training_table`.

    Shares of the rollouts, which add up to 1, not smoothed; rounded to 6 digits. If some queries are in English, native
    traces and traces in English overlap; the overlap counts for the query's language, and what remains for English may
    include some of another language.
    """
    native, unknown = table["native_rate"], table["abstained_rate"]
    english = table["english_rate"].clip(upper=(1 - native - unknown).clip(lower=0))
    shares = {
        "query": native,
        "another": (1 - native - unknown - english).clip(lower=0),
        "english": english,
        "not_identified": unknown,
    }
    return table[["model", "step"]].assign(**{name: shares[name].round(6) for name in MIX})


def draw_training(table: pd.DataFrame, files: Files, options: FigureOptions) -> None:
    """Draw the rows of `training_table` as running means over WINDOW steps: a panel per metric, a line per model.

    Shares span 0 to 1 and the others start at 0, so that noise looks as small as it is.
    """
    from matplotlib.ticker import MaxNLocator

    columns = 2 if options.width >= 6 else 1
    looks = style.looks(table["model"], options.slots)
    with new_figure(files, options.width, 6.2 if columns == 2 else 9.5, layout="constrained") as figure:
        grid = figure.subplots(4 // columns, columns, sharex=True)
        for axes, (metric, title) in zip(grid.flat, PANELS.items(), strict=True):
            highest = 0.0
            for model, rows in table.groupby("model", sort=False):
                smooth = running_mean(rows.set_index("step")[metric])
                color, marker = looks[str(model)]
                axes.plot(
                    smooth.index, smooth, color=color, lw=1.4, marker=marker, ms=4, label=str(model), clip_on=False,
                    markevery=max(len(smooth) // 6, 1),
                )  # fmt: skip
                highest = max(highest, float(smooth.max()))
            axes.set_title(title, loc="left", fontsize=10)
            axes.set_ylim(0, 1.0 if metric in SHARES else 1.15 * highest or 1.0)
        for axes in figure.axes[-columns:]:
            axes.set_xlabel("step of GRPO")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        finish(figure, "GRPO over its steps", options)


def draw_mix(table: pd.DataFrame, files: Files, options: FigureOptions) -> None:
    """Draw the rows of `mix_table` as running means over WINDOW steps: stacked areas, a panel for each model."""
    from matplotlib.ticker import MaxNLocator

    models = list(dict.fromkeys(table["model"]))
    columns = min(len(models), max(int(options.width / 3), 1))
    lines = -(-len(models) // columns)
    with new_figure(files, options.width, 0.9 + 2.2 * lines, layout="constrained") as figure:
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).flat
        for axes, model in zip(grid, models, strict=False):
            shares = table[table["model"] == model].set_index("step")
            areas = [running_mean(shares[name]).to_numpy() for name in MIX]
            labels, colors = zip(*MIX.values(), strict=True)
            axes.stackplot(shares.index, areas, colors=colors, labels=labels, lw=0)
            axes.set_title(model, loc="left", fontsize=10)
            axes.set_ylim(0, 1)
            axes.set_xlabel("step of GRPO")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.margins(x=0)
        for axes in list(grid):  # left without a model
            axes.set_axis_off()
        figure.axes[0].set_ylabel("share of traces")
        finish(figure, "Languages of the traces", options)


def running_mean(values: pd.Series) -> pd.Series:
    return values.rolling(WINDOW, min_periods=1, center=True).mean()


def finish(figure: "Figure", what: str, options: FigureOptions) -> None:
    style.add_legend(figure, figure.axes[0], "outside lower center")
    title = f"{what}, running means of {WINDOW} steps ({options.scale}, study '{options.study}')"
    style.add_title(figure, title)
