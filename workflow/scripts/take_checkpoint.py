"""A trained model as it was after one of its steps, from the weights that its training kept."""

import argparse
import sys
from pathlib import Path

from vernacular.storage import command


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, type=Path, help="folder of the trained model")
    parser.add_argument("--parent", nargs="?", type=Path, help="folder of the model that it was trained from")
    parser.add_argument("--step", required=True, type=int, help="0: the model as it is")
    parser.add_argument("--out", required=True, type=Path, help="model folder")
    args = parser.parse_args(argv)

    def work() -> None:
        from vernacular.models.checkpoint import take_checkpoint

        take_checkpoint(args.model, args.parent, args.step, args.out)

    return command.run("take_checkpoint", work)


if __name__ == "__main__":
    sys.exit(main())
