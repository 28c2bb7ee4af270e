"""What the scripts that answer questions share: their arguments, the questions that they ask, and their output."""

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.questions import chosen_questions
from vernacular.storage.options import add_options
from vernacular.storage.partial import partial_file
from vernacular.storage.records import GENERATION, QUESTION, read_rows, write_rows

if TYPE_CHECKING:
    from vernacular.evaluation.generate import Answers


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--questions", required=True, help="questions of the split (Parquet)")
    parser.add_argument("--benchmark", required=True)
    add_options(parser, GenerationOptions)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", required=True, help="generations (Parquet)")
    resumable(parser)


def resumable(parser: argparse.ArgumentParser) -> None:
    """Add what a script needs whose answers survive a kill."""
    parser.add_argument("--batch-tokens", type=int, help="in place of the options' `batch_tokens`")
    parser.add_argument("--code", default="", help="hash of the code, which kept answers depend on")
    parser.add_argument("--progress", type=int, default=2, help="file descriptor of a terminal; 2 is standard error")


def with_batches(args: argparse.Namespace) -> Any:
    """The arguments' options, with the number of tokens in a batch that is given apart."""
    return replace(args.options, batch_tokens=args.batch_tokens) if args.batch_tokens else args.options


def asked_questions(args: argparse.Namespace) -> list[dict[str, Any]]:
    """The questions that the options ask, of the arguments' file. Completes the options, and limits PyTorch to the
    threads that were given."""
    import torch

    args.options = with_batches(args)

    torch.set_num_threads(args.threads)
    return chosen_questions(read_rows(args.questions, schema=QUESTION), args.benchmark, args.options, args.questions)


def write_answers(args: argparse.Namespace, answers: "Answers", *rest: Any) -> None:
    """Answer, keeping what is answered, and write records.GENERATION. rest: what else the answers depend on."""
    from vernacular.evaluation.progress import Progress
    from vernacular.evaluation.resume import answered, answers_key

    key = answers_key(args.code, [args.model], answers.questions, asdict(args.options), args.seed, *rest)
    with partial_file(args.out, key) as file:
        if file:
            progress = Progress(f"{Path(args.out).parent.name} on {args.benchmark}", args.progress)
            print(write_rows(args.out, answered(answers, file, progress), GENERATION), "completions")
