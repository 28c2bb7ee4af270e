"""Choose the layers that SLAM tunes, from the probe or by hand, with the reason for each."""

import argparse
import json
import sys

from vernacular.slam.select import select_layers
from vernacular.storage import command
from vernacular.storage.files import write_json
from vernacular.storage.records import read_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", required=True, help="what slam_probe wrote (Parquet)")
    parser.add_argument(
        "--options", required=True, type=json.loads, help="JSON: list of layers, or {choose, by, threshold, count}"
    )
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--out", required=True, help="layers.json")
    args = parser.parse_args(argv)

    def work() -> None:
        rows = list(read_rows(args.probe, ["layer", "msd", "msd_neurons"]))
        try:
            chosen = select_layers(rows, args.options, args.seed)
        except ValueError as error:
            raise ValueError(f"{args.probe}: {error}") from None
        write_json(args.out, chosen)
        print("layers", ", ".join(map(str, chosen["layers"])), "of", chosen["of"])

    return command.run("slam_select", work)


if __name__ == "__main__":
    sys.exit(main())
