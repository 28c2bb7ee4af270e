"""Accuracy, match rate, alignment, tokens and the languages of the traces at each step of GRPO, for every model.

The figures show running means of 5 steps; the CSVs hold the unsmoothed values of each step.
"""

import argparse
import sys

from vernacular.evaluation.options import SummaryOptions
from vernacular.report.figure_files import add_files, figure_arguments, write_figure
from vernacular.report.training_curves import draw_mix, draw_training, mix_table, training_table
from vernacular.storage.command import script


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", help="folders of GRPO models, with their history.csv")
    figure_arguments(parser, SummaryOptions)
    add_files(parser, "mix-", of="the languages of the traces")


def work(args: argparse.Namespace) -> None:
    table = training_table(args.models)
    write_figure(args, table, draw_training)
    write_figure(args, mix_table(table), draw_mix, "mix-")


main = script(__file__, __doc__, arguments, work)

if __name__ == "__main__":
    sys.exit(main())
