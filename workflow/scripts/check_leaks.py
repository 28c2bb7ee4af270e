"""Fails where a training corpus holds an evaluation question or its translation, and names the rows."""

import argparse
import csv
import io
import json
import sys

from vernacular.corpus.leaks import WAYS, Evaluation, count, describe, leaks, table_row
from vernacular.corpus.miniature import AnyProblem, make_problems
from vernacular.storage import command
from vernacular.storage.files import write_text
from vernacular.storage.records import read_rows


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+", help="training sets, traces, RL prompts (Parquet)")
    parser.add_argument("--questions", required=True, nargs="+", help="questions of the evaluated splits (Parquet)")
    parser.add_argument(
        "--options",
        required=True,
        type=json.loads,
        help="JSON: benchmarks (of phrasebooks), evaluated (benchmarks), splits, seed",
    )
    parser.add_argument("--out", required=True, help="rows and leaks of each corpus (CSV); written if there is none")
    args = parser.parse_args(argv)

    def work() -> None:
        options = args.options

        def problems(split: str, names: list[str]) -> dict[str, AnyProblem]:
            found: dict[str, AnyProblem] = {}
            for name in names:
                if name in options["benchmarks"] and options["benchmarks"][name]["questions"][split]:
                    found |= make_problems(name, options["benchmarks"][name], split, options["seed"])
            return found

        evaluated = options["evaluated"]
        asked = (row for path in args.questions for row in read_rows(path) if row["benchmark"] in evaluated)
        tested = {key: problem for split in options["splits"] for key, problem in problems(split, evaluated).items()}
        evaluation, trained = Evaluation(asked, tested), problems("train", list(options["benchmarks"]))
        table, lines = [], []
        for path in args.corpora:
            try:
                found, rows = count(leaks(read_rows(path), evaluation, trained))
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None
            table.append(table_row(path, found, rows))
            lines += describe(path, found)
            print(f"{path}: {rows} rows, {len(found)} leaks", flush=True)
        if lines:
            print("\n".join(lines), flush=True)
            raise ValueError(
                f"{len(lines)} rows of training corpora hold evaluation questions, such as {lines[0]}; "
                "all stand above. Remove them, or evaluate on other questions"
            )
        text = io.StringIO()
        writer = csv.DictWriter(text, ["corpus", "rows", *WAYS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
        write_text(args.out, text.getvalue())

    return command.run("check_leaks", work)


if __name__ == "__main__":
    sys.exit(main())
