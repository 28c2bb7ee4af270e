"""Batches by their tokens: what a batch takes of a machine's memory is its sequences times the longest of them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """Some of what is to be done. numbers: places in the whole; tokens: with padding."""

    numbers: list[int]
    tokens: int

    def __len__(self) -> int:
        return len(self.numbers)


def by_length(sizes: Sequence[int], most: int) -> list[Part]:
    """All numbers of `sizes` (tokens), those of like size together, at most `most` tokens in a part, padding included.

    The longest come first, so that too large a `most` shows at once. What is longer than `most` is a part of its own.
    """
    order = sorted(range(len(sizes)), key=lambda number: -sizes[number])
    parts, start = [], 0
    while start < len(order):
        longest = sizes[order[start]]
        numbers = order[start : start + max(most // longest, 1)]
        parts.append(Part(numbers, len(numbers) * longest))
        start += len(numbers)
    return parts
