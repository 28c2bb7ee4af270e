"""math-verify in a process of its own: `verify` asks it, `python -P verify_worker.py` is it.

What it is asked is bounded by the length, digits, exponents and nodes of the question, never by the clock, so that a
verdict does not depend on how busy a machine is. The clock is a safety net: math-verify's own time limits are signals,
which fail off the main thread and cannot stop C code, so they stay off; a worker that takes a minute is killed, a fresh
one is asked once more, and then the question is given up. The two talk in JSON lines over pipes.
"""

import atexit
import contextlib
import json
import os
import re
import selectors
import shlex
import subprocess
import sys
import tempfile
import threading
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import IO

SECONDS = 60.0  # for one question, by the clock; what the bounds let through takes far less
TRIES = 2
START_SECONDS = 120.0  # to import sympy and math-verify, on a slow file system too
MEMORY = 400 * 2**20  # bytes of data a worker may hold; beyond it the answer counts as wrong
SMALL = 1e-3  # numbers below are compared by their ratio
# By its path, with no folder in front of Python's own: a types.py in the working directory, or among the modules here,
# would be run instead of another.
COMMAND = [sys.executable, "-P", str(Path(__file__).resolve())]

# The bounds of a question, of either side (our choice). Within them math-verify took at most 2 s of a core for what
# we found worst: a power of a sum that it multiplies out, a long polynomial, a product of sines.
LENGTH = 400  # characters
NODES = 150  # numbers, letters, commands and operators
DEPTH = 8  # nested brackets: 10 fractions in one another take 0.1 s to parse, 20 more than 8 s
FUNCTIONS = 10  # roots, logarithms, sines
EXPONENT, GROUP_EXPONENT = 100, 10  # x^{100}, (x+y)^{10}

_NODE = re.compile(r"\\[A-Za-z]+|\d+|[^\W\d_]|[-+*/^!=<>]")
_FUNCTION = re.compile(r"\\(?:sqrt|log|ln|lg|exp|(?:arc)?(?:sin|cos|tan|cot|sec|csc)h?)(?![A-Za-z])")
_EXPONENT = re.compile(r"([)}\]]?)\s*(?:\^|\*\*)[\s{(\[+-]*(\d+)")
# Powers of powers, factorials of large numbers, numbers of over 100 digits, and what must be summed up or integrated.
_EXPLOSIVE = re.compile(
    r"(?:\^|\*\*)[\s{(\[+-]*[\w.\\!]+[\s})\]!]*(?:\^|\*\*)|\^\s*\{[^{}]*\^|\d{4}\s*!|!\s*!|\d{101}"
    r"|\\(?:i*int|oint|sum|prod|lim|bigcup|bigcap)(?![A-Za-z])|binom[\s{]*\d{4}"
)
_SUMMED = re.compile(  # math-verify takes "5 6" for 11, and "5 (6)" as well
    r"\d(?:\s|\\[,;:! ]|~|\{\}|\\q?quad)+\d|\d\s*\(\s*\d+\s*\)|\(\s*\d+\s*\)\s*\d"
)

_lock = threading.Lock()
_worker: "_Worker | None" = None


@lru_cache(maxsize=4096)  # the samples of a question often agree, in a hang as well
def verify(gold: str, answer: str) -> bool | None:
    """Whether math-verify finds the two LaTeX expressions equal, the reference first.

    False, unasked, for what cannot help or would explode. None where it was given up: a worker and a fresh one took
    longer than SECONDS or died. Raises RuntimeError where the worker cannot start.
    """
    if not all(_may_be_asked(side) for side in (gold, answer)):
        return False
    for _ in range(TRIES):
        reply = _ask([gold, answer])
        if reply is not None:
            return reply is True
    return None


def _ask(question: list[str]) -> object:
    global _worker
    with _lock:
        if _worker is None or _worker.process.poll() is not None:  # it may have been killed since
            _stop()
            _worker = _Worker()
        reply: object = None
        try:
            reply = _worker.ask(question)
        finally:
            if reply is None:  # interrupted, too: a late reply must not answer the next question
                _stop()
        return reply


def _may_be_asked(latex: str) -> bool:
    """Whether a side is within the bounds above, and no text that math-verify misreads."""
    if not latex.strip() or len(latex) > LENGTH or "\0" in latex or _EXPLOSIVE.search(latex) or _SUMMED.search(latex):
        return False
    if len(_NODE.findall(latex)) > NODES or len(_FUNCTION.findall(latex)) > FUNCTIONS:
        return False
    if any(
        len(power) > 3 or int(power) > (GROUP_EXPONENT if group else EXPONENT)
        for group, power in _EXPONENT.findall(latex)
    ):
        return False
    levels = accumulate(1 if bracket in "{(" else -1 for bracket in re.findall(r"[{}()]", latex))
    return max(levels, default=0) <= DEPTH


class _Worker:
    """A running worker process, ready for questions."""

    def __init__(self) -> None:
        # One hash seed and one thread: the same verdict in every run. No empty part of PYTHONPATH: it would be the
        # working directory.
        path = os.pathsep.join(filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
        settings = {"PYTHONPATH": path, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
        self.errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (a pipe that nobody reads could fill up and block)
        try:
            self.process = subprocess.Popen(
                COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=os.environ | settings
            )
        except OSError as error:
            raise RuntimeError(f"the math-verify worker cannot start: {error}") from None
        assert self.process.stdin is not None and self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        if self.read(START_SECONDS) != "ready":
            self.stop()
            self.errors.seek(0)
            lines = self.errors.read().decode("utf-8", "replace").split("\n")
            reason = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
            raise RuntimeError(f"the math-verify worker cannot start: {reason}; run {shlex.join(COMMAND)} to see why")

    def ask(self, question: list[str]) -> object:
        """The worker's reply; None where it died or took longer than SECONDS."""
        try:
            self.stdin.write(json.dumps(question).encode() + b"\n")
            self.stdin.flush()
        except OSError:
            return None
        return self.read(SECONDS)

    def read(self, seconds: float) -> object:
        """The next line, which is short enough to come whole (PIPE_BUF)."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.stdout, selectors.EVENT_READ)
            line = self.stdout.readline() if selector.select(seconds) else b""
        return json.loads(line) if line else None

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.stdout.close()
        with contextlib.suppress(OSError):  # what was not flushed goes nowhere
            self.stdin.close()


@atexit.register
def _stop() -> None:
    global _worker
    if _worker is not None:
        _worker.stop()
        _worker = None


def _forget() -> None:
    """In a forked child: the pipes, and perhaps the lock, are the parent's; start afresh."""
    global _worker, _lock
    _worker, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def main() -> None:
    """The worker: a line `[gold, answer]` in, a line `true` or `false` out, after a first line `"ready"`."""
    import logging
    import resource
    import signal

    from math_verify import LatexExtractionConfig, parse
    from math_verify import verify as compare

    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent; the end of its pipe ends this process
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the replies
    with contextlib.suppress(ValueError, OSError):  # not every system can limit it
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))

    def read(text: str) -> list:
        # Only as LaTeX: the plain-expression fallback would pick a number out of text that did not parse.
        return parse("\\boxed{" + text + "}", [LatexExtractionConfig(boxed_match_priority=0)], parsing_timeout=None)  # type: ignore[arg-type]

    def differ_though_small(gold: list, answer: list) -> bool:
        # It compares six decimal places, so that all that is smaller is equal to it.
        if not (gold and answer and all(getattr(side[0], "is_number", False) for side in (gold, answer))):
            return False
        left, right = (complex(side[0].evalf(30)) for side in (gold, answer))
        return max(abs(left), abs(right)) < SMALL and abs(left - right) > 1e-6 * max(abs(left), abs(right))

    def reply(value: object) -> None:
        replies.write(json.dumps(value).encode() + b"\n")
        replies.flush()

    reply("ready")
    for line in sys.stdin.buffer:
        signal.alarm(int(SECONDS) + 5)  # ends this process should the parent die in the middle of a question
        try:
            gold, answer = map(read, json.loads(line))
            equal = bool(compare(gold, answer, timeout_seconds=None)) and not differ_though_small(gold, answer)
        except (Exception, RecursionError, MemoryError):  # hostile text may raise anything: it is not the gold answer
            equal = False
        signal.alarm(0)
        reply(equal)


if __name__ == "__main__":
    main()
