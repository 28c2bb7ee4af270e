"""Accuracy and LCPR of every model in every language: a figure and its numbers."""

import argparse

from vernacular.report.figure_files import figure_arguments, write_figure
from vernacular.report.language_scores import draw_languages, languages_table
from vernacular.report.options import FigureOptions
from vernacular.storage.command import program


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--table", required=True, help="tables/scores.csv")
    figure_arguments(parser, FigureOptions)


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    write_figure(args, languages_table(args.table), draw_languages)
