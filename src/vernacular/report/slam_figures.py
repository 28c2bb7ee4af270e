"""SLAM's figures: what the probe found and which layers were chosen; what tuning one layer gains, next to its MSD.

Layer 0 is at the bottom, as in the model.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vernacular.evaluation.results import read_probe
from vernacular.evaluation.version import read_table
from vernacular.language.languages import ENGLISH
from vernacular.report.options import SlamOptions
from vernacular.report.style import (
    BLUE,
    FAINT,
    ORANGE,
    PANEL_TITLE,
    QUIET,
    Files,
    add_title,
    looks,
    new_figure,
    wrapped,
)
from vernacular.storage.tables import check_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RULES_BY_THRESHOLD = ("threshold", "leading")  # of select.RULES

Choices = Mapping[str, Mapping[str, Any]]  # model -> its layers.json (results.read_choices)


def probe_table(probe: str | Path, choices: Choices) -> pd.DataFrame:
    """`figures/slam-probe-<model>.csv`: layer, language, active, msd, msd_neurons, tuned_by; from a probe.parquet.

    A row for each layer and language; active is the share of neurons active at a token, the deviations are those of
    the layer (probe.py has the definitions); tuned_by names the models that tune it, separated by spaces. choices: only
    of models whose parent was probed. Raises ValueError if the probe is broken or a choice is for another number of
    layers.
    """
    rows = read_probe(probe)
    layers = rows["layer"].nunique()
    for model, choice in choices.items():
        if choice["of"] != layers:
            raise ValueError(
                f"layers.json of '{model}': chosen among {choice['of']} layers, but {probe} has {layers}; "
                "probe and choose again"
            )
    tuned_by = {
        layer: " ".join(model for model, choice in choices.items() if layer in choice["layers"])
        for layer in rows["layer"].unique()
    }
    return rows.assign(tuned_by=rows["layer"].map(tuned_by))


def draw_probe(table: pd.DataFrame, files: Files, options: SlamOptions, choices: Choices) -> None:
    """Draw the rows of `probe_table`: active share by layer and language, MSD by layer, the layers that models tune.

    Models appear in the order of `choices`, of which there may be none. The first one's layers are marked across the
    figure, with its threshold if a rule with one chose them. English is the last language.
    """
    shares = table.pivot(index="layer", columns="language", values="active").sort_index()
    languages = sorted(shares.columns, key=lambda code: (code == ENGLISH, code))
    # An empty field comes back from the CSV as NaN.
    names = table.groupby("layer")["tuned_by"].first().fillna("").str.split()
    tuned = {model: [layer for layer in shares.index if model in names[layer]] for model in choices}
    marked = next(iter(tuned.values()), [])
    panel = float(np.clip(0.25 * len(shares), 1.8, 7.0))
    side_by_side = options.width >= 6
    longest = max(map(len, tuned), default=0)
    # Inches, like all sizes here: below the panels are the labels of the models, upright, and two keys.
    height = (panel + 1.6 if side_by_side else 2 * panel + 3.0) + 0.075 * longest
    with new_figure(files, options.width, height, layout="constrained") as figure:
        heat, curve, chosen = _probe_panels(figure, side_by_side, len(languages), len(tuned))
        image = heat.imshow(shares[languages], aspect="auto", origin="lower", cmap="viridis", interpolation="nearest")
        figure.colorbar(image, ax=heat, location="bottom", aspect=40, label="share of neurons active at a token")
        heat.set_xticks(range(len(languages)), languages, fontsize=8.5 if len(languages) <= 16 else 7)
        heat.set_ylabel("layer")
        heat.set_title("Active share", **PANEL_TITLE)
        _draw_deviation(curve, table, next((choice["options"] for choice in choices.values()), None))
        figure.legend(*curve.get_legend_handles_labels(), loc="outside lower right", frameon=False)
        styled = looks(tuned, options.slots)
        for number, (model, layers) in enumerate(tuned.items()):
            color, marker = styled[model]
            chosen.plot([number] * len(layers), layers, marker, ms=6, mew=0, color=color)
        chosen.set_xticks(range(len(tuned)), list(tuned), rotation=90)
        chosen.set_xlim(-0.6, max(len(tuned), 1) - 0.4)
        chosen.set_title("Tuned", **PANEL_TITLE)
        chosen.set_visible(bool(tuned))
        layer_axis(heat, list(shares.index), marked)
        layer_axis(curve, list(shares.index), marked)
        for axes in (chosen,) if not side_by_side else (curve, chosen):
            axes.tick_params(axis="y", left=False, labelleft=False)
        for axes in (curve, chosen):
            for layer in marked:
                axes.axhspan(layer - 0.5, layer + 0.5, color=BLUE, alpha=0.12, lw=0)
        title = f"Where languages differ, layer by layer ({options.scale}, study '{options.study}')"
        add_title(figure, title)


def _probe_panels(figure: "Figure", side_by_side: bool, languages: int, models: int) -> tuple["Axes", "Axes", "Axes"]:
    """Panels for the active share, the deviation and the tuned layers; the last two share their upright axis."""
    last = max(0.55, 0.28 * models)
    if side_by_side:
        grid = figure.add_gridspec(1, 3, width_ratios=[max(3.0, 0.25 * languages), 3.0, last])
        heat, curve = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
        return heat, curve, figure.add_subplot(grid[2], sharey=curve)
    grid = figure.add_gridspec(2, 2, width_ratios=[2.4, last])
    heat, curve = figure.add_subplot(grid[0, :]), figure.add_subplot(grid[1, 0])
    return heat, curve, figure.add_subplot(grid[1, 1], sharey=curve)


def _draw_deviation(axes: "Axes", rows: pd.DataFrame, rule: Any) -> None:
    """MSD and its variant per neuron over the layers, each relative to its maximum, and the threshold of the rule."""
    by_layer = rows.groupby("layer")[["msd", "msd_neurons"]].first()
    relative = by_layer / by_layer.max().where(by_layer.max() > 0, 1.0)
    axes.plot(relative["msd"], relative.index, "o-", color=BLUE, lw=1.8, ms=4, label="MSD", clip_on=False)
    axes.plot(relative["msd_neurons"], relative.index, color=ORANGE, lw=0.9, label="MSD, neuron by neuron")
    if isinstance(rule, dict) and rule["choose"] in RULES_BY_THRESHOLD:
        color = ORANGE if rule["by"] == "msd_neurons" else BLUE  # that of the curve it applies to
        axes.axvline(rule["threshold"], color=color, lw=0.9, ls=(0, (4, 3)), label=f"threshold {rule['threshold']:g}")
    axes.set_xlim(0, 1)
    axes.grid(axis="x", color=FAINT, lw=0.6)
    axes.set_xlabel("relative to the highest")
    axes.set_title("Deviation by layer", **PANEL_TITLE)


def layer_axis(axes: "Axes", layers: list[int], marked: Sequence[int] = ()) -> None:
    """Name the layers, all or every second or fourth, and those that are marked, on an upright axis."""
    step = 1 if len(layers) <= 16 else 2 if len(layers) <= 24 else 4
    labelled = [layer for layer in layers if layer % step == 0 or layer in marked]
    axes.set_yticks(labelled, [str(layer) for layer in labelled])
    axes.set_ylim(min(layers) - 0.5, max(layers) + 0.5)
    for label, layer in zip(axes.get_yticklabels(), labelled, strict=True):
        if layer in marked:
            label.set(color=BLUE, fontweight="bold")


SWEEP = ["benchmark", "seed", "layer", "msd", "gain", "gain_low", "gain_high"]  # of the columns, those that are drawn


def sweep_figure_table(sweep: str | Path) -> pd.DataFrame:
    """`figures/slam-sweep.csv`: tables/slam-sweep.csv (sweep_table) as it is. Raises ValueError if it has no rows."""
    rows = read_table(sweep)
    check_numbers(rows, SWEEP[1:], sweep)
    return rows


def draw_sweep(table: pd.DataFrame, files: Files, options: SlamOptions) -> None:
    """Draw a table of the sweep: for each benchmark and seed the gain of each layer, with its interval, next to MSD."""
    groups = list(table.groupby(["benchmark", "seed"], sort=False))
    across = min(len(groups), 2 if options.width >= 6 else 1)
    down = -(-len(groups) // across)
    span = [min(float(table["gain_low"].min()), 0.0), max(float(table["gain_high"].max()), 0.0)]
    margin = 0.06 * (span[1] - span[0] or 1)
    panel = float(np.clip(1.1 + 0.2 * table["layer"].nunique(), 2.2, 7.5))
    with new_figure(files, options.width, 0.5 + panel * down, layout="constrained") as figure:
        cells = np.ravel(figure.subfigures(down, across, squeeze=False))
        for cell, ((benchmark, seed), chosen) in zip(cells, groups, strict=False):
            left, right = cell.subplots(1, 2, sharey=True, width_ratios=[2, 1])
            left.axvline(0, color=QUIET, lw=0.8)
            left.hlines(chosen["layer"], chosen["gain_low"], chosen["gain_high"], color=BLUE, lw=0.9)
            left.plot(chosen["gain"], chosen["layer"], "o", ms=4, color=BLUE)
            left.set_xlim(span[0] - margin, span[1] + margin)
            left.set_xlabel("gain in accuracy, layer tuned alone")
            left.set_ylabel("layer")
            right.barh(chosen["layer"], chosen["msd"] / (chosen["msd"].max() or 1.0), height=0.7, color=ORANGE)
            right.set_xlim(0, 1)
            right.set_xlabel("MSD / highest")
            right.tick_params(axis="y", length=0)
            layer_axis(left, sorted(chosen["layer"]))
            row = chosen.iloc[0]
            words = f"{benchmark}, seed {seed}: {_correlation_text(row)}"
            cell.suptitle(wrapped(words, options.width / across - 0.2, 10), fontsize=9.5, fontweight="bold")
        title = f"Does MSD pick the right layers? ({options.scale}, study '{options.study}')"
        add_title(figure, title)


def _correlation_text(row: pd.Series) -> str:
    """Spearman's correlation with its interval, or why there is none."""
    if np.isnan(row["spearman"]):
        return "MSD or gain is constant"
    text = f"Spearman {row['spearman']:+.2f}"
    if np.isnan(row["spearman_low"]):
        return text
    return f"{text} [{row['spearman_low']:+.2f}, {row['spearman_high']:+.2f}]"
