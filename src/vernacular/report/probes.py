"""Several decoders side by side: in which of their layers languages differ, by each statistic of SLAM's probe.

slam/probe.py has the definitions. Layer 0 is at the bottom, as in the models.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from vernacular.evaluation.results import COMPARED, read_probe
from vernacular.language.languages import ENGLISH
from vernacular.report.options import SlamOptions
from vernacular.report.slam_figures import layer_axis
from vernacular.report.style import BLUE, FAINT, ORANGE, PALETTE, PANEL_TITLE, Files, add_title, new_figure

GREEN = PALETTE[2]
NAMED = 3  # layers that the table names of each statistic


def layers_table(probes: Iterable[str | Path]) -> pd.DataFrame:
    """`figures/probes.csv`, a row for each model and layer: model, layer, msd, msd_neurons, overlap, overlap_low,
    overlap_high.

    probes: .../slam/<model>/probe.parquet. overlap: with English, the mean over the other languages; low and high are
    those of one language. All three are null where English was not probed.
    """
    found = []
    for path in map(Path, probes):
        rows = read_probe(path, COMPARED)
        table = rows.groupby("layer")[["msd", "msd_neurons"]].first()
        overlap = rows[rows["language"] != ENGLISH].groupby("layer")["overlap"]
        table = table.assign(overlap=overlap.mean(), overlap_low=overlap.min(), overlap_high=overlap.max())
        found.append(table.reset_index().assign(model=path.parent.name))
    whole = pd.concat(found, ignore_index=True)
    return whole[["model", *(name for name in whole if name != "model")]]


def compared_table(probes: Iterable[str | Path]) -> pd.DataFrame:
    """`tables/probes.csv`, a row for each model.

    layers, languages, questions (of each language); tokens_en, and most_tokens: the tokens of the language with the
    most, `most`, for each of English's. stability: of the ranking of layers by MSD between halves of the questions.
    <one>_with_<other>: Spearman's correlation over the layers of MSD (msd) or its form by neurons (neurons) with the
    number of the layer (depth), with each other, and with the overlap. highest_msd, highest_neurons, lowest_overlap:
    NAMED layers, the first one first.
    """
    rows = []
    for path in map(Path, probes):
        layers, probe = layers_table([path]).set_index("layer"), read_probe(path, COMPARED)
        tokens = probe.groupby("language")["tokens"].first()
        english = int(tokens[ENGLISH]) if ENGLISH in tokens else None
        rows.append(
            {
                "model": path.parent.name,
                "layers": len(layers),
                "languages": len(tokens),
                "questions": int(probe["questions"].iloc[0]),
                "tokens_en": english,
                "most_tokens": tokens.max() / english if english else None,
                "most": tokens.idxmax(),
                "stability": probe["stability"].iloc[0],
                "msd_with_depth": spearman(layers["msd"], layers.index.to_series()),
                "neurons_with_depth": spearman(layers["msd_neurons"], layers.index.to_series()),
                "msd_with_neurons": spearman(layers["msd"], layers["msd_neurons"]),
                "msd_with_overlap": spearman(layers["msd"], layers["overlap"]),
                "neurons_with_overlap": spearman(layers["msd_neurons"], layers["overlap"]),
                "highest_msd": first_layers(-layers["msd"]),
                "highest_neurons": first_layers(-layers["msd_neurons"]),
                "lowest_overlap": first_layers(layers["overlap"]),
            }
        )
    return pd.DataFrame(rows)


def spearman(one: pd.Series, other: pd.Series) -> float:
    """NaN where one of the two is the same in all layers, or missing."""
    if one.nunique() < 2 or other.nunique() < 2:
        return float("nan")
    return float(one.rank().corr(other.rank()))


def first_layers(values: pd.Series) -> str:
    return " ".join(map(str, values.dropna().sort_values(kind="stable").index[:NAMED]))


def draw_probes(table: pd.DataFrame, files: Files, options: SlamOptions) -> None:
    """Draw the rows of `layers_table`, a panel for each model: both deviations, relative to their highest, and the
    overlap with English, its mean and its range over the languages."""
    models = list(dict.fromkeys(table["model"]))
    across = min(len(models), 3 if options.width >= 6 else 1)
    down = -(-len(models) // across)
    panel = float(np.clip(0.12 * table["layer"].nunique() + 1.0, 2.4, 5.0))
    with new_figure(files, options.width, panel * down + 1.1, layout="constrained") as figure:
        cells = np.ravel(figure.subplots(down, across, squeeze=False))
        for axes, model in zip(cells, models, strict=False):
            rows = table[table["model"] == model].sort_values("layer")
            relative = rows[["msd", "msd_neurons"]] / rows[["msd", "msd_neurons"]].max().replace(0, 1)
            axes.fill_betweenx(rows["layer"], rows["overlap_low"], rows["overlap_high"], color=GREEN, alpha=0.15, lw=0)
            axes.plot(rows["overlap"], rows["layer"], color=GREEN, lw=1.4, label="overlap with English")
            axes.plot(relative["msd"], rows["layer"], "o-", color=BLUE, lw=1.8, ms=3.5, label="MSD / highest")
            axes.plot(
                relative["msd_neurons"], rows["layer"], "s-", color=ORANGE, lw=0.9, ms=3,
                label="MSD, neuron by neuron / highest",
            )  # fmt: skip
            axes.set(xlim=(0, 1.02), ylabel="layer")
            axes.set_title(model, **PANEL_TITLE)
            axes.grid(axis="x", color=FAINT, lw=0.6)
            layer_axis(axes, list(rows["layer"]))
        for axes in cells[len(models) :]:
            axes.set_visible(False)
        keys = cells[0].get_legend_handles_labels()
        figure.legend(*keys, loc="outside lower left", ncols=3 if options.width >= 6 else 1, frameon=False)
        title = f"Where each model handles language ({options.scale}, study '{options.study}')"
        add_title(figure, title)
