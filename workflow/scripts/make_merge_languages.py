"""Accuracy of every merge in every language of one benchmark, in the papers' layout (tables/merge-<benchmark>.csv)."""

import argparse

from vernacular.evaluation.frames import read_frames
from vernacular.report.merge_tables import language_table
from vernacular.report.options import MergeOptions
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.tables import write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument("--benchmark", required=True, help="the benchmark; scores of others are ignored")
    add_options(parser, MergeOptions)
    parser.add_argument("--out", required=True, help="table (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    frames = read_frames(args.scores, args.options.asked)
    write_csv(args.out, language_table(frames, args.benchmark, args.options))
