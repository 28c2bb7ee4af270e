"""Translate the questions of one benchmark into English, then let a model answer them, k samples each."""

import argparse
import json
import sys

from vernacular.storage import command
from vernacular.storage.records import GENERATION, QUESTION, read_rows, write_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--translator", required=True, help="folder of an encoder-decoder")
    parser.add_argument("--questions", required=True, help="questions of the split (Parquet)")
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: the evaluation's generation options")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", required=True, help="generations (Parquet)")
    args = parser.parse_args(argv)

    def work() -> None:
        import torch

        from vernacular.evaluation.generate import generate_rows
        from vernacular.evaluation.questions import chosen_questions
        from vernacular.evaluation.translate import translated
        from vernacular.models.folders import load_model

        torch.set_num_threads(args.threads)
        options = args.options
        rows = read_rows(args.questions, schema=QUESTION)
        questions = chosen_questions(rows, args.benchmark, options, args.questions)
        questions = translated(questions, args.translator, options["batch_size"], options["dtype"])
        model, tokenizer = load_model(args.model, options["dtype"])
        count = write_rows(args.out, generate_rows(model, tokenizer, questions, options, args.seed), GENERATION)
        print(count, "completions")

    return command.run("generate_translated", work)


if __name__ == "__main__":
    sys.exit(main())
