"""One training set of the section `data`: plain text, problems with traces, or translation into English."""

import argparse
import sys

from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.storage.command import script
from vernacular.storage.options import add_options
from vernacular.storage.records import TRAINING, write_rows


def arguments(parser: argparse.ArgumentParser) -> None:
    add_options(parser, TrainingDataOptions)
    parser.add_argument("--out", required=True, help="training rows (Parquet)")


def work(args: argparse.Namespace) -> None:
    print(write_rows(args.out, training_rows(args.options), TRAINING), "rows")


main = script(__file__, __doc__, arguments, work)

if __name__ == "__main__":
    sys.exit(main())
