"""One manifest of everything that was fetched: downloads.json."""

import argparse
import sys
from pathlib import Path

from vernacular.storage import command
from vernacular.storage.files import read_json, write_json


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", nargs="*", type=Path, help="what each download wrote (JSON)")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args(argv)

    def work() -> None:
        found: dict[str, dict] = {}
        for path in args.records:
            found |= read_json(path)
        write_json(args.out, found)
        size = sum(file["bytes"] for record in found.values() for file in record["files"].values())
        print(f"{len(found)} downloads, {size / 1e9:.2f} GB")

    return command.run("list_downloads", work)


if __name__ == "__main__":
    sys.exit(main())
