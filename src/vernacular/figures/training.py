"""GRPO over its steps: accuracy, match rate, share of English traces, alignment, tokens, and the language mix."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.figures.style import PALETTE, WIDTH, house_style, save_png
from vernacular.tables import read_csv

PANELS = {
    "accuracy": "share of right answers",
    "match_rate": "traces in the query's language",
    "alignment_strength": "bonus x g(t)",
    "tokens": "tokens a completion",
}
MIX = {  # what a trace is in -> its colour
    "the query's language": PALETTE[0],
    "another language": PALETTE[4],
    "English": PALETTE[1],
    "not identified": "#bdbdbd",
}
TOKENS = "completions/mean_length"  # TRL's name
WINDOW = 5  # steps of the running mean: one step scores some dozens of prompts


def histories(models: Sequence[str | Path]) -> pd.DataFrame:
    """`figures/training.csv`: model, step, the rates of GRPO's own rollouts and tokens, means over the seeds.

    models: folders .../seed-<n>/models/<model> with their history.csv. Raises ValueError for one that has none of it.
    """
    rows = []
    for path in map(Path, models):
        columns = ["step", *PANELS, "english_rate", "abstained_rate"]
        of_file = [TOKENS if name == "tokens" else name for name in columns]
        history = read_csv(path / "history.csv", of_file).rename(columns={TOKENS: "tokens"})
        rows.append(history[columns].assign(model=path.name))
    table = pd.concat(rows).groupby(["model", "step"], sort=False).mean().reset_index()
    return table.round(6)


def draw_training(table: pd.DataFrame, out: str | Path, options: dict[str, Any]) -> None:
    """Draw the rows of `histories`, a panel for each of PANELS and a line for each model."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with house_style():
        figure = Figure(figsize=(WIDTH, 6.2), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(2, 2, sharex=True).flat
        for axes, (metric, title) in zip(grid, PANELS.items(), strict=True):
            for number, (model, rows) in enumerate(table.groupby("model", sort=False)):
                smooth = running(rows.set_index("step")[metric])
                color = PALETTE[number % len(PALETTE)]
                axes.plot(smooth.index, smooth, color=color, lw=1.4, label=str(model))
            axes.set_title(title, loc="left", fontsize=10)
            if metric in ("accuracy", "match_rate"):
                axes.set_ylim(-0.03, 1.03)
        for axes in figure.axes[-2:]:
            axes.set_xlabel("step of GRPO")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6), frameon=False)
        figure.suptitle(title_of("GRPO over its steps", options), fontsize=11)
        save_png(figure, out)


def draw_mix(table: pd.DataFrame, out: str | Path, options: dict[str, Any]) -> None:
    """Draw which language the traces are in over the steps, as stacked areas, a panel for each model."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    models = list(dict.fromkeys(table["model"]))
    columns = min(len(models), 3)
    lines = -(-len(models) // columns)
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.9 + 2.2 * lines), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).flat
        for axes, model in zip(grid, models, strict=False):
            shares = language_mix(table[table["model"] == model].set_index("step"))
            areas = [running(shares[name]).to_numpy() for name in MIX]
            axes.stackplot(shares.index, areas, colors=list(MIX.values()), labels=list(MIX), lw=0)
            axes.set_title(model, loc="left", fontsize=10)
            axes.set_ylim(0, 1)
            axes.set_xlabel("step of GRPO")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.margins(x=0)
        for axes in list(grid):  # those that no model is left for
            axes.set_axis_off()
        figure.axes[0].set_ylabel("share of traces")
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(MIX), frameon=False)
        figure.suptitle(title_of("Languages of the traces", options), fontsize=11)
        save_png(figure, out)


def language_mix(rows: pd.DataFrame) -> pd.DataFrame:
    """The shares of MIX, which add up to 1, of rollouts that were not asked in English.

    With English among the queries, traces that match and traces in English overlap; the overlap goes to the query's
    language, and what is left over for English may hold some of another language.
    """
    match, unknown = rows["match_rate"], rows["abstained_rate"]
    english = rows["english_rate"].clip(upper=(1 - match - unknown).clip(lower=0))
    other = (1 - match - unknown - english).clip(lower=0)
    return pd.DataFrame(
        {"the query's language": match, "another language": other, "English": english, "not identified": unknown}
    )


def running(values: pd.Series) -> pd.Series:
    return values.rolling(WINDOW, min_periods=1, center=True).mean()


def title_of(what: str, options: dict[str, Any]) -> str:
    return f"{what}, means of {WINDOW} ({options['scale']}, study '{options['study']}')"
