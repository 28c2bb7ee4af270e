"""One training set of the section `data`: plain text, problems with traces, or translation into English."""

import argparse

from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.records import TRAINING, write_rows


def arguments(parser: argparse.ArgumentParser) -> None:
    add_options(parser, TrainingDataOptions)
    parser.add_argument("--out", required=True, help="training rows (Parquet)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    print(write_rows(args.out, training_rows(args.options), TRAINING), "rows")
