"""The scores of one seed of a study in one file, with what made them in its metadata."""

import argparse

from vernacular.evaluation.evidence import cpu, pack
from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.options import EvidenceOptions
from vernacular.models.provenance import versions
from vernacular.storage.command import program
from vernacular.storage.options import add_options


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet, of one seed")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--code", required=True, help="hash of the code that made the scores")
    add_options(parser, EvidenceOptions)
    parser.add_argument("--out", required=True, help="evidence (Parquet)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    told = {"seed": args.seed, "code": args.code, "config": args.options.config}
    told |= {"versions": versions(), "cpu": cpu()}
    size = pack(read_frames(args.scores, args.options.asked), told, args.out)
    print(f"{size:,} bytes; code {args.code}, configuration {args.options.config}")
