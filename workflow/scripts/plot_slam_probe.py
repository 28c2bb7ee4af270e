"""Active share and MSD by layer and language, and the layers that each model tunes: a figure and its numbers."""

import argparse
from functools import partial

from vernacular.evaluation.results import read_choices
from vernacular.report.figure_files import figure_arguments, write_figure
from vernacular.report.options import SlamOptions
from vernacular.report.slam_figures import draw_probe, probe_table
from vernacular.storage.command import program


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--probe", required=True, help="probe.parquet of the models' parent")
    parser.add_argument("--layers", required=True, nargs="*", help=".../slam/<model>/layers.json; the first is marked")
    figure_arguments(parser, SlamOptions)


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    choices = read_choices(args.layers)
    write_figure(args, probe_table(args.probe, choices), partial(draw_probe, choices=choices))
