"""Both gate weights of a merge by language, next to its gain in accuracy."""

import argparse
import json
import sys

from vernacular import command
from vernacular.corpus.records import GENERATION
from vernacular.evaluation.frames import read_frames
from vernacular.figures.merge import gates_figure


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument(
        "--generations", required=True, nargs="+", help=".../seed-<n>/generations/<model>/<benchmark>.parquet"
    )
    parser.add_argument(
        "--options",
        required=True,
        type=json.loads,
        help="JSON: asked, study, scale, draws, model, baseline, low_resource",
    )
    parser.add_argument("--out", required=True, help="figure (PNG)")
    args = parser.parse_args(argv)

    def work() -> None:
        gates_figure(
            read_frames(args.scores, args.options["asked"]),
            read_frames(args.generations, args.options["asked"], GENERATION),
            args.out,
            args.options,
        )

    return command.run("plot_merge_gates", work)


if __name__ == "__main__":
    sys.exit(main())
