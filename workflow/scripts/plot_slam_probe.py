"""Active share and MSD by layer and language, the layers that each model tunes, and the numbers of it."""

import argparse
import json
import sys

from vernacular.report.inputs import read_choices
from vernacular.report.slam_figures import draw_probe, probe_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True, help="probe.parquet of the models' parent")
    parser.add_argument("--layers", required=True, nargs="+", help=".../slam/<model>/layers.json; the first is marked")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale")
    parser.add_argument("--png", required=True)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--csv", required=True)
    args = parser.parse_args(argv)

    def work() -> None:
        choices = read_choices(args.layers)
        table = probe_table(args.probe, choices)
        first = next(iter(choices.values()))
        draw_probe(table, args.png, args.svg, {**args.options, "models": list(choices), "rule": first["options"]})
        write_text(args.csv, table.to_csv(index=False))

    return command.run("plot_slam_probe", work)


if __name__ == "__main__":
    sys.exit(main())
