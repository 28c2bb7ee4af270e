"""Active share and MSD by layer and language, and the layers that each model tunes."""

import argparse
import json
import sys
from pathlib import Path

from vernacular import command
from vernacular.figures.slam import draw_probe


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True, help="probe.parquet of the models' parent")
    parser.add_argument("--layers", required=True, nargs="+", help=".../slam/<model>/layers.json; the first is marked")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale")
    parser.add_argument("--out", required=True, help="figure (PNG)")
    args = parser.parse_args(argv)
    layers = [(Path(path).parent.name, path) for path in args.layers]
    return command.run("plot_slam_probe", lambda: draw_probe(args.probe, layers, args.out, args.options))


if __name__ == "__main__":
    sys.exit(main())
