"""What merges are worth on each benchmark, against a baseline and the LLM alone (tables/merge.csv)."""

import argparse
import json
import sys

from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.seeds import with_means
from vernacular.report.merge_tables import COMPARED, merge_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument(
        "--options", required=True, type=json.loads, help="JSON: asked, study, draws, reference, baseline, low_resource"
    )
    parser.add_argument("--out", required=True, help="table (CSV)")
    args = parser.parse_args(argv)

    def work() -> None:
        table = merge_table(read_frames(args.scores, args.options["asked"]), args.options)
        table = with_means(table, ["model", "benchmark"], COMPARED)
        write_text(args.out, table.to_csv(index=False))

    return command.run("make_merge_table", work)


if __name__ == "__main__":
    sys.exit(main())
