"""A page of a study: the finding, Pareto plot, claims, regime, scores, figures, tables and samples in one HTML file.

It makes no network requests. Text of models and configurations reaches the page only through Jinja's escaping, figures
through inline_svg, which leaves drawing elements alone, and the page's own policy forbids it to load anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.evaluation.seeds import LEAST
from vernacular.language.languages import name_of
from vernacular.report.findings import findings
from vernacular.report.heat_maps import GROUPS, score_maps
from vernacular.report.inline_svg import drawn, inline
from vernacular.report.options import FigureOptions, PageOptions, TrajectoriesOptions
from vernacular.report.page_parts import claims_of, number, points_of, regime_of, samples_of
from vernacular.report.pareto import draw_pareto
from vernacular.report.style import PALETTE, looks
from vernacular.report.templates import FOLDER, rendered
from vernacular.report.trajectories import draw_trajectories
from vernacular.report.words import column_words, group_words, metric_words

WIDE, NARROW = 9.0, 4.2  # inches of the figures that the page draws: for a screen, for a phone


def render(
    tables: dict[str, pd.DataFrame],
    figures: Sequence[str | Path],
    others: Sequence[pd.DataFrame],
    options: PageOptions,
    there: Sequence[str] = (),
) -> str:
    """The page as HTML.

    tables: `scores`, and optionally `claims`, `timed`, `regime`, `samples`, `leaks`, and the rows of the figures
    `pareto` and `trajectories`; figures: SVGs; others: further tables of results. Figures and other tables are in the
    order of the options' `figures` and `tables`. there: those of the options' `pages` that can be linked to.
    """
    titled_figures = zip(options.figures.items(), figures, strict=True)
    titled_tables = zip(options.tables.values(), others, strict=True)
    scores = tables["scores"]
    scores = scores[scores["seeds"] == scores["seeds"].max()]  # over the seeds, where there are several
    parts = [tables[name] for name in ("claims", "timed") if name in tables and len(tables[name])]
    claims = pd.concat(parts) if parts else None
    samples_each = scores.drop_duplicates("benchmark").set_index("benchmark")["k"].astype(int).to_dict()
    pareto = tables.get("pareto")
    return rendered(
        "page.html.j2",
        number=number,
        options=options,
        there=there,
        summary=summary(tables),
        findings=findings(scores, claims),
        looks=model_looks([*scores["model"], *options.slots], options.slots),
        pareto=None if pareto is None or pareto.empty else pareto_part(pareto, options),
        trajectories=trajectories_part(tables["trajectories"], options) if "trajectories" in tables else None,
        claims=claims_of(claims, samples_each) if claims is not None else {},
        regime=regime_of(tables["regime"]) if "regime" in tables else [],
        several_seeds=int(scores["seeds"].max()) >= LEAST,
        scores=[(benchmark, score_maps(rows)) for benchmark, rows in scores.groupby("benchmark", sort=False)],
        figures=[
            {**title, "svg": inline(Path(path).read_text(encoding="utf-8"), f"f{place}", title["title"])}
            for place, ((_, title), path) in enumerate(titled_figures)
        ],
        tables=[{**title, **any_table(table)} for title, table in titled_tables],
        samples=samples_of(tables["samples"]) if "samples" in tables else [],
        name_of=name_of,
        style=(FOLDER / "page.css").read_text(encoding="utf-8"),
        script=(FOLDER / "page.js").read_text(encoding="utf-8"),
    )


def summary(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """What the page's first lines say; checked: how many training rows were searched, or None."""
    scores = tables["scores"]
    codes = [code for code in dict.fromkeys(scores["language"]) if code not in GROUPS]
    leaks = tables.get("leaks")
    return {
        "models": scores["model"].nunique(),
        "benchmarks": list(dict.fromkeys(scores["benchmark"])),
        "languages": [f"{name_of(code)} ({code})" for code in codes],
        "seeds": int(scores["seeds"].max()),
        "checked": None if leaks is None else int(leaks["rows"].sum()),
    }


def model_looks(models: Sequence[str], slots: Mapping[str, int]) -> dict[str, tuple[int, str]]:
    """Model -> the place of its colour in the palette, and its marker. A checkpoint, `model@step`, has its model's."""
    bases = {name: name if name in slots else name.rpartition("@")[0] or name for name in map(str, models)}
    found = looks(bases.values(), slots)
    return {name: (PALETTE.index(found[base].color), found[base].marker) for name, base in bases.items()}


def pareto_part(table: pd.DataFrame, options: PageOptions) -> dict[str, Any]:
    """The plot for a screen and for a phone, whose points tell their numbers, and the numbers."""
    points = points_of(table)
    tips = {point["id"]: point["tip"] for each in points for point in each["points"]}
    look = FigureOptions({}, options.study, options.scale, 0, [], WIDE, options.slots)
    plots = {
        kind: inline(
            drawn(draw_pareto, table, replace(look, width=width), framed=False),
            kind, "Accuracy against LCPR; the table below the plot has its numbers", tips,
        )
        for kind, width in (("wide", WIDE), ("narrow", NARROW))
    }  # fmt: skip
    return {**plots, "benchmarks": points, "several": table["model"].nunique() > 1}


def trajectories_part(table: pd.DataFrame, options: PageOptions) -> dict[str, str]:
    """The plot of the checkpoints for a screen and for a phone."""
    look = TrajectoriesOptions(options.study, options.scale, {}, WIDE, options.slots)
    title = "Accuracy and LCPR at each checkpoint of GRPO; the scores below have the numbers"
    return {
        kind: inline(drawn(draw_trajectories, table, replace(look, width=width), framed=False), f"steps-{kind}", title)
        for kind, width in (("wide", WIDE), ("narrow", NARROW))
    }


def any_table(table: pd.DataFrame) -> dict[str, Any]:
    """A table of results as heads and rows of cells: text, value to sort by (None for text), interval.

    A column's `_low` and `_high` become its interval; with several seeds, only the rows over all of them remain.
    """
    if "seeds" in table:
        table = table[table["seeds"] == table["seeds"].max()]
    one_seed = "seed" in table and table["seed"].nunique() < 2
    hidden = {"study", "seeds", "metrics_version", *(["seed"] if one_seed else [])}
    names = [name for name in map(str, table) if name not in hidden and not name.endswith(("_low", "_high"))]
    numeric = {name for name in names if pd.api.types.is_numeric_dtype(table[name])}
    whole = {name for name in numeric if f"{name}_low" not in table and not (table[name].dropna() % 1).any()}
    rows = [[cell_of(row, name, name in numeric, name in whole) for name in names] for row in table.to_dict("records")]
    return {"heads": [(column_words(name), name in numeric) for name in names], "rows": rows}


WORDS: dict[str, Callable[[str], str]] = {"metric": metric_words, "language": group_words}  # of columns of text


def cell_of(row: dict[Any, Any], name: str, numeric: bool, whole: bool) -> tuple[str, float | None, str]:
    value = row[name]
    if pd.isna(value) or not numeric:
        words = WORDS.get(name, str)
        return ("–" if pd.isna(value) else words(str(value))), None, ""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    interval = f"{number(low)} to {number(high)}" if pd.notna(low) else ""
    return f"{int(value):,}" if whole else number(value), float(value), interval
