"""Which questions are the first ones, where an evaluation asks for a number of them."""

from collections.abc import Iterable


def ranks(questions: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """(id, language) -> its place, from 0, in the order of ids.

    Among all ids, so that every language is asked the same ones. Where no id is in two languages there are no
    translations (INCLUDE), and the place is among the ids of its language.
    """
    pairs = set(questions)
    every = sorted({identifier for identifier, _ in pairs})
    if len(every) < len(pairs):
        place = {identifier: n for n, identifier in enumerate(every)}
        return {pair: place[pair[0]] for pair in pairs}
    counts: dict[str, int] = {}
    found = {}
    for pair in sorted(pairs):
        found[pair] = counts[pair[1]] = counts.get(pair[1], -1) + 1
    return found
