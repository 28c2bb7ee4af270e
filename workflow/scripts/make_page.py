"""A page of the study in one HTML file: claims, figures, tables that sort, samples."""

import argparse
import json
import sys

from vernacular.report.page import render
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, help="table of rates")
    parser.add_argument("--claims", nargs="?", help="tables/claims.csv, or those of a part")
    parser.add_argument("--timed", nargs="?", help="costs/claims.csv, or those of a part")
    parser.add_argument("--samples", nargs="?", help="tables/samples.csv, or those of a part")
    parser.add_argument("--leaks", nargs="?", help="corpus/leaks.csv, where something was trained")
    parser.add_argument("--figures", nargs="*", default=[], help="PNGs")
    parser.add_argument("--tables", nargs="*", default=[], help="CSVs beside the rates")
    parser.add_argument(
        "--options",
        required=True,
        type=json.loads,
        help="JSON: study, scale, part, pages, figures and tables (in the order of the files: title, caption)",
    )
    parser.add_argument("--out", required=True, help="the page (HTML)")
    args = parser.parse_args(argv)

    def work() -> None:
        from vernacular.storage.tables import read_csv

        options = args.options
        named = {name: getattr(args, name) for name in ("scores", "claims", "timed", "samples", "leaks")}
        tables = {name: read_csv(path) for name, path in named.items() if path}
        figures = zip(options["figures"].values(), args.figures, strict=True)
        others = zip(options["tables"].values(), args.tables, strict=True)
        shown = {
            "figures": [{**said, "path": path} for said, path in figures],
            "tables": [{**said, "table": read_csv(path)} for said, path in others],
        }
        write_text(args.out, render(tables, shown, options))

    return command.run("make_page", work)


if __name__ == "__main__":
    sys.exit(main())
