"""Seconds, tokens and memory of SLAM and its baselines, and how many times faster each is (costs/slam.csv)."""

import argparse
import json
import sys

from vernacular.report.inputs import read_costs
from vernacular.report.slam_tables import slam_costs
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("costs", nargs="+", help=".../costs/seed-<n>/<model>.csv, those of counted stages too")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, reference, baseline, chains")
    parser.add_argument("--out", required=True, help="table (CSV)")
    args = parser.parse_args(argv)

    def work() -> None:
        table = slam_costs(read_costs(args.costs), args.options["chains"], args.options)
        write_text(args.out, table.to_csv(index=False))

    return command.run("make_slam_costs", work)


if __name__ == "__main__":
    sys.exit(main())
