"""What tuning each single layer gains, next to its MSD: a figure and its numbers."""

import argparse

from vernacular.report.figure_files import figure_arguments, write_figure
from vernacular.report.options import SlamOptions
from vernacular.report.slam_figures import draw_sweep, sweep_figure_table
from vernacular.storage.command import program


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", required=True, help="tables/slam-sweep.csv")
    figure_arguments(parser, SlamOptions)


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    write_figure(args, sweep_figure_table(args.table), draw_sweep)
