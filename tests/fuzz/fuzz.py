"""Fuzzing: every target of fuzz_targets.py with wild text, in a process of its own that is watched (make fuzz).

An input is made by a generator seeded with (--seed, target, number), so that a finding is repeated by its number alone.
One in --every is of --size characters. A target fails by an exception, by the death of its process, by an input over
SECONDS, and by a process of over MEMORY bytes. Prints a line for each target; exit status 1 where one failed.
"""

import argparse
import multiprocessing
import random
import resource
import sys
import time
import traceback
from collections.abc import Sequence
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from fuzz_targets import CHECKS, FOLDERS, WARM, Check, ready
from wild import long_text, wild_text

SECONDS = 2.0  # of its process's own time for one input; math-verify's worker is stopped by the clock, after a minute
MEMORY = 500 * 2**20
INPUTS, CASES = 100_000, 10_000  # for each reader of text, for each target of folders
STALLED = 600.0  # seconds of the clock without an input done, on a machine that others use too


TARGETS = {**CHECKS, **FOLDERS}


def wild_input(target: str, number: int, options: argparse.Namespace) -> tuple[random.Random, str]:
    rng = random.Random(f"{options.seed} {target} {number}")
    long = number % options.every == options.every - 1
    return rng, long_text(rng, options.size) if long else wild_text(rng)


def attempt(target: str, check: Check, rng: random.Random, text: str) -> float:
    """Seconds of the process's own time that an input took; raises what the check raises."""
    if target == "verifier":
        ready()
    start = time.process_time()
    check(rng, text)
    return time.process_time() - start


def peak() -> float:
    """MiB that this process has held at the most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def over(seconds: float, leaked: float = 0.0) -> str | None:
    """The limit that the last input went over; leaked: MiB that were held before it and are not the target's."""
    if seconds > SECONDS:
        return f"took {seconds:.1f} s"
    most = peak() - leaked
    return f"{most:.0f} MiB of memory at the most" if most * 2**20 > MEMORY else None


def fuzz(
    target: str, check: Check, numbers: Sequence[int], options: argparse.Namespace, at: "Synchronized[int]", report: Any
) -> None:
    """In the child: try the inputs; send (slowest input, its seconds, peak memory), or (number, what went wrong)."""
    slowest = (0.0, -1)
    for number, text in enumerate(WARM if target in CHECKS else WARM * 20):  # all kinds of folders, at best
        check(random.Random(number), text)
    libraries = peak() if target in FOLDERS else 0.0  # torch and Transformers take 450 MiB alone
    for number in numbers:
        at.value = number
        try:
            taken = attempt(target, check, *wild_input(target, number, options))
        except Exception:
            report.send((number, traceback.format_exc(limit=-3)))
            return
        if wrong := over(taken, libraries):
            report.send((number, wrong))
            return
        slowest = max(slowest, (taken, number))
    report.send((None, f"slowest {slowest[0]:.2f} s (number {slowest[1]}), {peak():.0f} MiB at the most"))


def watch(target: str, check: Check, numbers: Sequence[int], options: argparse.Namespace) -> tuple[bool, str]:
    """(whether all went well, one line about it); a process that dies or stalls is a finding, too."""
    fork = multiprocessing.get_context("fork")
    at = fork.Value("l", -1)
    receiving, sending = fork.Pipe(duplex=False)
    child = fork.Process(target=fuzz, args=(target, check, numbers, options, at, sending))
    start = moved = time.monotonic()
    child.start()
    sending.close()
    last = -1
    while not receiving.poll(0.2):
        if at.value != last:
            last, moved = at.value, time.monotonic()
        if time.monotonic() - moved > options.stalled:
            child.kill()
            child.join()
            return False, f"number {last} hangs"
    try:
        number, what = receiving.recv()
    except EOFError:
        child.join()
        return False, f"number {at.value} ends the process (status {child.exitcode})"
    child.join()
    if number is not None:
        return False, f"number {number}: {what}"
    return True, f"{len(numbers)} inputs in {time.monotonic() - start:.0f} s; {what}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; none: all")
    parser.add_argument("--inputs", type=int, help=f"for each target; default {INPUTS:,}, of folders {CASES:,}")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--every", type=int, default=2_000, help="one input in so many is long")
    parser.add_argument("--size", type=int, default=10_000_000, help="characters of a long input")
    parser.add_argument("--number", type=int, help="this input alone, to repeat a finding")
    parser.add_argument("--stalled", type=float, default=STALLED, help="seconds after which an input counts as hanging")
    options = parser.parse_args(argv)
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"'{unknown.pop()}' is not a target; there are: {', '.join(TARGETS)}")
    well = True
    for target in options.targets or TARGETS:
        count = options.inputs or (CASES if target in FOLDERS else INPUTS)
        numbers = range(count) if options.number is None else [options.number]
        sound, line = watch(target, TARGETS[target], numbers, options)
        well = well and sound
        print(f"{target}: {line}" if sound else f"{target}: FAILED: {line}", flush=True)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
