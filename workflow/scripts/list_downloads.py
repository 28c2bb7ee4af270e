"""One manifest of everything that was fetched: downloads.json."""

import argparse
from pathlib import Path
from typing import Any

from vernacular.storage.command import program
from vernacular.storage.files import read_mapping, write_json


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("records", nargs="*", type=Path, help="what each download wrote (JSON)")
    parser.add_argument("--out", required=True, type=Path)


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    found: dict[str, Any] = {}
    for path in args.records:
        found |= read_mapping(path)
    write_json(args.out, found)
    size = sum(file["bytes"] for record in found.values() for file in record["files"].values())
    print(f"{len(found)} downloads, {size / 1e9:.2f} GB")
