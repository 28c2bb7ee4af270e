"""Accuracy, match rate, alignment, tokens and the languages of the traces over the steps of GRPO, for every model.

The figures show running means of 5 steps; the CSVs hold each step as it was.
"""

import argparse
import json
import sys

from vernacular.report.training_curves import draw_mix, draw_training, mix_table, training_table
from vernacular.storage import command
from vernacular.storage.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="folders of GRPO models, with their history.csv")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale, in_domain, draws")
    for kind in ("png", "svg", "csv"):
        parser.add_argument(f"--{kind}", required=True, help=f"the rates ({kind.upper()})")
    for kind in ("png", "svg", "csv"):
        parser.add_argument(f"--mix-{kind}", required=True, help=f"the languages ({kind.upper()})")
    args = parser.parse_args(argv)

    def work() -> None:
        table = training_table(args.models)
        mix = mix_table(table)
        draw_training(table, args.png, args.svg, args.options)
        draw_mix(mix, args.mix_png, args.mix_svg, args.options)
        write_text(args.csv, table.to_csv(index=False))
        write_text(args.mix_csv, mix.to_csv(index=False))

    return command.run("plot_training", work)


if __name__ == "__main__":
    sys.exit(main())
