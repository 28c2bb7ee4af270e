"""The filter of raw traces: a chain of steps, each of which a row must pass, after AdaMame's `0_data/1_split_data.py`.

AdaMame drops a completion without a boxed answer, with a wrong one, or whose trace as a whole is in another language.
The steps on structure, lines, length and duplicates are our choice. A filter never reads a row's `flaw`: that is the
truth that `quality` measures its verdicts against.
"""

import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from vernacular.answers.compare import is_correct
from vernacular.answers.extract import last_box
from vernacular.corpus.options import FilterOptions
from vernacular.corpus.traces import FLAWS, Broken, read_traces
from vernacular.language import letters
from vernacular.language.identify import LanguageIdentifier, chunks
from vernacular.language.judge import judge
from vernacular.language.prompts import END_OF_THINKING, THINK, split_completion
from vernacular.storage.records import KEPT_TRACE, write_rows

COUNTS, QUALITY = ["language", "step", "kept", "dropped"], ["flaw", "precision", "recall"]  # columns of the tables
STEPS = ("read", "structure", "box", "answer", "language", "lines", "length", "duplicates")
BATCH, BATCH_TEXT = 256, 4_000_000  # rows, or characters of completions, that are held and identified at a time

# The steps that are meant to catch each flaw.
MEANT_FOR = {
    "wrong-language": ("language", "lines"),
    "code-switched": ("language", "lines"),
    "wrong-answer": ("answer",),
    "no-box": ("box",),
    "no-end-of-thinking": ("structure",),
    "too-long": ("length",),
    "duplicate": ("duplicates",),
}

Row = dict[str, Any]
Step = Callable[[list[Row]], list[bool]]


def filter_file(raw: str | Path, kept: str | Path, identifier: LanguageIdentifier, options: FilterOptions) -> "Tally":
    """Write the rows of a file of raw traces that pass every step (records.KEPT_TRACE), and count all verdicts."""
    tally = Tally()

    def passing() -> Iterator[Row]:
        for row, step in filter_rows(read_traces(raw), identifier, options):
            tally.add(row, step)
            if step is None and isinstance(row, dict):
                yield row

    write_rows(kept, passing(), KEPT_TRACE, batch_size=BATCH)
    return tally


def filter_rows(
    rows: Iterable[Row | Broken], identifier: LanguageIdentifier, options: FilterOptions
) -> Iterator[tuple[Row | Broken, str | None]]:
    """Each row with the step that drops it, None where it is kept, in the order of the input.

    rows: as traces.read_traces gives them. Rows that reach `structure` get the columns `trace` and `response`, those
    that reach `language` also `trace_language` (None: the identifier abstains) and `foreign_line`. Holds one batch, and
    9 to 18 bytes for each kept row (Digests).
    Raises ValueError where the limits of length contradict each other.
    """
    shortest, longest = options.shortest, options.longest
    if not 0 <= shortest <= longest:
        raise ValueError(f"filter: the shortest length ({shortest}) must be from 0 to the longest ({longest})")
    seen = Digests()
    steps: list[tuple[str, Step]] = [
        ("structure", has_structure),
        ("box", lambda left: [last_box(row["response"]) is not None for row in left]),
        ("answer", lambda left: [is_correct(row["answer"], row["response"], row["language"]) for row in left]),
        ("language", lambda left: is_in_language(left, identifier)),
        ("lines", lambda left: [not row["foreign_line"] for row in left]),
        ("length", lambda left: [shortest <= len(row["trace"]) <= longest for row in left]),
        ("duplicates", lambda left: [is_new(row, seen) for row in left]),
    ]
    for batch in held(rows):
        dropped: list[str | None] = ["read" if isinstance(row, Broken) else None for row in batch]
        for name, step in steps:
            left = [(index, row) for index, row in enumerate(batch) if dropped[index] is None and isinstance(row, dict)]
            for (index, _), passes in zip(left, step([row for _, row in left]), strict=True):
                if not passes:
                    dropped[index] = name
        yield from zip(batch, dropped, strict=True)


def held(rows: Iterable[Row | Broken]) -> Iterator[list[Row | Broken]]:
    """Batches of at most BATCH rows that end once they hold BATCH_TEXT characters: long traces come in smaller ones."""
    return chunks(rows, lambda row: 0 if isinstance(row, Broken) else len(row["completion"]), BATCH_TEXT, BATCH)


def has_structure(rows: list[Row]) -> list[bool]:
    """One end of thinking, no second start, and text on both sides; sets `trace` and `response`."""
    for row in rows:
        row["trace"], row["response"] = split_completion(row["completion"])
    return [
        row["completion"].count(END_OF_THINKING) == 1
        and bool(row["trace"] and row["response"])
        and THINK not in row["trace"] + row["response"]
        for row in rows
    ]


def is_in_language(rows: list[Row], identifier: LanguageIdentifier) -> list[bool]:
    """Whether each trace as a whole is in its row's language; sets `trace_language` and, for the next step,
    `foreign_line`: one is in another language, or holds a clause in one."""
    judged = judge([row["trace"] for row in rows], [row["language"] for row in rows], identifier, "lines")
    for row, judgement in zip(rows, judged, strict=True):
        row["trace_language"] = judgement.trace_language
        row["foreign_line"] = judgement.foreign_line or judgement.switched_lines > 0
    return [judgement.native for judgement in judged]


class Digests:
    """A set of numbers from 1 to 2^64 - 1 in one block of memory: as a member of Python's set each takes 90 bytes, in
    many small blocks scattered between those that come and go.
    """

    def __init__(self) -> None:
        self.count, self.slots = 0, array("Q", bytes(8 << 10))  # 0 is an empty slot

    def add(self, number: int) -> bool:
        """Whether the number is new."""
        if 8 * self.count >= 7 * len(self.slots):
            self.grow()
        place = self.place(number)
        new = not self.slots[place]
        self.slots[place] = number
        self.count += new
        return new

    def place(self, number: int) -> int:
        """The slot of the number, or the empty one where it belongs."""
        slots, last = self.slots, len(self.slots) - 1
        place = number & last
        while slots[place] not in (0, number):
            place = (place + 1) & last
        return place

    def grow(self) -> None:
        old, self.slots = self.slots, array("Q", bytes(16 * len(self.slots)))
        for number in filter(None, old):
            self.slots[self.place(number)] = number


def is_new(row: Row, seen: Digests) -> bool:
    """No kept row has the same language, question and trace, up to blanks and Unicode's composed forms.

    Two rows of a million have one digest with a chance of 3e-8.
    """
    parts = (normalise(row[key]) for key in ("language", "question", "trace"))
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return seen.add(int.from_bytes(digest, "little") or 1)


def normalise(text: str) -> str:
    return " ".join(letters.normalise("NFC", text).replace("\0", " ").split())


class Tally:
    """Counts verdicts: by language for filter.csv, by true flaw for filter_quality.csv, and why rows were not read."""

    def __init__(self) -> None:
        self.by_language: Counter[tuple[str, str | None]] = Counter()
        self.by_flaw: Counter[tuple[str, str | None]] = Counter()
        self.reasons: Counter[str] = Counter()  # of `read`
        self.unsure = 0  # dropped at `language` because the identifier abstained

    def add(self, row: Row | Broken, step: str | None) -> None:
        if isinstance(row, Broken):
            self.by_language[row.language, step] += 1
            self.reasons[row.reason] += 1
            return
        self.by_language[row["language"], step] += 1
        self.unsure += step == "language" and row["trace_language"] is None
        if row.get("flaw") is not None:
            self.by_flaw[row["flaw"], step] += 1

    def counts(self) -> list[Row]:
        """Rows of filter.csv: language, step, kept (rows that pass this step and all before it), dropped (at it)."""
        rows = []
        for language in sorted({language for language, _ in self.by_language}):
            kept = sum(count for (code, _), count in self.by_language.items() if code == language)
            for step in STEPS:
                kept -= (dropped := self.by_language[language, step])
                rows.append({"language": language, "step": step, "kept": kept, "dropped": dropped})
        return rows

    def quality(self) -> list[Row]:
        """Rows of filter_quality.csv: flaw, precision, recall; none where no row's truth is known.

        recall: the share of the rows with this flaw that any step drops; for `all`, of the rows with any flaw.
        precision: of the rows dropped by the steps meant for this flaw (MEANT_FOR; for `all`, by any step), the share
        that has a flaw. None where the share would be of nothing.
        """

        def count(flaws: Iterable[str], steps: Iterable[str]) -> int:
            return sum(self.by_flaw[flaw, step] for flaw in flaws for step in steps)

        def share(part: int, whole: int) -> float | None:
            return round(part / whole, 6) if whole else None

        rows = []
        for flaw, meant in {**MEANT_FOR, "all": STEPS}.items() if self.by_flaw else ():
            flaws = FLAWS if flaw == "all" else (flaw,)
            found, flawed = count(flaws, STEPS), sum(n for (name, _), n in self.by_flaw.items() if name in flaws)
            right, dropped = count(FLAWS, meant), count((*FLAWS, "none"), meant)
            rows.append({"flaw": flaw, "precision": share(right, dropped), "recall": share(found, flawed)})
        return rows
