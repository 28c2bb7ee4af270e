"""Where several decoders handle language: a figure with its numbers, and a table with a row for each of them."""

import argparse

from vernacular.report.figure_files import figure_arguments, write_figure
from vernacular.report.options import SlamOptions
from vernacular.report.probes import compared_table, draw_probes, layers_table
from vernacular.storage.command import program
from vernacular.storage.tables import printed, write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("probes", nargs="+", help=".../slam/<model>/probe.parquet of each model")
    figure_arguments(parser, SlamOptions)
    parser.add_argument("--table", required=True, help="a row for each model (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    write_figure(args, layers_table(args.probes), draw_probes)
    table = compared_table(args.probes)
    write_csv(args.table, table)
    print(printed(table))
