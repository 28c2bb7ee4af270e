"""How far answering is: completions, tokens a second, time left; in the job's log and on a terminal."""

import os
import sys
import time
from collections.abc import Sequence

LINES = 10  # about so many, evenly spread over the batches


class Progress:
    """Lines go to standard output, the job's log, and to `terminal` (a file descriptor) if it is one.

    name: what they begin with; without one nothing is said.
    """

    def __init__(self, name: str, terminal: int | None) -> None:
        self.name = name
        self.terminal = terminal if terminal is not None and os.isatty(terminal) else None
        self.rows = self.batches = 0  # of the whole job, passed so far
        self.made_batches = self.tokens = 0  # by this process
        self.start = time.monotonic()

    def begin(self, sizes: Sequence[int]) -> None:
        """sizes: of the batches, in completions."""
        self.total, self.count = sum(sizes), len(sizes)

    def making(self) -> None:
        """A batch begins."""
        if not self.made_batches:
            self.start = time.monotonic()
            if self.rows:
                self.say(f"{self.name}: resumed after {self.told()}")

    def made(self, tokens: int) -> None:
        self.tokens, self.made_batches = self.tokens + tokens, self.made_batches + 1

    def passed(self, rows: int) -> None:
        """A batch is made, now or by an earlier run."""
        self.rows, self.batches = self.rows + rows, self.batches + 1
        if self.made_batches and (self.batches % max(self.count // LINES, 1) == 0 or self.batches == self.count):
            seconds = max(time.monotonic() - self.start, 1e-6)
            left = seconds / self.made_batches * (self.count - self.batches)
            self.say(f"{self.name}: {self.told()}, {self.tokens / seconds:,.0f} tokens/s, about {left:.0f} s left")

    def told(self) -> str:
        return f"{self.rows:,} of {self.total:,} completions"

    def say(self, text: str) -> None:
        if not self.name:
            return
        is_own = self.terminal == 2  # other jobs write to the workflow's terminal too
        if not (is_own and sys.stdout.isatty()):
            print(text, flush=True)
        if self.terminal is not None:
            moving = f"\r{text} " + ("\n" if self.rows == self.total else "")
            os.write(self.terminal, (moving if is_own else f"{text}\n").encode())
