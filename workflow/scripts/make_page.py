"""A page of the study in one HTML file: the finding, the Pareto plot, claims, scores by language, figures, samples."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd

from vernacular.evaluation.samples import COLUMNS as SAMPLES
from vernacular.evaluation.version import read_table
from vernacular.report.options import PageOptions
from vernacular.report.page import render
from vernacular.storage.command import program
from vernacular.storage.files import write_text
from vernacular.storage.options import add_options
from vernacular.storage.tables import read_csv

TABLES = {
    "claims": "claims about scores (CSV)",
    "timed": "claims about time (CSV)",
    "regime": "the criteria of the study's regime (CSV)",
    "samples": "questions and what the models wrote (CSV)",
    "leaks": "the search of training data for the questions (CSV)",
    "pareto": "the numbers of the Pareto plot (CSV)",
    "trajectories": "the numbers of the figure of GRPO's checkpoints (CSV)",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scores", required=True, help="table of rates (CSV)")
    for name, text in TABLES.items():
        parser.add_argument(f"--{name}", nargs="?", help=text)
    parser.add_argument("--figures", nargs="*", default=[], help="SVGs, in the order of the options' figures")
    parser.add_argument(
        "--tables", nargs="*", default=[], help="other tables (CSV), in the order of the options' tables"
    )
    add_options(parser, PageOptions)
    parser.add_argument("--out", required=True, type=Path, help="the page (HTML)")


def reader(name: str) -> Callable[[str], pd.DataFrame]:
    """Scores, claims, samples and tables have a metrics version; the regime, figures, costs and leaks have none."""
    if name == "samples":
        return partial(read_table, columns=[name for name in SAMPLES if name != "metrics_version"])
    return read_table if name in ("scores", "claims") or name.startswith("tables/") else read_csv


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    paths = {name: getattr(args, name) for name in ("scores", *TABLES)}
    tables = {name: reader(name)(path) for name, path in paths.items() if path}
    others = [reader(name)(path) for name, path in zip(args.options.tables, args.tables, strict=True)]
    there = [file for file in args.options.pages if (args.out.parent / file).exists()]
    write_text(args.out, render(tables, args.figures, others, args.options, there))
