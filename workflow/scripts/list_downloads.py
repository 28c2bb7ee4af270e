"""One manifest of everything that was fetched: downloads.json."""

import argparse
import sys
from pathlib import Path
from typing import Any

from vernacular.storage.command import script
from vernacular.storage.files import read_json, write_json


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("records", nargs="*", type=Path, help="what each download wrote (JSON)")
    parser.add_argument("--out", required=True, type=Path)


def work(args: argparse.Namespace) -> None:
    found: dict[str, Any] = {}
    for path in args.records:
        found |= read_json(path)
    write_json(args.out, found)
    size = sum(file["bytes"] for record in found.values() for file in record["files"].values())
    print(f"{len(found)} downloads, {size / 1e9:.2f} GB")


main = script(__file__, __doc__, arguments, work)

if __name__ == "__main__":
    sys.exit(main())
