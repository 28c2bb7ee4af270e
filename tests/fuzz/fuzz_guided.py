"""Fuzzing guided by coverage: the targets of fuzz_targets.py under atheris (make fuzz-guided).

libFuzzer changes inputs that reached new branches of the library; it starts from wild texts and small bombs and puts in
their pieces. The first four bytes of an input seed the target's generator, the rest is the text, in UTF-8, where bytes
that are none become lone surrogates. What fails is what fails in fuzz.py. Inputs that reached something are kept in
--folder/TARGET, and the next run goes on from them. Prints a line for each target; exit status 1 where one failed.
"""

import argparse
import contextlib
import hashlib
import io
import multiprocessing
import os
import random
import resource
import sys
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

from wild import BOMBS, PIECES, wild_text

SEED = 4  # bytes at the start of an input
LONGEST = 10_000  # bytes of an input


def split(data: bytes) -> tuple[random.Random, str]:
    return random.Random(data[:SEED]), data[SEED:].decode("utf-8", "surrogateescape")


def held() -> float:
    """MiB that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def prepare(folder: Path) -> None:
    """In the folder: what to start from, and beside it the words that are put into inputs."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = [wild_text(random.Random(number)) for number in range(200)] + [bomb(500) for bomb in BOMBS.values()]
    for number, text in enumerate(texts):
        data = number.to_bytes(SEED, "big") + text.encode("utf-8", "surrogatepass")
        (folder / f"start-{number:03d}").write_bytes(data[:LONGEST])
    words = ["".join(f"\\x{byte:02x}" for byte in piece.encode("utf-8", "surrogatepass")) for piece in PIECES]
    folder.with_suffix(".words").write_text("".join(f'"{word}"\n' for word in words))


def guide(target: str, options: argparse.Namespace, done: "Synchronized[int]", log: Path) -> None:
    """In the child, which libFuzzer ends: with status 0, or with the input that failed in a file beside the folder."""
    import atheris
    import fuzz

    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    check = fuzz.CHECKS[target]
    for text in fuzz.WARM:
        check(random.Random(0), text)

    folder, at_first = options.folder / target, held()

    def one(data: bytes) -> None:
        done.value += 1
        leaked = max(held() - at_first, 0)  # atheris 3.0.0 keeps the result of each comparison of arrays
        try:
            if wrong := fuzz.over(fuzz.attempt(target, check, *split(data)), leaked):
                raise RuntimeError(wrong)
        except Exception:  # libFuzzer writes the inputs of hangs and deaths itself
            Path(f"{folder}-crash-{hashlib.sha1(data).hexdigest()}").write_bytes(data)
            raise

    limits = {"max_total_time": round(60 * options.minutes), "timeout": options.stalled, "rss_limit_mb": 0}
    limits |= {
        "use_value_profile": 1,
        "max_len": LONGEST,
        "dict": folder.with_suffix(".words"),
        "artifact_prefix": f"{folder}-",
    }
    atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in limits.items()), str(folder)], one)
    atheris.Fuzz()


def watch(target: str, options: argparse.Namespace) -> tuple[bool, str]:
    """(whether all went well, one line about it)."""
    fork: Any = multiprocessing.get_context("fork")
    done = fork.Value("l", 0)
    log = options.folder / f"{target}.log"
    prepare(options.folder / target)
    start = time.time()
    child = fork.Process(target=guide, args=(target, options, done, log))
    child.start()
    child.join()
    line = f"{done.value} inputs in {time.time() - start:.0f} s"
    if child.exitcode == 0:
        return True, line
    written = [str(path) for path in options.folder.glob(f"{target}-*") if path.stat().st_mtime >= start - 1]
    return False, f"{line}, status {child.exitcode}; input {', '.join(written) or 'not written'}; see {log}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="none: all")
    parser.add_argument("--minutes", type=float, default=5, help="of the clock, for each target")
    parser.add_argument("--folder", type=Path, default=Path(".cache/fuzz"), help="default: %(default)s")
    parser.add_argument("--stalled", type=int, default=600, help="seconds after which an input counts as hanging")
    parser.add_argument("--input", type=Path, help="this file alone, for one target, to repeat a finding")
    options = parser.parse_args(argv)
    try:
        import atheris
    except ImportError:
        print("fuzz_guided: atheris is missing; install it: .venv/bin/pip install '.[fuzz]'", file=sys.stderr)
        return 2
    with contextlib.redirect_stderr(io.StringIO()), atheris.instrument_imports(include=["vernacular", "fuzz_targets"]):
        import fuzz
    if unknown := set(options.targets) - set(fuzz.CHECKS):
        parser.error(f"'{unknown.pop()}' is not a target; there are: {', '.join(fuzz.CHECKS)}")
    if options.input:
        [target] = options.targets
        wrong = fuzz.over(fuzz.attempt(target, fuzz.CHECKS[target], *split(options.input.read_bytes())))
        print(f"{target}: {wrong or 'nothing wrong'}")
        return 1 if wrong else 0
    well = True
    for target in options.targets or fuzz.CHECKS:
        sound, line = watch(target, options)
        well = well and sound
        print(f"{target}: {line}" if sound else f"{target}: FAILED: {line}", flush=True)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
