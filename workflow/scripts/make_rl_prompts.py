"""The prompts of GRPO: training questions that the parent solves in some of its samples, not in none and not in all."""

import argparse
import json
import sys

from vernacular.storage import command
from vernacular.storage.records import PROMPT, QUESTION, read_rows, write_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="folder of the parent")
    parser.add_argument("--questions", required=True, help="training questions (Parquet)")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: the section `rl` of the config")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--out", required=True, help="prompts (Parquet)")
    args = parser.parse_args(argv)

    def work() -> None:
        import torch

        from vernacular.adamame.prompts import candidate_questions, count_solved, difficulty_filter

        torch.set_num_threads(1)  # sums in another order are other numbers
        questions = candidate_questions(read_rows(args.questions, schema=QUESTION), args.options)
        rows = count_solved(args.model, questions, args.options, args.seed)
        kept = difficulty_filter(rows, args.options["candidates"])
        write_rows(args.out, kept, PROMPT)
        never = sum(row["correct"] == 0 for row in rows)
        always = len(rows) - len(kept) - never
        print(f"of {len(rows)} prompts {len(kept)} are solved sometimes, {never} never, {always} always")

    return command.run("make_rl_prompts", work)


if __name__ == "__main__":
    sys.exit(main())
