"""A page of a study: claims, plots, tables that sort and samples in one HTML file that asks for nothing outside.

Text of models and configurations reaches the page through Jinja's escaping alone, and the page's own policy forbids it
to load anything.
"""

import base64
from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.language.languages import load_languages

FOLDER = Path(__file__).parents[3] / "workflow" / "report"
GROUPS = ("all", "in-domain", "out-of-domain")
METRICS = {"accuracy": "accuracy", "lcpr": "LCPR", "tokens_mean": "tokens"}


def render(tables: dict[str, pd.DataFrame], shown: dict[str, list[dict[str, Any]]], options: dict[str, Any]) -> str:
    """The page. tables: `scores`, and where there are such `claims`, `timed`, `samples`, `leaks`.

    shown: `figures` (`title`, `caption` and `path` of PNGs, which are put into the page) and `tables` (`title`,
    `caption` and `table`). options: study, scale, part (of the study), pages (the other ones: file -> name, target).
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(number=number)
    scores = tables["scores"]
    scores = scores[scores["seeds"] == scores["seeds"].max()]  # over the seeds, where there are several
    claims = [tables[name] for name in ("claims", "timed") if name in tables]
    return environment.get_template("page.html.j2").render(
        study=options["study"],
        scale=options["scale"],
        part=options["part"],
        pages=options["pages"],
        summary=summary(tables),
        claims=claims_of(pd.concat(claims)) if claims else [],
        scores=[(benchmark, score_tables(rows)) for benchmark, rows in scores.groupby("benchmark", sort=False)],
        figures=[{**figure, "data": data_uri(figure["path"])} for figure in shown["figures"]],
        tables=[{**table, **any_table(table["table"])} for table in shown["tables"]],
        samples=samples_of(tables["samples"]) if "samples" in tables else [],
        style=(FOLDER / "page.css").read_text(encoding="utf-8"),
        script=(FOLDER / "page.js").read_text(encoding="utf-8"),
    )


def data_uri(path: str | Path) -> str:
    """A PNG as a page holds it. Raises ValueError where it is cut off."""
    data = Path(path).read_bytes()
    if not data.endswith(b"IEND\xaeB`\x82"):
        raise ValueError(f"{path}: a PNG that is cut off; delete it and rerun")
    return "data:image/png;base64," + base64.b64encode(data).decode("ascii")


def number(value: Any, digits: int = 3) -> str:
    """A number as the page shows it; a dash for none."""
    return "–" if pd.isna(value) else f"{value:.{digits}f}".replace("-", "−")


def summary(tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
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


def name_of(code: str) -> str:
    return load_languages().get(code, {}).get("name", code)


def claims_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The claims, those that were tested first, each with the rows of its parts."""
    claims: list[dict[str, Any]] = []
    for name, rows in table.groupby("claim", sort=False):
        first = rows.iloc[0]
        claims.append(
            {
                "name": name,
                "statement": first["statement"],
                "paper": first["paper"],
                "verdict": first["claim_verdict"],
                "tested": bool(rows["measured"].notna().any()),
                "parts": rows.astype(object).where(rows.notna(), None).to_dict("records"),
            }
        )
    return sorted(claims, key=lambda claim: not claim["tested"])


def score_tables(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """For each of METRICS the models by language: groups first, then languages by code."""
    found = set(rows["language"])
    columns = [group for group in GROUPS if group in found] + sorted(found - set(GROUPS))
    tables = []
    for metric, title in METRICS.items():
        cells = rows.set_index(["model", "language"])[[metric, f"{metric}_low", f"{metric}_high"]]
        lines = [
            (model, [cells.loc[(model, code)].tolist() if (model, code) in cells.index else None for code in columns])
            for model in dict.fromkeys(rows["model"])
        ]
        heads = [(code, name_of(code)) for code in columns]
        tables.append({"title": title, "digits": 1 if metric == "tokens_mean" else 3, "columns": heads, "rows": lines})
    return tables


def any_table(table: pd.DataFrame) -> dict[str, Any]:
    """A table of the workflow's as heads and lines of cells: text, value to sort by (None for text), interval.

    A column's `_low` and `_high` become its interval; of several seeds the rows over all of them are shown.
    """
    if "seeds" in table:
        table = table[table["seeds"] == table["seeds"].max()]
    hidden = {"study", "seeds"} | ({"seed"} if table["seed"].nunique() < 2 else set())
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
    table = table.astype(object).where(table.notna(), None)
    found = []
    for language, rows in table.groupby("language", sort=False):
        first = rows.iloc[0]
        found.append(
            {
                "language": language,
                "name": name_of(str(language)),
                "id": first["id"],
                "question": first["question"],
                "gold": first["gold"],
                "completions": rows.to_dict("records"),
            }
        )
    return found
