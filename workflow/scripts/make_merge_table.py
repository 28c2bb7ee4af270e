"""What merges are worth on each benchmark, against a baseline and the LLM alone (tables/merge.csv)."""

import argparse

from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.seeds import with_means
from vernacular.report.merge_tables import COMPARED, merge_table
from vernacular.report.options import MergeOptions
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.tables import write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    add_options(parser, MergeOptions)
    parser.add_argument("--out", required=True, help="table (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    table = merge_table(read_frames(args.scores, args.options.asked), args.options)
    write_csv(args.out, with_means(table, ["model", "benchmark"], COMPARED))
