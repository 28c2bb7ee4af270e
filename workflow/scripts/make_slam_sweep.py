"""What tuning each single layer gains, next to its MSD, and how the two correlate (tables/slam-sweep.csv)."""

import argparse

from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.results import read_layers, read_probes
from vernacular.report.options import SlamOptions
from vernacular.report.slam_tables import sweep_table
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.tables import write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument("--probes", required=True, nargs="+", help=".../seed-<n>/slam/<model>/probe.parquet")
    parser.add_argument("--layers", required=True, nargs="+", help=".../seed-<n>/slam/<model>/layers.json")
    add_options(parser, SlamOptions)
    parser.add_argument("--out", required=True, help="table (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    probes, layer_of = read_probes(args.probes), read_layers(args.layers)
    write_csv(args.out, sweep_table(read_frames(args.scores, args.options.asked), probes, layer_of, args.options))
