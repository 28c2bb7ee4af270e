"""Accuracy, match rate, alignment, tokens and the languages of the traces at each step of GRPO, for every model.

The figures show running means of 5 steps; the CSVs hold the unsmoothed values of each step.
"""

import argparse

from vernacular.report.figure_files import add_files, figure_arguments, write_figure
from vernacular.report.options import FigureOptions
from vernacular.report.training_curves import draw_mix, draw_training, mix_table, training_table
from vernacular.storage.command import program


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", help="folders of GRPO models, with their history.csv")
    figure_arguments(parser, FigureOptions)
    add_files(parser, "mix-", of="the languages of the traces")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    table = training_table(args.models)
    write_figure(args, table, draw_training)
    write_figure(args, mix_table(table), draw_mix, "mix-")
