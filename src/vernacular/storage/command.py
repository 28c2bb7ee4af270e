"""How the workflow's scripts end: 0, or 1 with one line that says what is wrong and where."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from vernacular.storage.messages import one_line


class Ended(BaseException):
    """A signal ends the job. It is not an Exception, since libraries catch those: Transformers takes a ValueError
    while it makes a tensor for ragged rows."""


def program(
    module: str, file: str, description: str | None, arguments: Callable[[argparse.ArgumentParser], object]
) -> Callable[[Callable[[argparse.Namespace], object]], Callable[..., int]]:
    """Make a script of the work that it does: `main(argv=None)` parses arguments, works and returns the exit status.

    module, file, description: the script's `__name__`, `__file__`, by which its errors are named, and docstring. If
    Python runs the module, rather than imports it, the work is done at once and the process ends with that status.
    """

    def decorate(work: Callable[[argparse.Namespace], object]) -> Callable[..., int]:
        def main(argv: list[str] | None = None) -> int:
            parser = argparse.ArgumentParser(description=description)
            arguments(parser)
            args = parser.parse_args(argv)
            return run(Path(file).stem, lambda: work(args))

        if module == "__main__":
            sys.exit(main())
        return main

    return decorate


def run(name: str, work: Callable[[], object]) -> int:
    """Do the work; an expected error (bad input or file, a signal) becomes one line on standard error and status 1."""
    try:
        work()
    except (ValueError, OSError, Ended) as error:
        print(f"{name}: {one_line(error)}", file=sys.stderr)
        return 1
    return 0
