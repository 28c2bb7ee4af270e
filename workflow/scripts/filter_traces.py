"""Filter raw traces: keep the sound ones, count what each step drops, and measure the filter on the known flaws."""

import argparse
from dataclasses import asdict

from vernacular.corpus.options import FilterOptions
from vernacular.language.options import IdentifierOptions
from vernacular.storage.command import program
from vernacular.storage.options import add_options


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--raw", required=True, help="raw traces (Parquet or JSON lines)")
    add_options(parser, FilterOptions)
    add_options(parser, IdentifierOptions, "--identifier")
    parser.add_argument("--kept", required=True, help="kept traces (Parquet)")
    parser.add_argument("--counts", required=True, help="filter.csv")
    parser.add_argument("--quality", required=True, help="filter_quality.csv")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    import pandas as pd

    from vernacular.corpus.filter import COUNTS, QUALITY, filter_file
    from vernacular.language.identify import LanguageIdentifier
    from vernacular.storage.tables import write_csv

    tally = filter_file(args.raw, args.kept, LanguageIdentifier(**asdict(args.identifier)), args.options)
    write_csv(args.counts, pd.DataFrame(tally.counts(), columns=COUNTS))
    write_csv(args.quality, pd.DataFrame(tally.quality(), columns=QUALITY))
    for reason, count in tally.reasons.most_common():
        print(f"{count} rows not read: {reason}")
    total, kept = tally.by_language.total(), sum(n for (_, step), n in tally.by_language.items() if step is None)
    print(f"{kept} of {total} traces kept; {tally.unsure} dropped because the identifier abstained")
