"""Whether the regime of a study lets the claims come out either way: its criteria against scores on dev."""

import argparse
import json

from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.options import RegimeOptions
from vernacular.evaluation.regime import regime_table
from vernacular.storage.command import program
from vernacular.storage.messages import one_line
from vernacular.storage.options import add_options
from vernacular.storage.tables import write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet, of dev")
    parser.add_argument(
        "--criteria", required=True, type=json.loads, help="JSON: the criteria as the study resolves them"
    )
    add_options(parser, RegimeOptions)
    parser.add_argument("--out", required=True, help="the criteria, measured (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    table = regime_table(args.criteria, read_frames(args.scores, args.options.asked), args.options)
    write_csv(args.out, table)
    for row in table.to_dict("records"):
        verdict = "reached" if row["reached"] else "not reached"
        print(one_line(f"{verdict}: {row['part']}.{row['criterion']} on {row['benchmark']}: {row['measured']:.3f}"))
