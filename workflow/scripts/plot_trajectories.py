"""The path of each GRPO training through accuracy and LCPR, over its checkpoints, and the numbers of it."""

import argparse
import json
import sys

from vernacular.report.trajectories import draw_trajectories, trajectory_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="tables/trajectories.csv")
    parser.add_argument(
        "--options",
        required=True,
        type=json.loads,
        help="JSON: study, scale, paths (model -> step -> name in the table)",
    )
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--csv", required=True)
    args = parser.parse_args(argv)

    def work() -> None:
        table = trajectory_table(args.table, args.options["paths"])
        draw_trajectories(table, args.png, args.svg, args.options)
        write_text(args.csv, table.to_csv(index=False))

    return command.run("plot_trajectories", work)


if __name__ == "__main__":
    sys.exit(main())
