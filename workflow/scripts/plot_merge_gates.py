"""Both gate weights of a merge by language, next to its gain in accuracy: a figure and its numbers."""

import argparse

from vernacular.evaluation.frames import read_frames
from vernacular.report.figure_files import figure_arguments, write_figure
from vernacular.report.merge_figures import draw_gates, gates_table
from vernacular.report.options import MergeOptions
from vernacular.storage.command import program
from vernacular.storage.records import GENERATION


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument(
        "--generations", required=True, nargs="+", help=".../seed-<n>/generations/<model>/<benchmark>.parquet"
    )
    figure_arguments(parser, MergeOptions)


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    options: MergeOptions = args.options
    generations = read_frames(args.generations, options.asked, GENERATION)
    write_figure(args, gates_table(read_frames(args.scores, options.asked), generations, options), draw_gates)
