"""Translate the questions of one benchmark into English, then let a model answer them, k samples each."""

import argparse

from vernacular.evaluation import answering
from vernacular.storage.command import program
from vernacular.storage.partial import partial_file


def arguments(parser: argparse.ArgumentParser) -> None:
    answering.arguments(parser)
    parser.add_argument("--translator", required=True, help="folder of an encoder-decoder")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    from vernacular.evaluation.generate import answers_of
    from vernacular.evaluation.progress import Progress
    from vernacular.evaluation.resume import answers_key
    from vernacular.evaluation.translate import translated
    from vernacular.models.folders import load_model

    questions, options = answering.asked_questions(args), args.options
    key = answers_key(args.code, [args.translator], questions, options.batch_tokens, options.dtype)
    with partial_file(args.out, key, "-english") as file:
        if file:
            progress = Progress(f"{args.translator}: {args.benchmark} into English", args.progress)
            questions = translated(questions, args.translator, options.batch_tokens, options.dtype, file, progress)
            model, tokenizer = load_model(args.model, options.dtype)
            answering.write_answers(args, answers_of(model, tokenizer, questions, options, args.seed))
