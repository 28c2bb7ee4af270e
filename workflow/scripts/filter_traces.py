"""Filter raw traces: keep the sound ones, count what each step drops, and hold the filter against the known flaws."""

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from vernacular.corpus.filter import BATCH, Tally, csv_text, filter_rows
from vernacular.corpus.traces import read_traces
from vernacular.language.identify import LanguageIdentifier
from vernacular.storage import command
from vernacular.storage.files import write_text
from vernacular.storage.records import KEPT_TRACE, write_rows

IDENTIFIER = {"languages", "model", "certainty", "min_letters"}


def kept_rows(raw: str, options: dict[str, Any], identifier: dict[str, Any], tally: Tally) -> Iterator[dict[str, Any]]:
    """The rows to keep, while every verdict goes into the tally."""
    if not {"languages"} <= set(identifier) <= IDENTIFIER:
        raise ValueError(f"--identifier: needs languages and may have {', '.join(sorted(IDENTIFIER - {'languages'}))}")
    for row, step in filter_rows(read_traces(raw), LanguageIdentifier(**identifier), options):
        tally.add(row, step)
        if step is None and isinstance(row, dict):
            yield row


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", required=True, help="raw traces (Parquet or JSON lines)")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: length: minimum, maximum (characters)")
    parser.add_argument("--identifier", required=True, type=json.loads, help="JSON: options of LanguageIdentifier")
    parser.add_argument("--kept", required=True, help="kept traces (Parquet)")
    parser.add_argument("--counts", required=True, help="filter.csv")
    parser.add_argument("--quality", required=True, help="filter_quality.csv")
    args = parser.parse_args(argv)

    def work() -> None:
        tally = Tally()
        rows = kept_rows(args.raw, args.options, args.identifier, tally)
        kept = write_rows(args.kept, rows, KEPT_TRACE, batch_size=BATCH)
        write_text(args.counts, csv_text(tally.counts(), ["language", "step", "kept", "dropped"]))
        write_text(args.quality, csv_text(tally.quality(), ["flaw", "precision", "recall"]))
        for reason, count in tally.reasons.most_common():
            print(f"{count} rows not read: {reason}")
        total = sum(tally.by_language.values())
        print(f"{kept} of {total} traces kept; {tally.unsure} dropped as of unsure language")

    return command.run("filter_traces", work)


if __name__ == "__main__":
    sys.exit(main())
