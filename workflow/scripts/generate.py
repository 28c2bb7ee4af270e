"""Let a model answer the questions of one benchmark, k samples each."""

import argparse
import json
import sys

from vernacular.storage import command
from vernacular.storage.records import GENERATION, QUESTION, read_rows, write_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--questions", required=True, help="questions of the split (Parquet)")
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: the evaluation's generation options")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", required=True, help="generations (Parquet)")
    args = parser.parse_args(argv)

    def work() -> None:
        import torch

        from vernacular.evaluation.engines import answer_rows
        from vernacular.evaluation.questions import chosen_questions

        torch.set_num_threads(args.threads)
        options = args.options
        rows = read_rows(args.questions, schema=QUESTION)
        questions = chosen_questions(rows, args.benchmark, options, args.questions)
        count = write_rows(args.out, answer_rows(args.model, questions, options, args.seed), GENERATION)
        print(count, "completions")

    return command.run("generate", work)


if __name__ == "__main__":
    sys.exit(main())
