"""The Pareto plot: accuracy against LCPR, with tokens, intervals and the front, and its numbers."""

import argparse

from vernacular.evaluation.frames import read_frames
from vernacular.report.figure_files import figure_arguments, write_figure
from vernacular.report.options import FigureOptions
from vernacular.report.pareto import draw_pareto, pareto_table
from vernacular.storage.command import program


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    figure_arguments(parser, FigureOptions)


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    frames = read_frames(args.scores, args.options.asked)
    write_figure(args, pareto_table(frames, args.options.draws), draw_pareto)
