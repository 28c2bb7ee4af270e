"""Outputs of rules that Snakemake's report shows."""

from typing import Any

from snakemake.io import report


def reported(path: str, category: str, caption: str, title: str) -> Any:
    """An output, with the text workflow/report/<caption>.rst; title: what the report lists it as, wildcards allowed."""
    return report(path, caption=f"../report/{caption}.rst", category=category, labels={"figure": title})


def figure(name: str, category: str, caption: str, title: str, prefix: str = "") -> dict[str, Any]:
    """The files of a figure, each under its kind: for slides, the web and print, and its numbers."""
    files = {kind: f"<results>/figures/{name}.{kind}" for kind in ("png", "svg", "pdf", "csv")}
    files["png"] = reported(files["png"], category, caption, title)
    return {f"{prefix}{kind}": file for kind, file in files.items()}
