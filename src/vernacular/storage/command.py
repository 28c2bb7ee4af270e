"""How the workflow's scripts end: 0, or 1 with one line that says what is wrong and where."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from vernacular.storage.messages import one_line


def script(
    file: str,
    description: str | None,
    arguments: Callable[[argparse.ArgumentParser], object],
    work: Callable[[argparse.Namespace], object],
) -> Callable[..., int]:
    """A script's `main(argv=None)`: parse the arguments, do the work, return the exit status.

    file: the script's `__file__`, by which its errors are named; description: its docstring.
    """

    def main(argv: list[str] | None = None) -> int:
        parser = argparse.ArgumentParser(description=description)
        arguments(parser)
        args = parser.parse_args(argv)
        return run(Path(file).stem, lambda: work(args))

    return main


def run(name: str, work: Callable[[], object]) -> int:
    """Do the work; an expected error (bad input, bad file) becomes one line on standard error and status 1."""
    try:
        work()
    except (ValueError, OSError) as error:
        print(f"{name}: {one_line(error)}", file=sys.stderr)
        return 1
    return 0
