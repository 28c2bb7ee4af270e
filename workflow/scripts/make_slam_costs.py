"""Seconds, tokens and memory of SLAM and its baselines, and how many times faster each is (costs/slam.csv)."""

import argparse

from vernacular.evaluation.results import read_costs
from vernacular.report.options import SlamOptions
from vernacular.report.slam_tables import slam_costs
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.tables import write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("costs", nargs="+", help=".../costs/seed-<n>/<model>.csv, including those of counted stages")
    add_options(parser, SlamOptions)
    parser.add_argument("--out", required=True, help="table (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    write_csv(args.out, slam_costs(read_costs(args.costs), args.options))
