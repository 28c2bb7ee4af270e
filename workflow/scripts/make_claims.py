"""Each claim of the papers against the study's own scores: difference, interval, p-value, verdict."""

import argparse
import json
from pathlib import Path

from vernacular.evaluation.claims import claims_table, timed_table
from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.options import ClaimsOptions
from vernacular.evaluation.results import read_costs, read_probes
from vernacular.storage.command import program
from vernacular.storage.messages import one_line
from vernacular.storage.options import add_options
from vernacular.storage.tables import write_csv


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scores", nargs="*", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument("--probes", nargs="*", default=[], help=".../seed-<n>/slam/<model>/probe.parquet")
    parser.add_argument("--costs", nargs="*", default=[], help=".../costs/seed-<n>/<model>.csv")
    parser.add_argument("--claims", required=True, type=json.loads, help="JSON: the claims as the study resolves them")
    add_options(parser, ClaimsOptions)
    parser.add_argument("--table", required=True, help="the claims about scores (CSV)")
    parser.add_argument("--timed", required=True, help="the claims about time (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    by_model: dict[str, list[str]] = {}
    for path in args.probes:
        by_model.setdefault(Path(path).parent.name, []).append(path)
    probes = {model: read_probes(paths) for model, paths in by_model.items()}
    table = claims_table(args.claims, read_frames(args.scores), probes, args.options)
    timed = timed_table(args.claims, read_costs(args.costs), args.options)
    write_csv(args.table, table)
    write_csv(args.timed, timed)
    for row in [*table.to_dict("records"), *timed.to_dict("records")]:
        print(one_line(f"{row['verdict']}: {row['claim']} ({row['metric']} {row['benchmark']}: {row['part']})"))
