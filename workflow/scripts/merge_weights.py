"""Merge the weights of models of one architecture: linear, TIES, DARE, or layers swapped. Nothing is trained."""

import argparse
from dataclasses import replace
from pathlib import Path

from vernacular.merge.options import WeightsOptions
from vernacular.storage.command import program
from vernacular.storage.files import read_mapping
from vernacular.storage.options import add_options


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--parent", required=True, type=Path, help="folder of the model that the others descend from")
    parser.add_argument("--models", required=True, nargs="+", type=Path, help="folders of the others")
    add_options(parser, WeightsOptions)
    parser.add_argument("--chosen", nargs="?", type=Path, help="the layers to swap, as slam_select chose them (JSON)")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--out", required=True, type=Path, help="model folder")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    from vernacular.merge.weights import merge_weights

    chosen = {"layers": read_mapping(args.chosen)["layers"]} if args.chosen else {}
    merge_weights(args.parent, args.models, replace(args.options, **chosen), args.seed, args.out)
