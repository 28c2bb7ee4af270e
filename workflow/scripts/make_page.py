"""The page of a study in one HTML file: claims, figures, scores by language, samples."""

import argparse
import json
import sys
from pathlib import Path

from vernacular import command
from vernacular.files import write_text
from vernacular.page import render


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", required=True, help="tables/claims.csv")
    parser.add_argument("--timed", required=True, help="costs/claims.csv")
    parser.add_argument("--scores", required=True, help="tables/scores.csv")
    parser.add_argument("--samples", required=True, help="tables/samples.csv")
    parser.add_argument("--leaks", nargs="*", default=[], help="corpus/leaks.csv, where something was trained")
    parser.add_argument("--figures", nargs="*", default=[], help="PNGs")
    parser.add_argument(
        "--options", required=True, type=json.loads, help="JSON: study, scale, figures (name -> title, caption)"
    )
    parser.add_argument("--out", required=True, help="the page (HTML)")
    args = parser.parse_args(argv)

    def work() -> None:
        import pandas as pd

        from vernacular.tables import read_csv

        tables = {name: read_csv(getattr(args, name)) for name in ("claims", "timed", "scores", "samples")}
        if args.leaks:
            tables["leaks"] = pd.concat(map(read_csv, args.leaks))
        figures = [{**args.options["figures"][Path(path).stem], "path": path} for path in args.figures]
        write_text(args.out, render(tables, figures, args.options))

    return command.run("make_page", work)


if __name__ == "__main__":
    sys.exit(main())
