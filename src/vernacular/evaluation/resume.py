"""Answers batch by batch: those of a killed job are kept, and the rows come out in the order of their questions.

A batch of the same questions, options and model is answered alike, so a job that was killed ends with the same rows.
"""

import hashlib
import json
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeVar

from vernacular.evaluation.generate import Answers, Batch
from vernacular.evaluation.progress import Progress
from vernacular.models.batches import Part
from vernacular.models.provenance import digest, versions
from vernacular.storage.command import Ended
from vernacular.storage.partial import Row, kept_rows, row_at

LACKING = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")  # words of PyTorch's errors
B = TypeVar("B", Batch, Part)


def answers_key(code: str, models: list[str], *rest: Any) -> str:
    """Names answers by all that they depend on. code: a hash; models: folders; rest: options, questions and so on."""
    whole = json.dumps([code, [digest(folder) for folder in models], versions(), *rest], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def all_rows(answers: Answers) -> Iterator[Row]:
    """What `answered` yields, of a job too short to be killed."""
    with tempfile.TemporaryFile() as file:
        yield from answered(answers, file, Progress("", None))


def answered(answers: Answers, file: BinaryIO, progress: Progress) -> Iterator[Row]:
    """Answer what `file` lacks, then yield all rows of records.GENERATION: in the order of the questions, by sample.

    file, progress: as of `made`, which also says what is raised.
    """
    order = {(row["id"], row["language"]): n for n, row in enumerate(answers.questions)}
    long = {(order[row["id"], row["language"]], row["sample"]): row for row in answers.too_long}
    starts: dict[tuple[int, int], int] = {}
    for batch, places in made(file, answers.batches, answers.answer, progress):
        asked = [order[request.question["id"], request.question["language"]] for request in batch.requests]
        starts |= zip([(number, sample) for number in asked for sample in batch.samples], places, strict=True)
    for key in sorted([*starts, *long]):
        yield long[key] if key in long else row_at(file, starts[key])


def made(
    file: BinaryIO, batches: Sequence[B], make: Callable[[B], Iterable[Row]], progress: Progress
) -> Iterator[tuple[B, list[int]]]:
    """Make the rows (with a column `tokens`) of those batches that `file` lacks; yield each with its rows' places.

    file: of storage.partial. Raises ValueError where a batch does not fit the memory, Ended where SIGTERM ends the job.
    """

    def work(batch: B) -> list[Row]:
        progress.making()
        with fitting(batch):
            rows = list(make(batch))
        progress.made(sum(row["tokens"] for row in rows))
        return rows

    progress.begin([len(batch) for batch in batches])
    with ended_by_sigterm(progress):
        for batch, places in zip(batches, kept_rows(file, batches, len, work), strict=True):
            progress.passed(len(batch))
            yield batch, places


@contextmanager
def fitting(batch: Batch | Part) -> Iterator[None]:
    """Inside this context too little memory becomes a ValueError of one line."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:  # PyTorch has no class of its own for a CPU's lack of memory
        if not isinstance(error, MemoryError) and not any(words in str(error) for words in LACKING):
            raise
        what = f"out of memory in a batch of {batch.tokens:,} tokens ({len(batch):,} sequences with their answers)"
        if len(batch) == 1:
            raise ValueError(f"{what}: lower `max_new_tokens`, or take a machine with more memory") from None
        raise ValueError(
            f"{what}: set the key `batch_tokens` of this evaluation (or of `rl`) to {batch.tokens // 2}, and run again"
        ) from None


@contextmanager
def ended_by_sigterm(progress: Progress) -> Iterator[None]:
    """A cluster sends it before it ends a job: at the time limit (--signal), for a more urgent job, on scancel."""

    def end(number: int, frame: object) -> None:
        raise Ended(f"ended by SIGTERM after {progress.told()}, which are kept; rerun it")

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
