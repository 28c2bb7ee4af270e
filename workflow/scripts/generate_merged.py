"""Let a merge answer the questions of one benchmark, k samples each."""

import argparse
from dataclasses import asdict

from vernacular.evaluation import answering
from vernacular.language.options import IdentifierOptions
from vernacular.storage.command import program
from vernacular.storage.options import add_options


def arguments(parser: argparse.ArgumentParser) -> None:
    answering.arguments(parser)
    add_options(parser, IdentifierOptions, "--identifier")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    from vernacular.evaluation.generate import answers_of
    from vernacular.language.identify import LanguageIdentifier
    from vernacular.language.prompts import prompt_set
    from vernacular.merge.answer import merge_extras
    from vernacular.merge.model import MergedModel

    questions = answering.asked_questions(args)
    model = MergedModel.from_pretrained(args.model, args.options.dtype)
    identifier, prompts = LanguageIdentifier(**asdict(args.identifier)), prompt_set(args.options.prompts)
    extras = merge_extras(model, questions, args.options.decoding, identifier, prompts)
    answers = answers_of(model, model.tokenizer, questions, args.options, args.seed, extras)
    answering.write_answers(args, answers, asdict(args.identifier))
