"""What tuning each single layer gains, beside its MSD, and the numbers of it."""

import argparse
import json
import sys

from vernacular.report.slam_figures import draw_sweep, sweep_figure_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="tables/slam-sweep.csv")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--csv", required=True)
    args = parser.parse_args(argv)

    def work() -> None:
        table = sweep_figure_table(args.table)
        draw_sweep(table, args.png, args.svg, args.options)
        write_text(args.csv, table.to_csv(index=False))

    return command.run("plot_slam_sweep", work)


if __name__ == "__main__":
    sys.exit(main())
