"""What tuning each single layer gains, beside its MSD, and how the two correlate (tables/slam-sweep.csv)."""

import argparse
import json
import sys

from vernacular.evaluation.frames import read_frames
from vernacular.report.inputs import read_layers, read_probes
from vernacular.report.slam_tables import sweep_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet")
    parser.add_argument("--probes", required=True, nargs="+", help=".../seed-<n>/slam/<model>/probe.parquet")
    parser.add_argument("--layers", required=True, nargs="+", help=".../seed-<n>/slam/<model>/layers.json")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, draws, reference")
    parser.add_argument("--out", required=True, help="table (CSV)")
    args = parser.parse_args(argv)

    def work() -> None:
        probes, tuned = read_probes(args.probes), read_layers(args.layers)
        table = sweep_table(read_frames(args.scores, args.options["asked"]), probes, tuned, args.options)
        write_text(args.out, table.to_csv(index=False))

    return command.run("make_slam_sweep", work)


if __name__ == "__main__":
    sys.exit(main())
