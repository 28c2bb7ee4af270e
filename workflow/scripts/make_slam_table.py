"""Accuracy, tuned share and forgetting of SLAM and its baselines, with 95 % intervals (tables/slam.csv)."""

import argparse

from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.results import read_costs
from vernacular.evaluation.seeds import with_means
from vernacular.report.options import SlamOptions
from vernacular.report.slam_tables import COMPARED, slam_table
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.tables import write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument(
        "--costs", required=True, nargs="+", help=".../costs/seed-<n>/<model>.csv, except the reference's"
    )
    add_options(parser, SlamOptions)
    parser.add_argument("--out", required=True, help="table (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    table = slam_table(read_frames(args.scores, args.options.asked), read_costs(args.costs), args.options)
    write_csv(args.out, with_means(table, ["model", "benchmark"], ["tuned_share", *COMPARED]))
