"""Accuracy, tuned share and forgetting of SLAM and its baselines, with 95 % intervals (tables/slam.csv)."""

import argparse
import json
import sys

from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.seeds import with_means
from vernacular.report.inputs import read_costs
from vernacular.report.slam_tables import COMPARED, slam_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument("--costs", required=True, nargs="+", help=".../costs/seed-<n>/<model>.csv; not the reference's")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, draws, reference, baseline")
    parser.add_argument("--out", required=True, help="table (CSV)")
    args = parser.parse_args(argv)

    def work() -> None:
        table = slam_table(read_frames(args.scores, args.options["asked"]), read_costs(args.costs), args.options)
        table = with_means(table, ["model", "benchmark"], ["tuned_share", *COMPARED])
        write_text(args.out, table.to_csv(index=False))

    return command.run("make_slam_table", work)


if __name__ == "__main__":
    sys.exit(main())
