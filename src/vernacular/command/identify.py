"""The language of each line of a file or of standard input, as an ISO 639 code; `-` if it cannot tell."""

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from vernacular.language.identify import LanguageIdentifier

USAGE = """\
examples:
  echo "Combien font deux et trois ?" | vernacular identify
  vernacular identify traces.txt --languages fr sw yo
  vernacular identify traces.txt --json

prints the code, a tab and the line; with --json an object for each line: {"language": "fr", "text": ...}, null if it
cannot tell. exit status: 0; 2 for a file that cannot be read"""
CHUNK = 1000


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE", help="text files; - is standard input")
    parser.add_argument(
        "--languages", nargs="+", default=[], metavar="CODE", help="languages to favour for short and doubtful lines"
    )
    parser.add_argument("--json", action="store_true", help="print JSON lines")


def lines_of(files: list[str]) -> Iterator[str]:
    """Raises ValueError (one line) for a file that is not UTF-8."""
    for name in files:
        if name != "-" and not Path(name).is_file():
            raise ValueError(f"{name}: no such file")
        file = open(0 if name == "-" else name, encoding="utf-8", closefd=name != "-")  # noqa: SIM115
        with file:
            try:
                yield from (line.rstrip("\n") for line in file)
            except UnicodeDecodeError as error:
                raise ValueError(f"{name}: not UTF-8 ({error.reason}); convert it (iconv -t UTF-8)") from None


def work(args: argparse.Namespace) -> int:
    identifier, lines = LanguageIdentifier(args.languages), lines_of(args.files)
    while some := list(islice(lines, 1 if sys.stdin.isatty() and args.files == ["-"] else CHUNK)):
        for text, language in zip(some, identifier.identify(some), strict=True):
            row = {"language": language, "text": text}
            print(json.dumps(row, ensure_ascii=False) if args.json else f"{language or '-'}\t{text}")
    return 0
