"""Choose the layers that SLAM tunes, from the probe or by hand, with the reason for each."""

import argparse

from vernacular.slam.options import SelectionOptions
from vernacular.slam.select import select_layers
from vernacular.storage.command import program
from vernacular.storage.files import write_json
from vernacular.storage.options import add_options
from vernacular.storage.records import read_rows


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--probe", required=True, help="output of slam_probe (Parquet)")
    add_options(parser, SelectionOptions)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--out", required=True, help="layers.json")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    rows = list(read_rows(args.probe, ["layer", "msd", "msd_neurons"]))
    try:
        chosen = select_layers(rows, args.options, args.seed)
    except ValueError as error:
        raise ValueError(f"{args.probe}: {error}") from None
    write_json(args.out, chosen)
    print("layers", ", ".join(map(str, chosen["layers"])), "of", chosen["of"])
