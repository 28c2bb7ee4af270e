"""A page of a study: claims, figures, sortable tables and samples in one HTML file that makes no network requests.

Text of models and configurations reaches the page only through Jinja's escaping, and the page's own policy forbids it
to load anything.
"""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.language.languages import name_of
from vernacular.report.options import PageOptions
from vernacular.report.templates import FOLDER, rendered
from vernacular.storage.tables import with_bounds

GROUPS = ("all", "in-domain", "out-of-domain")
METRICS = {
    "accuracy": "accuracy",
    "lcpr": "LCPR",
    "code_switch_rate": "traces that switch languages",
    "foreign_script_rate": "traces with letters of a foreign script",
    "answer_consistency": "responses in the language of the question",
    "tokens_mean": "tokens",
}


def render(
    tables: dict[str, pd.DataFrame], figures: Sequence[str | Path], others: Sequence[pd.DataFrame], options: PageOptions
) -> str:
    """The page as HTML.

    tables: `scores`, and optionally `claims`, `timed`, `samples` and `leaks`; figures: PNGs, which are embedded;
    others: further tables of results. Figures and other tables are in the order of the options' `figures` and `tables`.
    """
    titled_figures = zip(options.figures.values(), figures, strict=True)
    titled_tables = zip(options.tables.values(), others, strict=True)
    scores = tables["scores"]
    scores = scores[scores["seeds"] == scores["seeds"].max()]  # over the seeds, where there are several
    claims = [tables[name] for name in ("claims", "timed") if name in tables]
    return rendered(
        "page.html.j2",
        number=number,
        study=options.study,
        scale=options.scale,
        part=options.part,
        pages=options.pages,
        summary=summary(tables),
        claims=claims_of(pd.concat(claims)) if claims else [],
        scores=[(benchmark, score_tables(rows)) for benchmark, rows in scores.groupby("benchmark", sort=False)],
        figures=[{**title, "data": data_uri(path)} for title, path in titled_figures],
        tables=[{**title, **any_table(table)} for title, table in titled_tables],
        samples=samples_of(tables["samples"]) if "samples" in tables else [],
        style=(FOLDER / "page.css").read_text(encoding="utf-8"),
        script=(FOLDER / "page.js").read_text(encoding="utf-8"),
    )


def data_uri(path: str | Path) -> str:
    """A PNG as an address that an HTML page can hold. Raises ValueError if it is cut off."""
    data = Path(path).read_bytes()
    if not data.endswith(b"IEND\xaeB`\x82"):
        raise ValueError(f"{path}: the PNG is cut off; delete it and rerun")
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


def number(value: Any, digits: int = 3) -> str:
    """A number as the page shows it; a dash if it is missing."""
    return "–" if pd.isna(value) else f"{value:.{digits}f}".replace("-", "−")


def summary(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """What the page's first sentences say; checked: how many training rows were searched, or None."""
    scores = tables["scores"]
    codes = [code for code in dict.fromkeys(scores["language"]) if code not in GROUPS]
    leaks = tables.get("leaks")
    return {
        "models": scores["model"].nunique(),
        "benchmarks": list(dict.fromkeys(scores["benchmark"])),
        "languages": [name_of(code) for code in codes],
        "seeds": int(scores["seeds"].max()),
        "checked": None if leaks is None else int(leaks["rows"].sum()),
    }


def claims_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The claims, tested ones first, each with the rows of its parts."""
    claims = [
        {
            "statement": rows["statement"].iloc[0],
            "paper": rows["paper"].iloc[0],
            "verdict": rows["verdict"].iloc[0],
            "p_holm": rows["p_holm"].iloc[0],
            "tested": bool(rows["measured"].notna().any()),
            "parts": with_none(rows).to_dict("records"),
        }
        for _, rows in table.groupby("claim", sort=False)
    ]
    return sorted(claims, key=lambda claim: not claim["tested"])


def with_none(table: pd.DataFrame) -> pd.DataFrame:
    """The table with None for missing values."""
    return table.astype(object).where(table.notna(), None)


def score_tables(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """For each of METRICS the models by language: groups first, then languages by code.

    A cell is value, low and high, for the responses followed by how many of them were identified; None for no row.
    """
    found = set(rows["language"])
    columns = [group for group in GROUPS if group in found] + sorted(found - set(GROUPS))
    tables = []
    for metric, title in METRICS.items():
        beside = ["answer_n"] if metric == "answer_consistency" else []
        cells = rows.set_index(["model", "language"])[[*with_bounds(metric), *beside]]
        lines = [
            (model, [cells.loc[(model, code)].tolist() if (model, code) in cells.index else None for code in columns])
            for model in dict.fromkeys(rows["model"])
        ]
        heads = [(code, name_of(code)) for code in columns]
        tables.append({"title": title, "digits": 1 if metric == "tokens_mean" else 3, "columns": heads, "rows": lines})
    return tables


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
    return {"heads": [(name.replace("_", " "), name in numeric) for name in names], "rows": rows}


def cell_of(row: dict[Any, Any], name: str, numeric: bool, whole: bool) -> tuple[str, float | None, str]:
    value = row[name]
    if pd.isna(value) or not numeric:
        return ("–" if pd.isna(value) else str(value)), None, ""
    low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
    interval = f"{number(low)} to {number(high)}" if pd.notna(low) else ""
    return f"{int(value):,}" if whole else number(value), float(value), interval


def samples_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """For each language its question, and what each model wrote."""
    return [
        {
            **{key: rows[key].iloc[0] for key in ("language", "id", "question", "gold")},
            "name": name_of(str(language)),
            "completions": rows.to_dict("records"),
        }
        for language, rows in with_none(table).groupby("language", sort=False)
    ]
