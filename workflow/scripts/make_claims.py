"""Each claim of the papers against the study's own scores: difference, interval, p-value, verdict."""

import argparse
import json
import sys
from pathlib import Path

from vernacular.evaluation.claims import claims_table, timed_table
from vernacular.evaluation.frames import read_frames
from vernacular.report.inputs import read_costs, read_probes
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", nargs="*", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument("--probes", nargs="*", default=[], help=".../seed-<n>/slam/<model>/probe.parquet")
    parser.add_argument("--costs", nargs="*", default=[], help=".../costs/seed-<n>/<model>.csv")
    parser.add_argument("--claims", required=True, type=json.loads, help="JSON: the claims, as load_claims gives them")
    parser.add_argument(
        "--options",
        required=True,
        type=json.loads,
        help="JSON: study, draws, in_domain, chains, complete, evaluated",
    )
    parser.add_argument("--table", required=True, help="the claims about scores (CSV)")
    parser.add_argument("--timed", required=True, help="the claims about time (CSV)")
    args = parser.parse_args(argv)

    def work() -> None:
        by_model: dict[str, list[str]] = {}
        for path in args.probes:
            by_model.setdefault(Path(path).parent.name, []).append(path)
        probes = {model: read_probes(paths) for model, paths in by_model.items()}
        table = claims_table(args.claims, read_frames(args.scores), probes, args.options)
        timed = timed_table(args.claims, read_costs(args.costs), args.options)
        write_text(args.table, table.to_csv(index=False))
        write_text(args.timed, timed.to_csv(index=False))
        for row in [*table.to_dict("records"), *timed.to_dict("records")]:
            print(f"{row['verdict']}: {row['claim']} ({row['metric']} {row['benchmark']})")

    return command.run("make_claims", work)


if __name__ == "__main__":
    sys.exit(main())
