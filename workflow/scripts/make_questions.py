"""The questions of one split: the miniature's own and those of real files, every benchmark in every language."""

import argparse
import json
import sys

from vernacular import command
from vernacular.corpus.miniature import question_rows
from vernacular.corpus.records import QUESTION, write_rows
from vernacular.corpus.sources import mgsm_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", required=True, choices=["train", "dev", "test"])
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: benchmarks, languages, sources, seed")
    parser.add_argument("--out", required=True, help="questions (Parquet)")
    args = parser.parse_args(argv)

    def rows():  # type: ignore[no-untyped-def]
        for name, options in args.options["benchmarks"].items():
            if options["source"] == "phrasebook":
                yield from question_rows({name: options}, args.options["languages"], args.split, args.options["seed"])
            elif args.split == "test":  # MGSM has test questions alone
                yield from mgsm_rows(args.options["sources"]["mgsm"], name, args.options["languages"])

    return command.run("make_questions", lambda: print(write_rows(args.out, rows(), QUESTION), "questions"))


if __name__ == "__main__":
    sys.exit(main())
