"""Probe a frozen model: how much does the activity of its neurons differ between languages, layer by layer?"""

import argparse

from vernacular.slam.options import ProbeOptions
from vernacular.storage.command import program
from vernacular.storage.options import add_options
from vernacular.storage.records import QUESTION, read_rows, write_rows


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--questions", required=True, help="questions of the split (Parquet)")
    add_options(parser, ProbeOptions)
    parser.add_argument("--out", required=True, help="a row for each layer and language (Parquet)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    import torch

    from vernacular.models.folders import load_model
    from vernacular.slam.probe import PROBE, probe, question_batches

    torch.set_num_threads(1)  # sums in another order give other numbers
    model, tokenizer = load_model(args.model)
    batches = question_batches(read_rows(args.questions, schema=QUESTION), args.options)
    try:
        rows = probe(model, tokenizer, batches, args.options)
    except ValueError as error:
        raise ValueError(f"{args.model} on {args.questions}: {error}") from None
    print(write_rows(args.out, rows, PROBE), "rows of layers and languages")
