"""Give each completion its verdicts: right answer, language of the trace, of its lines, of its words."""

import argparse
import json
import sys

from vernacular.evaluation.score import golds_of, score_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.storage import command
from vernacular.storage.records import GENERATION, SCORE, read_rows, write_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", required=True)
    parser.add_argument("--questions", required=True, help="questions of the split (Parquet)")
    parser.add_argument("--benchmark", required=True)
    parser.add_argument(
        "--identifier", required=True, type=json.loads, help="JSON: languages, model, certainty, min_letters"
    )
    parser.add_argument("--out", required=True, help="scores (Parquet)")
    args = parser.parse_args(argv)

    def work() -> None:
        columns = ["id", "benchmark", "kind", "language", "choices", "answer"]
        questions = (row for row in read_rows(args.questions, columns=columns) if row["benchmark"] == args.benchmark)
        generations = read_rows(args.generations, schema=GENERATION)
        rows = score_rows(generations, golds_of(questions), LanguageIdentifier(**args.identifier))
        print(write_rows(args.out, rows, SCORE), "scores")

    return command.run("score", work)


if __name__ == "__main__":
    sys.exit(main())
