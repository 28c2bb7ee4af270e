"""Translate the questions of one benchmark into English, then let a model answer them, k samples each."""

import argparse

from vernacular.evaluation import answering
from vernacular.storage.command import program


def arguments(parser: argparse.ArgumentParser) -> None:
    answering.arguments(parser)
    parser.add_argument("--translator", required=True, help="folder of an encoder-decoder")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    from vernacular.evaluation.generate import generate_rows
    from vernacular.evaluation.translate import translated
    from vernacular.models.folders import load_model

    questions = answering.asked_questions(args)
    questions = translated(questions, args.translator, args.options.batch_size, args.options.dtype)
    model, tokenizer = load_model(args.model, args.options.dtype)
    answering.write_answers(args, generate_rows(model, tokenizer, questions, args.options, args.seed))
