"""One training set of the section `data`: plain text, problems with traces, or translation into English."""

import argparse
import json
import sys

from vernacular.corpus.training import training_rows
from vernacular.storage import command
from vernacular.storage.records import TRAINING, write_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--options", required=True, type=json.loads, help="JSON: benchmarks, data, seed, and sources if any"
    )
    parser.add_argument("--out", required=True, help="training rows (Parquet)")
    args = parser.parse_args(argv)
    options = args.options
    rows = training_rows(options["benchmarks"], options["data"], options["seed"], options.get("sources"))
    return command.run("make_training_data", lambda: print(write_rows(args.out, rows, TRAINING), "rows"))


if __name__ == "__main__":
    sys.exit(main())
