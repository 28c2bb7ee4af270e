"""The command line of a script that draws: its options, and the figure's files (PNG, SVG, PDF, the numbers as CSV)."""

import argparse
from collections.abc import Callable

import pandas as pd

from vernacular.storage.options import Options, add_options
from vernacular.storage.tables import write_csv

DRAWN = ("png", "svg", "pdf")
KINDS = (*DRAWN, "csv")


def figure_arguments(parser: argparse.ArgumentParser, options: type[Options]) -> None:
    """Add --options (their JSON), --png, --svg, --pdf and --csv, all required."""
    add_options(parser, options)
    add_files(parser)


def add_files(parser: argparse.ArgumentParser, prefix: str = "", of: str = "the figure") -> None:
    """Add --<prefix>png, --<prefix>svg, --<prefix>pdf and --<prefix>csv, all required."""
    for kind in KINDS:
        text = f"the numbers of {of} (CSV)" if kind == "csv" else f"{of} ({kind.upper()})"
        parser.add_argument(f"--{prefix}{kind}", required=True, help=text)


def write_figure(args: argparse.Namespace, table: pd.DataFrame, draw: Callable[..., None], prefix: str = "") -> None:
    """Draw a table with the script's options, and write its rows as CSV."""
    files = {kind: getattr(args, f"{prefix}{kind}".replace("-", "_")) for kind in KINDS}
    draw(table, {kind: files[kind] for kind in DRAWN}, args.options)
    write_csv(files["csv"], table)
