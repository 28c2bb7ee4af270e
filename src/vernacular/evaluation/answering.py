"""What the scripts that answer questions share: their arguments, the questions that they ask, and their output."""

import argparse
from collections.abc import Iterable
from typing import Any

from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.questions import chosen_questions
from vernacular.storage.options import add_options
from vernacular.storage.records import GENERATION, QUESTION, read_rows, write_rows


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--questions", required=True, help="questions of the split (Parquet)")
    parser.add_argument("--benchmark", required=True)
    add_options(parser, GenerationOptions)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", required=True, help="generations (Parquet)")


def asked_questions(args: argparse.Namespace) -> list[dict[str, Any]]:
    """The questions that the options ask, of the arguments' file. Limits PyTorch to the threads that were given."""
    import torch

    torch.set_num_threads(args.threads)
    return chosen_questions(read_rows(args.questions, schema=QUESTION), args.benchmark, args.options, args.questions)


def write_answers(args: argparse.Namespace, rows: Iterable[dict[str, Any]]) -> None:
    print(write_rows(args.out, rows, GENERATION), "completions")
