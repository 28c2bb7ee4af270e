"""Raw traces: the miniature's, one completion a question and language, some spoiled at known rates; or real ones."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vernacular.corpus.miniature import make_problems, share_of
from vernacular.corpus.source_traces import adamame_traces
from vernacular.corpus.traces import trace_rows
from vernacular.storage import command
from vernacular.storage.records import RAW_TRACE, read_rows, write_rows

OPTIONS = ("benchmarks", "benchmark", "languages", "share", "flaws")


def make(place: str, options: dict[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """The rows to write.

    place: the questions, or the folder of a source where the options are its `format` and `languages`. Else options:
    `benchmarks` (as for the questions), `benchmark` and `languages` to use, `share` ([low, high) of the ids by their
    hash), `flaws` (flaw -> share).
    """
    if set(options) == {"format", "languages"}:
        return adamame_traces(Path(place), options["languages"])
    if set(options) != set(OPTIONS):
        raise ValueError(f"--options: the keys must be {', '.join(OPTIONS)}, not {', '.join(sorted(options))}")
    benchmark, benchmarks = options["benchmark"], options["benchmarks"]
    if benchmark not in benchmarks:
        raise ValueError(f"--options: benchmark '{benchmark}' is not one of {', '.join(sorted(benchmarks))}")
    low, high = options["share"]
    problems = {
        identifier: problem
        for identifier, problem in make_problems(benchmark, benchmarks[benchmark], "train", seed).items()
        if low <= share_of(identifier) < high
    }
    if not problems:
        raise ValueError(f"--options: share [{low}, {high}) holds no question of '{benchmark}'")
    rows = read_rows(place, columns=["id", "language", "question", "answer"])
    return trace_rows(rows, problems, options["languages"], options["flaws"], seed)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", required=True, help="questions of the train split (Parquet), or a source's folder")
    parser.add_argument(
        "--options", required=True, type=json.loads, help=f"JSON: {', '.join(OPTIONS)}; or format, languages"
    )
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--out", required=True, help="raw traces (Parquet)")
    args = parser.parse_args(argv)

    def work() -> None:
        count = write_rows(args.out, make(args.input, args.options, args.seed), RAW_TRACE)
        print(f"{count} raw traces")

    return command.run("make_traces", work)


if __name__ == "__main__":
    sys.exit(main())
