"""Raw traces: the miniature's, one completion a question and language, some spoiled at known rates; or real ones."""

import argparse

from vernacular.corpus.options import TracesOptions
from vernacular.corpus.trace_sources import raw_traces
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.records import RAW_TRACE, write_rows


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--input", required=True, help="questions of the train split (Parquet), or a source's folder")
    add_options(parser, TracesOptions)
    parser.add_argument("--out", required=True, help="raw traces (Parquet)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    print(write_rows(args.out, raw_traces(args.input, args.options), RAW_TRACE), "raw traces")
