"""GRPO over its steps: accuracy, match rate, share of English traces, and the strength of the alignment."""

from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.figures.style import PALETTE, WIDTH, house_style, save_png
from vernacular.tables import read_csv

PANELS = {
    "accuracy": "share of right answers",
    "match_rate": "traces in the query's language",
    "english_rate": "traces in English",
    "alignment_strength": "bonus x g(t)",
}
WINDOW = 5  # steps of the running mean: one step scores some dozens of prompts


def draw_training(models: list[str], out: str | Path, options: dict[str, Any]) -> None:
    """Draw the history.csv of each model folder .../seed-<n>/models/<model>; several seeds of a model are averaged."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    histories: dict[str, list[pd.DataFrame]] = {}
    for path in map(Path, models):
        histories.setdefault(path.name, []).append(read_csv(path / "history.csv", ["step", *PANELS]).set_index("step"))
    with house_style():
        figure = Figure(figsize=(WIDTH, 6.2), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(2, 2, sharex=True).flat
        for axes, (metric, title) in zip(grid, PANELS.items(), strict=True):
            for number, (model, frames) in enumerate(histories.items()):
                mean = pd.concat([frame[metric] for frame in frames], axis=1).mean(axis=1)
                smooth = mean.rolling(WINDOW, min_periods=1, center=True).mean()
                axes.plot(smooth.index, smooth, color=PALETTE[number % len(PALETTE)], lw=1.4, label=model)
            axes.set_title(title, loc="left", fontsize=10)
            if metric != "alignment_strength":
                axes.set_ylim(-0.03, 1.03)
        for axes in figure.axes[-2:]:
            axes.set_xlabel("step of GRPO")
        handles, names = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6), frameon=False)
        figure.suptitle(
            f"GRPO over its steps, means of {WINDOW} ({options['scale']}, study '{options['study']}')", fontsize=11
        )
        save_png(figure, out)
