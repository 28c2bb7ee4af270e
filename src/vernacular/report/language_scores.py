"""Scores by language: one column of dots for each language, one panel for each benchmark and metric."""

from pathlib import Path

import pandas as pd

from vernacular.evaluation.version import read_table
from vernacular.language.languages import ENGLISH
from vernacular.report import style
from vernacular.report.options import FigureOptions
from vernacular.report.style import Files, new_figure
from vernacular.storage.tables import check_numbers, with_bounds

GROUPS = ("all", "in-domain", "out-of-domain")
METRICS = {"accuracy": "accuracy", "lcpr": "LCPR"}
KEYS = ("model", "benchmark", "language")
COLUMNS = (*KEYS, *with_bounds(*METRICS))


def languages_table(scores: str | Path) -> pd.DataFrame:
    """`figures/languages.csv`: COLUMNS, a row for each model, benchmark and language, from tables/scores.csv.

    Rates with their 95 % intervals; means over several seeds, also of the ends of the intervals. Rounded to 6 digits.
    Raises ValueError for a table without a row for a single language.
    """
    rows = read_table(scores, ["seeds", *COLUMNS])
    check_numbers(rows, ["seeds", *with_bounds(*METRICS)], scores)
    rows = rows[~rows["language"].isin(GROUPS) & (rows["seeds"] == 1)]
    if rows.empty:
        raise ValueError(f"{scores}: no rows to draw; delete it and rerun")
    return rows.groupby(list(KEYS), sort=False)[with_bounds(*METRICS)].mean().round(6).reset_index()


def draw_languages(table: pd.DataFrame, files: Files, options: FigureOptions) -> None:
    """Draw the rows of `languages_table`; in-domain languages first, then the others, English last."""
    benchmarks, models = list(table["benchmark"].unique()), list(table["model"].unique())
    inside = [code for code in options.in_domain if code in set(table["language"])]
    others = sorted(set(table["language"]) - {*inside, ENGLISH})
    languages = [*inside, *others, *([ENGLISH] if ENGLISH in set(table["language"]) else [])]
    places = [(benchmark, metric) for benchmark in benchmarks for metric in METRICS]
    looks = style.looks(models, options.slots)
    with new_figure(files, options.width, 0.6 + 2.3 * len(places), layout="constrained") as figure:
        panels = figure.subplots(len(places), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (benchmark, metric) in zip(panels, places, strict=True):
            for number, (model, (color, marker)) in enumerate(looks.items()):
                chosen = table[(table["model"] == model) & (table["benchmark"] == benchmark)].set_index("language")
                here = [code for code in languages if code in chosen.index]
                shift = (number - (len(models) - 1) / 2) * 0.7 / len(models)
                x = [languages.index(code) + shift for code in here]
                y = chosen.loc[here, metric]
                error = [y - chosen.loc[here, f"{metric}_low"], chosen.loc[here, f"{metric}_high"] - y]
                drawn = axes.errorbar(
                    x, y, yerr=error, fmt=marker, ms=3.5, lw=0.8, color=color, label=model, clip_on=False
                )
                for artist in drawn.get_children():
                    artist.set_in_layout(False)  # what is not clipped would count as far as it might reach
            for border in (len(inside), len(inside) + len(others)):
                axes.axvline(border - 0.5, color=style.FAINT, lw=0.8)
            axes.set_ylim(0, 1)
            axes.set_ylabel(METRICS[metric])
            axes.set_title(benchmark, **style.PANEL_TITLE)
        panels[-1].set_xticks(range(len(languages)), languages)
        panels[-1].set_xlabel(
            style.wrapped("language of the question (in-domain | out-of-domain | English)", options.width - 0.6, 9)
        )
        style.add_legend(figure, panels[0], "outside lower center")
        title = f"Scores by language, with 95 % intervals ({options.scale}, study '{options.study}')"
        style.add_title(figure, title)
