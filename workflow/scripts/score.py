"""Give each completion its verdicts: right answer, language of the trace, of its lines, of its words."""

import argparse
from dataclasses import asdict, replace

from vernacular.evaluation.complete import complete
from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.questions import chosen_questions
from vernacular.evaluation.score import golds_of, score_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.options import IdentifierOptions
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.records import GENERATION, SCORE, read_rows, write_rows


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--generations", required=True)
    parser.add_argument("--questions", required=True, help="questions of the split (Parquet)")
    parser.add_argument("--benchmark", required=True)
    add_options(parser, GenerationOptions)
    add_options(parser, IdentifierOptions, "--identifier")
    parser.add_argument("--out", required=True, help="scores (Parquet)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    columns = ["id", "problem", "benchmark", "kind", "language", "choices", "answer"]
    questions = [row for row in read_rows(args.questions, columns=columns) if row["benchmark"] == args.benchmark]
    # A decoding changes texts, never which questions are asked.
    asked = chosen_questions(questions, args.benchmark, replace(args.options, decoding="plain"), args.questions)
    keys = ((row["id"], row["language"]) for row in asked)
    generations = read_rows(args.generations, schema=GENERATION)
    whole = complete(generations, keys, args.options.samples, args.generations)
    rows = score_rows(whole, golds_of(questions), LanguageIdentifier(**asdict(args.identifier)))
    print(write_rows(args.out, rows, SCORE), "scores")
