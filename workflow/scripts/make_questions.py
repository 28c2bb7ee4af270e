"""The questions of one split: the miniature's own and those of real files, every benchmark in every language."""

import argparse

from vernacular.corpus.options import QuestionsOptions
from vernacular.corpus.sources import benchmark_rows
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.records import QUESTION, write_rows


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--split", required=True, choices=["train", "dev", "test"])
    add_options(parser, QuestionsOptions)
    parser.add_argument("--out", required=True, help="questions (Parquet)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    print(write_rows(args.out, benchmark_rows(args.options, args.split), QUESTION), "questions")
