"""The command line of a script that draws: its options, and the figure's three files (PNG, SVG, the numbers as CSV)."""

import argparse
from collections.abc import Callable

import pandas as pd

from vernacular.storage.options import Options, add_options
from vernacular.storage.tables import write_csv

KINDS = ("png", "svg", "csv")


def figure_arguments(parser: argparse.ArgumentParser, options: type[Options]) -> None:
    """Add --options (their JSON), --png, --svg and --csv, all required."""
    add_options(parser, options)
    add_files(parser)


def add_files(parser: argparse.ArgumentParser, prefix: str = "", of: str = "the figure") -> None:
    """Add --<prefix>png, --<prefix>svg and --<prefix>csv, all required."""
    for kind in KINDS:
        text = f"the numbers of {of} (CSV)" if kind == "csv" else f"{of} ({kind.upper()})"
        parser.add_argument(f"--{prefix}{kind}", required=True, help=text)


def write_figure(args: argparse.Namespace, table: pd.DataFrame, draw: Callable[..., None], prefix: str = "") -> None:
    """Draw a table with the script's options, and write its rows as CSV."""
    png, svg, csv = (getattr(args, f"{prefix}{kind}".replace("-", "_")) for kind in KINDS)
    draw(table, png, svg, args.options)
    write_csv(csv, table)
