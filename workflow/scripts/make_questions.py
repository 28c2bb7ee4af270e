"""The questions of one split: the miniature's own and those of real files, every benchmark in every language."""

import argparse
import json
import sys
from pathlib import Path

from vernacular.corpus.miniature import question_rows
from vernacular.corpus.sources import question_rows as source_rows
from vernacular.storage import command
from vernacular.storage.records import QUESTION, write_rows
from vernacular.study.sources import PHRASEBOOK


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", required=True, choices=["train", "dev", "test"])
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: benchmarks, languages, sources, seed")
    parser.add_argument("--out", required=True, help="questions (Parquet)")
    args = parser.parse_args(argv)

    def rows():  # type: ignore[no-untyped-def]
        languages = args.options["languages"]
        for name, options in args.options["benchmarks"].items():
            if options["source"] == PHRASEBOOK:
                yield from question_rows({name: options}, languages, args.split, args.options["seed"])
                continue
            source = args.options["sources"][options["source"]]
            yield from source_rows(source["format"], Path(source["folder"]), name, languages, args.split)

    return command.run("make_questions", lambda: print(write_rows(args.out, rows(), QUESTION), "questions"))


if __name__ == "__main__":
    sys.exit(main())
