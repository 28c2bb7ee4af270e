"""What the gate of a merge does in each language: its two weights, next to the accuracy that the merge gains."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from vernacular.evaluation.frames import Frames, runs_on
from vernacular.evaluation.statistics import DIGITS, LEVEL, interval
from vernacular.language.languages import ENGLISH
from vernacular.report.comparisons import difference, scored_model
from vernacular.report.merge_tables import accuracies_in, comparable_scores, in_order, low_resource_of, questions_of
from vernacular.report.options import MergeOptions
from vernacular.report.style import (
    BLUE,
    FAINT,
    ORANGE,
    PANEL_TITLE,
    QUIET,
    Files,
    add_legend,
    add_title,
    looks,
    new_figure,
    wrapped,
)
from vernacular.storage.tables import with_bounds

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Column -> how it is drawn; shift: how far from the middle of the language's place.
WEIGHTS: dict[str, dict[str, Any]] = {
    "gate_encoder": {"label": "weight of the encoder's features", "color": BLUE, "fmt": "o", "shift": -0.14},
    "gate_llm": {"label": "weight of the LLM's embeddings", "color": ORANGE, "fmt": "s", "shift": 0.14},
}
_NORMAL = 1.959964  # the 97.5 % quantile of the normal distribution
COLUMNS = ("benchmark", "language", *with_bounds(*WEIGHTS), "untold", *with_bounds("gain"), "seeds")


def gates_table(frames: Frames, generations: Frames, options: MergeOptions) -> pd.DataFrame:
    """`figures/merge-gates.csv`: COLUMNS, a row for each benchmark and language of the merge `model`'s generations.

    Weights and untold come from gates_by_language, gains from gains_by_language, languages in the order of the tables;
    seeds: how many were averaged. Rounded to 6 digits. generations: (model, benchmark, seed) -> records.GENERATION.
    Raises ValueError if `model` has no generations, if it or the baseline has no scores for them, if both have
    different questions, and for a benchmark on which no question has gate weights.
    """
    runs = [(benchmark, seed) for model, benchmark, seed in generations if model == options.model]
    if not runs:
        raise ValueError(f"no generations of '{options.model}', merge.model; add it to the models of the evaluation")
    for benchmark, seed in runs:
        for role in ("model", "baseline"):
            scored_model(frames, options, role, benchmark, seed)
    parts = []
    for benchmark in dict.fromkeys(benchmark for benchmark, _ in runs):
        seeds = [seed for name, seed in runs if name == benchmark]
        gains = gains_by_language(frames, benchmark, seeds, options)
        gates = gates_by_language(frames, generations, benchmark, options)
        part = gates.join(gains).round(DIGITS).rename_axis("language").reset_index()
        parts.append(part.assign(benchmark=benchmark, seeds=len(seeds)))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def draw_gates(table: pd.DataFrame, files: Files, options: MergeOptions) -> None:
    """Draw the rows of `gates_table`, a row of panels for each benchmark, languages as in the table.

    Left: the means of the gate's two weights over the questions, with normal 95 % intervals. Right: the accuracy gained
    over the merge `baseline`, with paired bootstrap intervals. Below a language is the percentage of its questions
    whose gate got the mean language embedding, if there are any.
    """
    benchmarks = list(dict.fromkeys(table["benchmark"]))
    some_untold = (table["untold"] > 0).any()
    color, marker = looks([options.model], options.slots)[options.model]
    side_by_side = options.width >= 6
    height = 0.95 + (1.95 if side_by_side else 3.9) * len(benchmarks)
    with new_figure(files, options.width, height, layout="constrained") as figure:
        shape = (len(benchmarks), 2) if side_by_side else (2 * len(benchmarks), 1)
        panels = figure.subplots(*shape, squeeze=False).reshape(-1, 2)
        for below in panels.T:
            for axes in below[1:]:
                axes.sharey(below[0])
        for (left, right), benchmark in zip(panels, benchmarks, strict=True):
            rows = table[table["benchmark"] == benchmark].set_index("language")
            left.axhline(1, color=QUIET, lw=0.8)
            for column, look in WEIGHTS.items():
                _points(left, rows, column, **look)
            left.set_title(f"{benchmark}: gate weights", **PANEL_TITLE)
            right.axhline(0, color=QUIET, lw=0.8)
            _points(right, rows, "gain", color=color, fmt=marker)
            right.set_title(f"{benchmark}: gain in accuracy", **PANEL_TITLE)
            codes = list(rows.index)
            borders = {len(low_resource_of(codes, options.low_resource)), len(codes) - (ENGLISH in codes)}
            borders -= {0, len(codes)}
            percents = [f"{code}\n{_percent(rows['untold'][code])}" for code in codes]
            _language_axis(left, percents if some_untold else codes, borders)
            _language_axis(right, codes, borders)
        low, high = panels[0, 1].get_ylim()  # shared by all; at least so much, or noise would fill the panels
        panels[0, 1].set_ylim(min(low, -0.1), max(high, 0.1))
        low, high = panels[0, 0].get_ylim()
        panels[0, 0].set_ylim(min(low, 0.9), max(high, 1.1))
        across = options.width / 2 if side_by_side else options.width - 0.6
        where = wrapped("language of the question (low-resource | others | English)", across, 9)
        untold = wrapped("below: % of questions whose gate got the mean embedding", across, 9)
        panels[-1, 0].set_xlabel(f"{where}\n{untold}" if some_untold else where)
        panels[-1, 1].set_xlabel(where)
        add_legend(figure, panels[0, 0], "outside lower left")
        add_title(figure, _title(options, int(table["seeds"].max())))


def gates_by_language(frames: Frames, generations: Frames, benchmark: str, options: MergeOptions) -> pd.DataFrame:
    """The gate of the merge `model`, a row for each language: gate_encoder and gate_llm, the mean over the questions
    (each the mean over its samples and seeds), with _low and _high, the normal 95 % interval (null for one question);
    untold, the share of the questions without a told language, whose gate got the mean embedding.

    Questions too long for the context have no weights and are left out; see gates_table for the errors.
    """
    model = options.model
    parts = []
    for (name, seed), rows in runs_on(generations, benchmark).items():
        if name != model:
            continue
        place = f"generations of {model} on {benchmark}, seed {seed}"
        if missing := [column for column in ("id", "language", *WEIGHTS, "told_language") if column not in rows]:
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
    return means.reindex(in_order(asked["language"], options.low_resource))


def gains_by_language(frames: Frames, benchmark: str, seeds: Sequence[int], options: MergeOptions) -> pd.DataFrame:
    """What the merge `model` gains in accuracy over `baseline`, a row for each language: gain, gain_low, gain_high.

    Seeds are averaged; the interval is the 95 % one of the paired bootstrap of statistics.joint_estimates.
    """
    model, baseline = options.model, options.baseline
    runs = [(name, seed) for name in (model, baseline) for seed in seeds]
    scores = comparable_scores(
        {(name, benchmark, seed): frames[name, benchmark, seed] for name, seed in runs}, benchmark
    )
    rows = {}
    for code in in_order(scores[runs[0]]["language"], options.low_resource):
        found = accuracies_in(scores, benchmark, [code], options.draws)
        gains = [difference(found[model, seed], found[baseline, seed]) for seed in seeds]
        draws = np.mean([gain.draws for gain in gains], axis=0)
        rows[code] = [np.mean([gain.point for gain in gains]), *interval(draws)]
    return pd.DataFrame.from_dict(rows, orient="index", columns=with_bounds("gain"))


def _points(axes: "Axes", rows: pd.DataFrame, column: str, shift: float = 0.0, **style: Any) -> None:
    """A point for each language, with a bar if it has an interval."""
    bounds = rows[with_bounds(column)].to_numpy(np.float64)
    error = np.nan_to_num(np.abs(bounds[:, 1:] - bounds[:, :1])).T
    axes.errorbar(np.arange(len(bounds)) + shift, bounds[:, 0], yerr=error, ms=4, lw=1.0, **style)


def _language_axis(axes: "Axes", labels: Sequence[str], borders: set[int]) -> None:
    for border in borders:
        axes.axvline(border - 0.5, color=FAINT, lw=0.8)
    axes.set_xticks(range(len(labels)), labels)
    axes.set_xlim(-0.6, len(labels) - 0.4)
    axes.grid(axis="y", color=FAINT, lw=0.6)


def _percent(share: float) -> str:
    """The share of questions without a told language; nothing for 0, so that the others stand out."""
    return "" if not share > 0 else f"{100 * share:.0f}" if share >= 0.005 else "<1"


def _title(options: MergeOptions, seeds: int) -> str:
    averaged = f", mean of {seeds} seeds" if seeds > 1 else ""
    return (
        f"The gate of {options.model}, and its gain over {options.baseline}, with {100 * LEVEL:.0f} % intervals\n"
        f"({options.scale}, study '{options.study}'{averaged})"
    )
