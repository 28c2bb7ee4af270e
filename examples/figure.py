"""A Pareto plot of your own from a study's numbers: other models, another width, a format that journals take.

    python examples/figure.py results/default/figures/pareto.csv mine.pdf --models lrm adamame --width 3.3

Copy it and change what you like: each figure of a study has a .csv with all that is drawn.
"""

import argparse

import matplotlib.pyplot as plt
import pandas as pd


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("numbers", help="figures/pareto.csv of a study")
    parser.add_argument("out", help="the figure: .pdf, .svg, .png")
    parser.add_argument("--models", nargs="+", help="models to draw (default: all)")
    parser.add_argument("--benchmark", help="benchmark to draw (default: the first)")
    parser.add_argument("--width", type=float, default=3.3, help="inches; a column of a paper has about 3.3")
    args = parser.parse_args(argv)
    try:
        table = pd.read_csv(args.numbers)
    except OSError as error:
        parser.error(f"{args.numbers}: {error.strerror}")
    if not {"benchmark", "model", "accuracy_low", "lcpr_low"} <= set(table):
        parser.error(f"{args.numbers}: not the numbers of a Pareto plot; give a study's figures/pareto.csv")
    benchmarks = list(table["benchmark"].unique())
    if args.benchmark not in (None, *benchmarks):
        parser.error(f"--benchmark: no '{args.benchmark}' in {args.numbers}; choose from: {', '.join(benchmarks)}")
    table = table[table["benchmark"] == (args.benchmark or benchmarks[0])].set_index("model")
    if unknown := [name for name in args.models or [] if name not in table.index]:
        parser.error(f"--models: no '{unknown[0]}' in {args.numbers}; choose from: {', '.join(table.index)}")
    figure, axes = plt.subplots(figsize=(args.width, 0.8 * args.width), layout="constrained")
    for name, row in table.loc[args.models or list(table.index)].iterrows():
        spread = {
            f"{axis}err": [[row[key] - row[f"{key}_low"]], [row[f"{key}_high"] - row[key]]]
            for axis, key in (("x", "lcpr"), ("y", "accuracy"))
        }
        axes.errorbar(row["lcpr"], row["accuracy"], **spread, fmt="o", markersize=4, linewidth=0.8, label=name)
    axes.set(xlabel="LCPR", ylabel="accuracy")
    axes.legend(fontsize="small")
    figure.savefig(args.out, dpi=300)


if __name__ == "__main__":
    main()
