"""The path of each GRPO training through accuracy and LCPR, over its checkpoints: a figure and its numbers."""

import argparse

from vernacular.report.figure_files import figure_arguments, write_figure
from vernacular.report.options import TrajectoriesOptions
from vernacular.report.trajectories import draw_trajectories, trajectory_table
from vernacular.storage.command import program


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", required=True, help="tables/trajectories.csv")
    figure_arguments(parser, TrajectoriesOptions)


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    write_figure(args, trajectory_table(args.table, args.options.paths), draw_trajectories)
