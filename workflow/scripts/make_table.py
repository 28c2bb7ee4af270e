"""Rates with 95 % intervals for every model, benchmark and language (tables/<table>.csv)."""

import argparse

from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.options import SummaryOptions
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.seeds import with_means
from vernacular.evaluation.statistics import score_table
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.tables import write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    add_options(parser, SummaryOptions)
    parser.add_argument("--out", required=True, help="table (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    options: SummaryOptions = args.options
    frames = read_frames(args.scores, options.asked)
    table = score_table(frames, options.study, options.in_domain, options.draws)
    write_csv(args.out, with_means(table, ["model", "benchmark", "language"], RATES, ["answer_n"]))
