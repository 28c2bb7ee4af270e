"""Batches by their tokens: what a batch takes of a machine's memory is its sequences times the longest of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

STEP = 64  # tokens of prompts that take as long as one decoding step, which reads all weights (our choice; 42 on a CPU)


@dataclass(frozen=True)
class Part:
    """Some of what is to be done. numbers: places in the whole; tokens: with padding."""

    numbers: list[int]
    tokens: int

    def __len__(self) -> int:
        return len(self.numbers)


def by_length(sizes: Sequence[int], most: int, new: int) -> list[Part]:
    """All numbers of `sizes` (tokens), those of like size together, at most `most` tokens in a part, padding included.

    Few parts make few steps, parts of like sizes little padding. Of all ways to cut the sizes in their order this is
    the one with the fewest tokens, where one part more counts as `new` steps of STEP tokens. new: tokens to decode.
    The longest come first, so that too large a `most` shows at once. What is longer than `most` is a part of its own.
    """
    order = sorted(range(len(sizes)), key=lambda number: -sizes[number])
    longest, places = np.array([sizes[number] for number in order], dtype=np.int64), np.arange(len(order))
    cost = np.zeros(len(order) + 1, dtype=np.int64)  # of all before a place, and where their last part starts
    start = np.zeros(len(order) + 1, dtype=np.int64)
    first = 0  # where the largest part that may end here starts
    for end in range(1, len(order) + 1):
        while first < end - 1 and (end - first) * longest[first] > most:
            first += 1
        tried = cost[first:end] + (end - places[first:end]) * longest[first:end]
        start[end] = first + int(tried.argmin())
        cost[end] = tried.min() + STEP * new
    parts, end = [], len(order)
    while end:
        numbers = order[start[end] : end]
        parts.append(Part(numbers, len(numbers) * sizes[numbers[0]]))
        end = int(start[end])
    return parts[::-1]
