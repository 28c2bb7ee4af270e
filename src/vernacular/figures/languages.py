"""Scores by language: one column of dots for each language, one panel for each benchmark and metric."""

from pathlib import Path
from typing import Any

from vernacular.figures.style import PALETTE, WIDTH, house_style, save_png
from vernacular.tables import read_csv

GROUPS = ("all", "in-domain", "out-of-domain")
METRICS = {"accuracy": "accuracy", "lcpr": "LCPR"}


def draw_languages(table: str | Path, out: str | Path, options: dict[str, Any]) -> None:
    """Draw tables/scores.csv by language; in-domain languages first, then the others, English last."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = read_csv(table, ["model", "benchmark", "language", "seeds", *METRICS])
    rows = rows[~rows["language"].isin(GROUPS) & (rows["seeds"] == 1)]
    rows = rows.groupby(["model", "benchmark", "language"], sort=False).mean(numeric_only=True).reset_index()
    benchmarks, models = list(rows["benchmark"].unique()), list(rows["model"].unique())
    inside = [code for code in options["in_domain"] if code in set(rows["language"])]
    others = sorted(set(rows["language"]) - {*inside, "en"})
    languages = [*inside, *others, *(["en"] if "en" in set(rows["language"]) else [])]
    with house_style():
        figure = Figure(figsize=(WIDTH, 0.6 + 2.3 * len(benchmarks) * len(METRICS)), layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(benchmarks) * len(METRICS), 1, sharex=True, squeeze=False)[:, 0]
        places = [(benchmark, metric) for benchmark in benchmarks for metric in METRICS]
        for axes, (benchmark, metric) in zip(panels, places, strict=True):
            for number, model in enumerate(models):
                chosen = rows[(rows["model"] == model) & (rows["benchmark"] == benchmark)].set_index("language")
                here = [code for code in languages if code in chosen.index]
                shift = (number - (len(models) - 1) / 2) * 0.7 / len(models)
                x = [languages.index(code) + shift for code in here]
                y = chosen.loc[here, metric]
                error = [y - chosen.loc[here, f"{metric}_low"], chosen.loc[here, f"{metric}_high"] - y]
                axes.errorbar(
                    x, y, yerr=error, fmt="o", ms=3.5, lw=0.8, color=PALETTE[number % len(PALETTE)], label=model
                )
            for border in (len(inside), len(inside) + len(others)):
                axes.axvline(border - 0.5, color="#d9d9d9", lw=0.8)
            axes.set_ylim(-0.03, 1.05)
            axes.set_ylabel(METRICS[metric])
            axes.set_title(benchmark, loc="left", fontsize=10, fontweight="bold")
        panels[-1].set_xticks(range(len(languages)), languages)
        panels[-1].set_xlabel("language of the question (in-domain | out-of-domain | English)")
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(models), 7), frameon=False)
        figure.suptitle(
            f"Scores by language, with 95 % intervals ({options['scale']}, study '{options['study']}')", fontsize=11
        )
        save_png(figure, out)
