"""Accuracy and LCPR of every model in every language."""

import argparse
import json
import sys

from vernacular import command
from vernacular.figures.languages import draw_languages


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="tables/scores.csv")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale, in_domain, draws")
    parser.add_argument("--out", required=True, help="figure (PNG)")
    args = parser.parse_args(argv)
    return command.run("plot_languages", lambda: draw_languages(args.table, args.out, args.options))


if __name__ == "__main__":
    sys.exit(main())
