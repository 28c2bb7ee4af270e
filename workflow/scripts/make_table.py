"""Rates with 95 % intervals for every model, benchmark and language (tables/scores.csv)."""

import argparse
import json
import sys

from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.seeds import with_means
from vernacular.evaluation.statistics import RATES, score_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale, in_domain, draws")
    parser.add_argument("--out", required=True, help="table (CSV)")
    args = parser.parse_args(argv)

    def work() -> None:
        options = args.options
        table = score_table(
            read_frames(args.scores, options["asked"]), options["study"], options["in_domain"], options["draws"]
        )
        table = with_means(table, ["model", "benchmark", "language"], RATES)
        write_text(args.out, table.to_csv(index=False))

    return command.run("make_table", work)


if __name__ == "__main__":
    sys.exit(main())
