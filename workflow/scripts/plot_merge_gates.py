"""Both gate weights of a merge by language, next to its gain in accuracy, and the numbers of it."""

import argparse
import json
import sys

from vernacular.evaluation.frames import read_frames
from vernacular.report.merge_figures import draw_gates, gates_table
from vernacular.storage import command
from vernacular.storage.files import write_text
from vernacular.storage.records import GENERATION


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
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--csv", required=True)
    args = parser.parse_args(argv)

    def work() -> None:
        options = args.options
        generations = read_frames(args.generations, options["asked"], GENERATION)
        table = gates_table(read_frames(args.scores, options["asked"]), generations, options)
        draw_gates(table, args.png, args.svg, options)
        write_text(args.csv, table.to_csv(index=False))

    return command.run("plot_merge_gates", work)


if __name__ == "__main__":
    sys.exit(main())
