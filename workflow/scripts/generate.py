"""Let a model answer the questions of one benchmark, k samples each."""

import argparse
import sys

from vernacular.evaluation.answering import arguments, asked_questions, write_answers
from vernacular.storage.command import script


def work(args: argparse.Namespace) -> None:
    from vernacular.evaluation.engines import answer_rows

    write_answers(args, answer_rows(args.model, asked_questions(args), args.options, args.seed))


main = script(__file__, __doc__, arguments, work)

if __name__ == "__main__":
    sys.exit(main())
