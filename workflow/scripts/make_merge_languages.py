"""Accuracy of every merge in every language of one benchmark, in the papers' layout (tables/merge-<benchmark>.csv)."""

import argparse
import json
import sys

from vernacular.evaluation.frames import read_frames
from vernacular.report.merge_tables import language_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument("--benchmark", required=True, help="whose scores; those of other benchmarks are left out")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: asked, draws, low_resource")
    parser.add_argument("--out", required=True, help="table (CSV)")
    args = parser.parse_args(argv)

    def work() -> None:
        table = language_table(read_frames(args.scores, args.options["asked"]), args.benchmark, args.options)
        write_text(args.out, table.to_csv(index=False))

    return command.run("make_merge_languages", work)


if __name__ == "__main__":
    sys.exit(main())
