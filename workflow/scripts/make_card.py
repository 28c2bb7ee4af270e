"""Write the card of a trained model: recipe, data, scores, licence (Markdown)."""

import argparse
import csv
import json
import sys
from pathlib import Path

from vernacular import command
from vernacular.card import model_card
from vernacular.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help="tables of scores (CSV)")
    parser.add_argument("--model", required=True, type=Path, help="model folder")
    parser.add_argument(
        "--options",
        required=True,
        type=json.loads,
        help="JSON: study, scale, licence, languages, parents, data, sources",
    )
    parser.add_argument("--out", required=True, help="card (Markdown)")
    args = parser.parse_args(argv)

    def work() -> None:
        rows: list[dict[str, str]] = []
        for path in args.tables:
            with open(path, newline="", encoding="utf-8") as file:
                rows += csv.DictReader(file)
        manifest = json.loads((args.model / "manifest.json").read_text(encoding="utf-8"))
        write_text(args.out, model_card(manifest, rows, args.options))

    return command.run("make_card", work)


if __name__ == "__main__":
    sys.exit(main())
