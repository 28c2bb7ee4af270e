"""Accuracy and LCPR of every model in every language, and the numbers of it."""

import argparse
import json
import sys

from vernacular.report.languages import draw_languages, languages_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", required=True, help="tables/scores.csv")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale, in_domain, draws")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--csv", required=True)
    args = parser.parse_args(argv)

    def work() -> None:
        table = languages_table(args.table)
        draw_languages(table, args.png, args.svg, args.options)
        write_text(args.csv, table.to_csv(index=False))

    return command.run("plot_languages", work)


if __name__ == "__main__":
    sys.exit(main())
