"""Let a merged model answer the questions of one benchmark, k samples each."""

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
    parser.add_argument(
        "--identifier", required=True, type=json.loads, help="JSON: languages, model, certainty, min_letters"
    )
    parser.add_argument("--out", required=True, help="generations (Parquet)")
    args = parser.parse_args(argv)

    def work() -> None:
        import torch

        from vernacular.evaluation.generate import generate_rows
        from vernacular.evaluation.questions import chosen_questions
        from vernacular.language.identify import LanguageIdentifier
        from vernacular.merge.answer import prepare_merge
        from vernacular.merge.model import MergedModel

        torch.set_num_threads(args.threads)
        options = args.options
        rows = read_rows(args.questions, schema=QUESTION)
        questions = chosen_questions(rows, args.benchmark, options, args.questions)
        model = MergedModel.from_pretrained(args.model, options["dtype"])
        questions = prepare_merge(model, questions, options["decoding"], LanguageIdentifier(**args.identifier))
        count = write_rows(args.out, generate_rows(model, model.tokenizer, questions, options, args.seed), GENERATION)
        print(count, "completions")

    return command.run("generate_merged", work)


if __name__ == "__main__":
    sys.exit(main())
