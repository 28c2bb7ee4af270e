"""Accuracy, match rate, alignment, tokens and the languages of the traces over the steps of GRPO, for every model."""

import argparse
import json
import sys

from vernacular import command
from vernacular.figures.training import draw_mix, draw_training, histories
from vernacular.files import write_text


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", help="folders of GRPO models, with their history.csv")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: study, scale, in_domain, draws")
    parser.add_argument("--out", required=True, help="figure of the rates (PNG)")
    parser.add_argument("--mix", required=True, help="figure of the languages (PNG)")
    parser.add_argument("--csv", required=True, help="what both show (CSV)")
    args = parser.parse_args(argv)

    def work() -> None:
        table = histories(args.models)
        write_text(args.csv, table.to_csv(index=False))
        draw_training(table, args.out, args.options)
        draw_mix(table, args.mix, args.options)

    return command.run("plot_training", work)


if __name__ == "__main__":
    sys.exit(main())
