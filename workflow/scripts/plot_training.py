"""Accuracy, match rate, English traces and alignment over the steps of GRPO, for every model."""

import argparse
import json
import sys

from vernacular import command
from vernacular.figures.training import draw_training


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="folders of GRPO models, with their history.csv")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale, in_domain, draws")
    parser.add_argument("--out", required=True, help="figure (PNG)")
    args = parser.parse_args(argv)
    return command.run("plot_training", lambda: draw_training(args.models, args.out, args.options))


if __name__ == "__main__":
    sys.exit(main())
