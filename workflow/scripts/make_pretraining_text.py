"""What a base model learns from: training questions with traces, a share of the non-English ones traced in English."""

import argparse
import json
import sys

from vernacular import command
from vernacular.corpus.miniature import pretraining_rows
from vernacular.corpus.records import PRETRAINING, write_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: benchmarks, data, seed")
    parser.add_argument("--out", required=True, help="pretraining rows (Parquet)")
    args = parser.parse_args(argv)
    rows = pretraining_rows(args.options["benchmarks"], args.options["data"], args.options["seed"])
    return command.run("make_pretraining_text", lambda: print(write_rows(args.out, rows, PRETRAINING), "rows"))


if __name__ == "__main__":
    sys.exit(main())
