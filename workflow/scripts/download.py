"""Fetch one model or set of data: from the hub or from URLs, or from a mirror folder; and write what was fetched."""

import argparse
import json
from pathlib import Path

from vernacular.storage.command import program
from vernacular.storage.files import read_json, write_json


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", required=True, help="its name in the manifest, as in models/lrm or data/mgsm")
    parser.add_argument("--options", required=True, type=json.loads, help="JSON: kind, repo, revision, files; or urls")
    parser.add_argument("--mirror", nargs="?", help="a folder to use instead of the network")
    parser.add_argument("--manifest", required=True, type=Path, help="downloads.json: what was fetched earlier, if any")
    parser.add_argument("--out", required=True, type=Path, help="folder")
    parser.add_argument("--record", required=True, type=Path, help="what was fetched (JSON)")
    parser.add_argument("--progress", type=int, default=2, help="file descriptor for progress; 2 is standard error")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    from vernacular.corpus.download import fetch, progress_bars

    earlier = read_json(args.manifest) if args.manifest.exists() else {}
    parts = args.out.with_name(f".{args.out.name}.unfinished")
    bars = progress_bars(args.progress)
    record = fetch(args.options, args.mirror, earlier.get(args.name, {}), args.out, parts, bars)
    write_json(args.record, {args.name: record})
    size = sum(file["bytes"] for file in record["files"].values())
    print(f"{args.name}: {len(record['files'])} files, {size / 1e6:.1f} MB")
