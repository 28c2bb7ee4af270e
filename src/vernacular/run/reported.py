"""Outputs of rules that Snakemake's report shows."""

from typing import Any

from snakemake.io import report


def reported(path: str, category: str, caption: str, title: str) -> Any:
    """An output, with the text workflow/report/<caption>.rst; title: what the report lists it as, wildcards allowed."""
    return report(path, caption=f"../report/{caption}.rst", category=category, labels={"figure": title})


def figure(name: str, category: str, caption: str, title: str, prefix: str = "") -> dict[str, Any]:
    """The three files of a figure, each under its kind: for pages and the report, for print, its numbers."""
    png, svg, csv = (f"<results>/figures/{name}.{kind}" for kind in ("png", "svg", "csv"))
    return {f"{prefix}png": reported(png, category, caption, title), f"{prefix}svg": svg, f"{prefix}csv": csv}
