"""A trained model as it was after one of its steps, from the weights that its training saved."""

import argparse
from pathlib import Path

from vernacular.storage.command import program


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, help="folder of the trained model")
    parser.add_argument("--parent", nargs="?", type=Path, help="folder of the model that it was trained from")
    parser.add_argument("--step", required=True, type=int, help="0: the model as it is")
    parser.add_argument("--out", required=True, type=Path, help="model folder")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    from vernacular.models.checkpoints import take_checkpoint

    take_checkpoint(args.model, args.parent, args.step, args.out)
