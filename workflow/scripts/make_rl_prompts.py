"""The prompts of GRPO: training questions that the parent solves in some of its samples, not in none and not in all."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vernacular.adamame.options import PromptsOptions
from vernacular.evaluation.answering import resumable, with_batches
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.partial import partial_file
from vernacular.storage.records import PROMPT, QUESTION, read_rows, write_rows


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="folder of the parent")
    parser.add_argument("--questions", required=True, help="training questions (Parquet)")
    add_options(parser, PromptsOptions)
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--wanted", type=int, default=0, help="how many a training may take, for the log")
    parser.add_argument("--out", required=True, help="prompts (Parquet)")
    resumable(parser)


def before(found: int, fitting: int, options: PromptsOptions, wanted: int) -> str:
    """What is known before anything is generated."""
    long = f", {found - fitting} of {found} being longer than {options.prompt_tokens} tokens" if found > fitting else ""
    few = "; that is fewer than `prompts`, even if all are left" if fitting < wanted else ""
    limit = f"a training takes at most {wanted} of those that are solved sometimes{few}" if wanted else ""
    return f"{fitting} questions{long}, {options.candidates} samples each; {limit}".removesuffix("; ")


def write_prompts(args: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    from vernacular.adamame.prompts import difficulty_filter

    kept = difficulty_filter(rows, args.options.candidates)
    never = sum(row["correct"] == 0 for row in rows)
    always = len(rows) - len(kept) - never
    counts = f"of {len(rows)} prompts {len(kept)} are solved sometimes, {never} never, {always} always"
    if not kept:
        advice = "widen `rl.hash_range`, raise `rl.candidates`, or choose another benchmark or parent"
        raise ValueError(f"{args.model}: {counts}: nothing to train on; {advice}")
    write_rows(args.out, kept, PROMPT)
    print(counts)


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    import torch

    from vernacular.adamame.prompts import candidate_answers, candidate_questions, count_solved, fitting_questions
    from vernacular.evaluation.progress import Progress
    from vernacular.evaluation.resume import answered, answers_key

    args.options = with_batches(args)
    torch.set_num_threads(1)  # sums in another order give other numbers
    questions = candidate_questions(read_rows(args.questions, schema=QUESTION), args.options)
    asked = fitting_questions(args.model, questions, args.options)
    print(before(len(questions), len(asked), args.options, args.wanted), flush=True)
    if not asked:
        raise ValueError(f"{args.model}: no questions to ask; widen `rl.hash_range` or raise `prompt_tokens`")
    answers = candidate_answers(args.model, asked, args.options, args.seed)
    key = answers_key(args.code, [args.model], asked, asdict(args.options), args.seed)
    with partial_file(args.out, key) as file:
        if file:
            progress = Progress(f"{Path(args.out).stem} for its RL prompts", args.progress)
            write_prompts(args, count_solved(asked, answered(answers, file, progress)))
