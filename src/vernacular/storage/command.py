"""How the workflow's scripts end: 0, or 1 with one line that says what is wrong and where."""

import sys
from collections.abc import Callable

from vernacular.storage.sanitise import one_line


def run(name: str, work: Callable[[], None]) -> int:
    """Do the work of a script; an expected error (bad input, bad file) becomes one line on stderr and status 1."""
    try:
        work()
    except (ValueError, OSError) as error:
        print(f"{name}: {one_line(error)}", file=sys.stderr)
        return 1
    return 0
