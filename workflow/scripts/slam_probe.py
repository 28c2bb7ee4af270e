"""Probe a frozen model: how much does the activity of its neurons differ between languages, layer by layer?"""

import argparse
import json
import sys

from vernacular.storage import command
from vernacular.storage.records import QUESTION, read_rows, write_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--questions", required=True, help="questions of the split (Parquet)")
    parser.add_argument(
        "--options",
        required=True,
        type=json.loads,
        help="JSON: benchmark, languages, questions (null: all), threshold, active_share, batch_size",
    )
    parser.add_argument("--out", required=True, help="a row for each layer and language (Parquet)")
    args = parser.parse_args(argv)

    def work() -> None:
        import torch

        from vernacular.models.load import load_model
        from vernacular.slam.probe import PROBE, probe, question_batches

        torch.set_num_threads(1)  # sums in another order are other numbers
        model, tokenizer = load_model(args.model)
        batches = question_batches(read_rows(args.questions, schema=QUESTION), args.options)
        try:
            rows = probe(model, tokenizer, batches, args.options)
        except ValueError as error:
            raise ValueError(f"{args.model} on {args.questions}: {error}") from None
        print(write_rows(args.out, rows, PROBE), "rows of layers and languages")

    return command.run("slam_probe", work)


if __name__ == "__main__":
    sys.exit(main())
