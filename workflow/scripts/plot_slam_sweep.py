"""What tuning each single layer gains, beside its MSD."""

import argparse
import json
import sys

from vernacular import command
from vernacular.figures.slam import draw_sweep


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="tables/slam-sweep.csv")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale")
    parser.add_argument("--out", required=True, help="figure (PNG)")
    args = parser.parse_args(argv)
    return command.run("plot_slam_sweep", lambda: draw_sweep(args.table, args.out, args.options))


if __name__ == "__main__":
    sys.exit(main())
