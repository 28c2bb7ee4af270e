"""Write the card of a trained model: recipe, data, scores, licence (Markdown)."""

import argparse
import json
import sys
from pathlib import Path

from vernacular.report.card import model_card
from vernacular.storage import command
from vernacular.storage.files import read_json, write_text

SHOWN = ("model", "seed", "language", "benchmark", "n")


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
        from vernacular.storage.tables import read_csv

        tables = [read_csv(path, SHOWN, str).fillna("") for path in args.tables]
        rows = [{str(name): str(value) for name, value in row.items()} for t in tables for row in t.to_dict("records")]
        write_text(args.out, model_card(read_json(args.model / "manifest.json"), rows, args.options))

    return command.run("make_card", work)


if __name__ == "__main__":
    sys.exit(main())
