"""A page of the study in one HTML file: claims, figures, sortable tables, samples."""

import argparse
import sys
from collections.abc import Callable

import pandas as pd

from vernacular.evaluation.version import read_table
from vernacular.report.options import PageOptions
from vernacular.report.page import render
from vernacular.storage.command import script
from vernacular.storage.files import write_text
from vernacular.storage.options import add_options
from vernacular.storage.tables import read_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scores", required=True, help="table of rates (CSV)")
    parser.add_argument("--claims", nargs="?", help="claims about scores (CSV)")
    parser.add_argument("--timed", nargs="?", help="claims about time (CSV)")
    parser.add_argument("--samples", nargs="?", help="questions and what the models wrote (CSV)")
    parser.add_argument("--leaks", nargs="?", help="the search of training data for the questions (CSV)")
    parser.add_argument("--figures", nargs="*", default=[], help="PNGs, in the order of the options' figures")
    parser.add_argument(
        "--tables", nargs="*", default=[], help="other tables (CSV), in the order of the options' tables"
    )
    add_options(parser, PageOptions)
    parser.add_argument("--out", required=True, help="the page (HTML)")


def work(args: argparse.Namespace) -> None:
    paths = {name: getattr(args, name) for name in ("scores", "claims", "timed", "samples", "leaks")}
    tables = {name: reader(name)(path) for name, path in paths.items() if path}
    others = [reader(name)(path) for name, path in zip(args.options.tables, args.tables, strict=True)]
    write_text(args.out, render(tables, args.figures, others, args.options))


def reader(name: str) -> Callable[[str], pd.DataFrame]:
    """What is made of scores is of one metrics version; costs and the search for leaks have none."""
    return read_table if name in ("scores", "claims", "samples") or name.startswith("tables/") else read_csv


main = script(__file__, __doc__, arguments, work)

if __name__ == "__main__":
    sys.exit(main())
