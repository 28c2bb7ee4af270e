"""Packed rows keep every example whole and waste little."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernacular.models.packing import IGNORED, collate, fitted, pack

EXAMPLES = st.lists(st.integers(2, 16).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1))), max_size=80)


@settings(max_examples=60)
@given(EXAMPLES, st.integers(16, 40), st.integers(0, 3))
def test_packing_keeps_every_example_whole(sizes: list[tuple[int, int]], length: int, seed: int) -> None:
    """Tokens are numbered through, so that each can be told apart; padding is 0."""
    examples, number = [], 1
    for size, prompt in sizes:
        examples.append((list(range(number, number + size)), prompt))
        number += size
    found = []
    for row in pack(examples, length, 0, seed):
        assert {len(values) for values in row.values()} == {length}
        starts = [i for i, place in enumerate(row["position_ids"]) if place == 0] + [length]
        for start, end in zip(starts, starts[1:], strict=False):
            ids, labels = row["input_ids"][start:end], row["labels"][start:end]
            assert row["position_ids"][start:end] == list(range(end - start))
            prompt = labels.count(IGNORED)
            if ids[0] == 0:
                assert set(ids) == {0} and prompt == end - start and end == length
            else:
                assert labels == [IGNORED] * prompt + ids[prompt:]
                found.append((ids, prompt))
    assert sorted(found) == sorted(examples)


def test_packing_wastes_little_and_follows_the_seed() -> None:
    examples = [(list(range(1, 40 + n % 60)), 20) for n in range(500)]
    rows = pack(examples, 512, 0, 1)
    assert sum(row["input_ids"].count(0) for row in rows) < 0.04 * 512 * len(rows)
    assert rows == pack(examples, 512, 0, 1) != pack(examples, 512, 0, 2)
    assert {key: tuple(value.shape) for key, value in collate(rows[:3]).items()} == dict.fromkeys(rows[0], (3, 512))
    with pytest.raises(ValueError, match="98 tokens but rows hold 90: raise `length`"):
        pack(examples, 90, 0, 1)


@pytest.mark.parametrize(
    ("ids", "prompt", "truncated", "dropped"),
    [
        (8, 3, 8, 8),
        (9, 3, 8, None),
        (9, 7, 8, None),  # one token of the completion is left
        (9, 8, None, None),  # none is
        (9, 0, 8, None),  # plain text
        (8, 8, 8, 8),
    ],
)
def test_what_becomes_of_an_example_for_which_there_is_no_room(
    ids: int, prompt: int, truncated: int | None, dropped: int | None
) -> None:
    for overlong, length in (("truncate", truncated), ("drop", dropped)):
        wanted = None if length is None else (list(range(length)), prompt)
        assert fitted((list(range(ids)), prompt), 8, overlong) == wanted
