"""The Pareto plot: accuracy against LCPR, with tokens, intervals and the front, and its numbers."""

import argparse
import json
import sys

from vernacular.evaluation.frames import read_frames
from vernacular.report.pareto import draw_pareto, pareto_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale, in_domain, draws")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--csv", required=True)
    args = parser.parse_args(argv)

    def work() -> None:
        options = args.options
        table = pareto_table(read_frames(args.scores, options["asked"]), options["draws"])
        draw_pareto(table, args.png, args.svg, options)
        write_text(args.csv, table.to_csv(index=False))

    return command.run("plot_pareto", work)


if __name__ == "__main__":
    sys.exit(main())
