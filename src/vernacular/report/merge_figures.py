"""What the gate of a merge does in each language: its two weights, beside the accuracy that the merge gains."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vernacular.evaluation.statistics import DIGITS, ENGLISH, LEVEL, interval
from vernacular.report.merge_tables import (
    INTERVAL,
    Frames,
    accuracies,
    in_order,
    low_resource_of,
    minus,
    need_scores,
    questions_of,
    scores_of,
)
from vernacular.report.style import BLUE, FAINT, INK, ORANGE, QUIET, WIDTH, Array, house_style, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Column -> name, colour, marker, and how far beside the language's place it stands.
WEIGHTS: dict[str, tuple[str, str, str, float]] = {
    "gate_encoder": ("weight of the encoder's features", BLUE, "o", -0.14),
    "gate_llm": ("weight of the LLM's embeddings", ORANGE, "s", 0.14),
}
_NORMAL = 1.959964  # the 97.5 % quantile of the normal distribution
_TITLE: Any = {"loc": "left", "fontsize": 10, "fontweight": "bold"}


COLUMNS = (
    *("benchmark", "language"),
    *(f"{weight}{part}" for weight in WEIGHTS for part in INTERVAL),
    *("untold", *(f"gain{part}" for part in INTERVAL), "seeds"),
)


def gates_table(frames: Frames, generations: Frames, options: Mapping[str, Any]) -> pd.DataFrame:
    """`figures/merge-gates.csv`: COLUMNS, a row for each benchmark and language of the merge `model`'s generations.

    Weights and untold as gates_by_language has them, gains as gains_by_language, languages in the order of the tables;
    seeds: how many were averaged. Rounded to 6 digits. generations: (model, benchmark, seed) -> records.GENERATION.
    options: draws, model, baseline, low_resource. Raises ValueError where `model` has no generations, where it or the
    baseline has no scores beside them, where both are not of the same questions, and for a benchmark on which no
    question has gate weights.
    """
    model = options["model"]
    shown = [(benchmark, seed) for name, benchmark, seed in generations if name == model]
    if not shown:
        raise ValueError(f"no generations of '{model}', merge.model; add it to the models of the evaluation")
    for benchmark, seed in shown:
        for role in ("model", "baseline"):
            need_scores(frames, options, role, benchmark, seed)
    parts = []
    for benchmark in dict.fromkeys(benchmark for benchmark, _ in shown):
        seeds = [seed for of, seed in shown if of == benchmark]
        gains = gains_by_language(frames, benchmark, seeds, options)
        gates = gates_by_language(frames, generations, benchmark, options)
        part = gates.join(gains).round(DIGITS).rename_axis("language").reset_index()
        parts.append(part.assign(benchmark=benchmark, seeds=len(seeds)))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def draw_gates(table: pd.DataFrame, path_png: str | Path, path_svg: str | Path, options: Mapping[str, Any]) -> None:
    """Draw the rows of `gates_table`, a row of panels for each benchmark, languages as in the table.

    Left: the means of the gate's two weights over the questions, with normal 95 % intervals. Right: the accuracy gained
    over the merge `baseline`, with paired bootstrap intervals. Under a language stands the percentage of its questions
    whose gate got the mean language embedding, where there are such. options: study, scale, model, baseline,
    low_resource.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    benchmarks = list(dict.fromkeys(table["benchmark"]))
    told = (table["untold"] > 0).any()
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.95 + 1.95 * len(benchmarks)), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(benchmarks), 2, sharey="col", squeeze=False)
        for (left, right), benchmark in zip(panels, benchmarks, strict=True):
            of = table[table["benchmark"] == benchmark].set_index("language")
            left.axhline(1, color=QUIET, lw=0.8)
            for column, (name, color, marker, shift) in WEIGHTS.items():
                _points(left, _bounds(of, column), shift, color=color, fmt=marker, label=name)
            left.set_title(f"{benchmark}: gate weights", **_TITLE)
            right.axhline(0, color=QUIET, lw=0.8)
            _points(right, _bounds(of, "gain"), 0.0, color=INK, fmt="o")
            right.set_title(f"{benchmark}: gain in accuracy", **_TITLE)
            low = len(low_resource_of(of.index, options["low_resource"]))
            borders = {low, len(of) - (ENGLISH in of.index)} - {0, len(of)}
            labels = [f"{code}\n{_percent(of['untold'][code])}" for code in of.index] if told else list(of.index)
            _language_axis(left, labels, borders)
            _language_axis(right, list(of.index), borders)
        low, high = panels[0, 1].get_ylim()  # which all share; no axis of rounding errors where nothing is gained
        panels[0, 1].set_ylim(min(low, -0.02), max(high, 0.02))
        where = "language of the question (low-resource | others | English)"
        panels[-1, 0].set_xlabel(f"{where}\nbelow: % of questions whose gate got the mean embedding" if told else where)
        panels[-1, 1].set_xlabel(where)
        figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower left", ncols=2, frameon=False)
        figure.suptitle(_title(options, int(table["seeds"].max())), fontsize=11)
        save_figure(figure, path_png, path_svg)


def gates_by_language(frames: Frames, generations: Frames, benchmark: str, options: Mapping[str, Any]) -> pd.DataFrame:
    """The gate of the merge `model`, a row for each language: gate_encoder and gate_llm, the mean over the questions
    (each the mean over its samples and seeds), with _low and _high, the normal 95 % interval (null for one question);
    untold, the share of the questions without a told language, whose gate got the mean embedding.

    Questions that fit no context have no weights and are left out; see gates_table for the errors.
    """
    model = options["model"]
    parts = []
    for (name, of, seed), rows in generations.items():
        if (name, of) != (model, benchmark):
            continue
        place = f"generations of {model} on {benchmark}, seed {seed}"
        if missing := [name for name in ("id", "language", *WEIGHTS, "told_language") if name not in rows.columns]:
            raise ValueError(f"{place}: no column {', '.join(missing)}; generate them again")
        if questions_of(rows) != questions_of(frames[model, benchmark, seed]):
            raise ValueError(f"{place}: other questions than were scored; delete the scores and rerun")
        parts.append(rows[["id", "language", *WEIGHTS]].assign(untold=rows["told_language"].isna().astype(float)))
    asked = pd.concat(parts)
    weighed = asked.dropna(subset=list(WEIGHTS))
    if weighed.empty:
        raise ValueError(f"{benchmark}: no generation of '{model}' has gate weights; name a merge as merge.model")
    questions = weighed.groupby(["language", "id"]).mean().groupby("language")
    means, spread, n = questions.mean(), questions.std(), questions.size()
    for column in WEIGHTS:
        half: pd.Series = _NORMAL * spread[column] / np.sqrt(n)
        means[f"{column}_low"], means[f"{column}_high"] = means[column] - half, means[column] + half
    return means.reindex(in_order(asked["language"], options["low_resource"]))


def gains_by_language(frames: Frames, benchmark: str, seeds: Sequence[int], options: Mapping[str, Any]) -> pd.DataFrame:
    """What the merge `model` gains in accuracy over `baseline`, a row for each language: gain, gain_low, gain_high.

    Seeds are averaged; the interval is the 95 % one of the paired bootstrap of statistics.joint_estimates.
    """
    model, baseline = options["model"], options["baseline"]
    runs = [(name, seed) for name in (model, baseline) for seed in seeds]
    scores = scores_of({(name, benchmark, seed): frames[name, benchmark, seed] for name, seed in runs}, benchmark)
    rows = {}
    for code in in_order(scores[runs[0]]["language"], options["low_resource"]):
        found = accuracies(scores, benchmark, [code], options["draws"])
        differences = [minus(found[model, seed], found[baseline, seed]) for seed in seeds]
        draws = np.mean([difference.draws for difference in differences], axis=0)
        rows[code] = [np.mean([difference.point for difference in differences]), *interval(draws)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["gain", "gain_low", "gain_high"])


def _bounds(rows: pd.DataFrame, column: str) -> Array:
    """(language, 3): value, low, high."""
    return rows[[f"{column}{part}" for part in INTERVAL]].to_numpy(np.float64)


def _points(axes: "Axes", bounds: Array, shift: float, **style: Any) -> None:
    """bounds (language, 3): value, low, high; a value without an interval has no bar."""
    error = np.nan_to_num(np.abs(bounds[:, 1:] - bounds[:, :1])).T
    axes.errorbar(np.arange(len(bounds)) + shift, bounds[:, 0], yerr=error, ms=4, lw=1.0, **style)


def _language_axis(axes: "Axes", labels: Sequence[str], borders: set[int]) -> None:
    for border in borders:
        axes.axvline(border - 0.5, color=FAINT, lw=0.8)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    axes.grid(axis="y", color=FAINT, lw=0.6)


def _percent(share: float) -> str:
    """Of questions without a told language: nothing where there is none, so that those with some stand out."""
    return "" if not share > 0 else f"{100 * share:.0f}" if share >= 0.005 else "<1"


def _title(options: Mapping[str, Any], seeds: int) -> str:
    averaged = f", mean of {seeds} seeds" if seeds > 1 else ""
    return (
        f"The gate of {options['model']}, and its gain over {options['baseline']}, with {100 * LEVEL:.0f} % intervals\n"
        f"({options['scale']}, study '{options['study']}'{averaged})"
    )
