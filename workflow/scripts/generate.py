"""Let a model answer the questions of one benchmark, k samples each."""

import argparse

from vernacular.evaluation.answering import arguments, asked_questions, write_answers
from vernacular.storage.command import program


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    from vernacular.evaluation.engines import folder_answers

    write_answers(args, folder_answers(args.model, asked_questions(args), args.options, args.seed))
