"""The functions of a study's own that a model trains with, tried before, and copied with the files that they import."""

import argparse
import shutil
import signal
from pathlib import Path
from typing import Any

from vernacular.adamame.options import FunctionsOptions
from vernacular.adamame.own_functions import try_functions
from vernacular.storage.command import program
from vernacular.storage.files import atomic_folder, write_json
from vernacular.storage.options import add_options

LONGEST = 120  # seconds: what takes longer on a few numbers would hold up every step (our choice)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", required=True, type=Path, help="where the files are")
    parser.add_argument("--files", required=True, nargs="+", help="relative to that folder")
    add_options(parser, FunctionsOptions)
    parser.add_argument("--out", required=True, type=Path, help="folder with the copies")


def too_long(*_: Any) -> None:
    raise TimeoutError(f"not done after {LONGEST} seconds")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    options: FunctionsOptions = args.options
    signal.signal(signal.SIGALRM, too_long)
    with atomic_folder(args.out) as folder:
        for name in args.files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(args.folder / name, folder / name)
        signal.alarm(LONGEST)
        try_functions(folder.resolve(), options.schedule, options.match, options.rewards, options.steps)
        signal.alarm(0)
        # The hash is part of what tells one training from another: it covers files of packages too.
        write_json(folder / "functions.json", {"files": args.files, "code": options.code})
    print("tried:", ", ".join(filter(None, [options.schedule, options.match, *options.rewards])))
