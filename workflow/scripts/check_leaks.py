"""Fails if a training corpus holds an evaluation question or a translation of one, and names the rows."""

import argparse

import pandas as pd

from vernacular.corpus.leaks import COLUMNS, check_files
from vernacular.corpus.options import LeaksOptions
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.tables import write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpora", nargs="+", help="training sets, traces, RL prompts (Parquet)")
    parser.add_argument("--questions", required=True, nargs="+", help="questions of the evaluated splits (Parquet)")
    add_options(parser, LeaksOptions)
    parser.add_argument("--out", required=True, help="rows and leaks of each corpus (CSV); written if there are none")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    table, lines = check_files(args.corpora, args.questions, args.options)
    if lines:
        print("\n".join(lines), flush=True)
        raise ValueError(
            f"{len(lines)} rows of training corpora hold evaluation questions, such as {lines[0]}; "
            "all are listed above. Remove them, or evaluate on other questions"
        )
    write_csv(args.out, pd.DataFrame(table, columns=list(COLUMNS)))
