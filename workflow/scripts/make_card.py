"""Write the card of a trained model: recipe, data, scores, licence (Markdown)."""

import argparse
from pathlib import Path

from vernacular.report.card import model_card
from vernacular.report.options import CardOptions
from vernacular.storage.command import program
from vernacular.storage.files import read_mapping, write_text
from vernacular.storage.options import add_options

NEEDED = ("model", "seed", "language", "benchmark", "n")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tables", nargs="*", help="tables of scores (CSV)")
    parser.add_argument("--model", required=True, type=Path, help="model folder")
    add_options(parser, CardOptions)
    parser.add_argument("--out", required=True, help="card (Markdown)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    from vernacular.evaluation.version import read_table

    tables = [read_table(path, NEEDED, str).fillna("") for path in args.tables]
    rows = [{str(name): str(value) for name, value in row.items()} for t in tables for row in t.to_dict("records")]
    write_text(args.out, model_card(read_mapping(args.model / "manifest.json"), rows, args.options))
