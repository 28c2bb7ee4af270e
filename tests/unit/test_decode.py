"""Decoding: the cache that we keep, the rows that leave a batch, and how tokens are drawn."""

import numpy as np
import pytest
import torch
from transformers.cache_utils import DynamicCache, DynamicLayer

from vernacular.evaluation.decode import RoomyLayer, drawn_tokens, subset
from vernacular.evaluation.generate import stream_seed


def test_the_cache_keeps_what_transformers_own_keeps() -> None:
    """Token by token, several at once, past its room, and with rows that leave."""
    room, random = 64, torch.Generator().manual_seed(0)

    def states(rows: int, tokens: int) -> list[torch.Tensor]:
        return [torch.randn(rows, 2, tokens, 3, generator=random) for _ in range(2)]

    first = states(6, 7)
    plain, start = DynamicLayer(), DynamicLayer()
    plain.update(*first)
    start.update(*first)
    roomy = RoomyLayer(start, room)
    for tokens, places in [(1, None), (2, [0, 2, 3, 5]), (room, None), (1, [3, 1]), (room + 9, None), (1, [0])]:
        new = states(len(plain.keys), tokens)
        held = roomy.update(*new)
        for ours, theirs in zip(held, plain.update(*new), strict=True):
            assert torch.equal(ours, theirs)
        if places:
            plain.batch_select_indices(torch.tensor(places))
            roomy.batch_select_indices(torch.tensor(places))
        assert torch.equal(roomy.keys, plain.keys) and torch.equal(roomy.values, plain.values)
        assert roomy.get_seq_length() == plain.get_seq_length()
        assert roomy.get_mask_sizes(1) == plain.get_mask_sizes(1)
    before = roomy.keys
    roomy.update(*states(1, 1))
    assert roomy.keys.data_ptr() == before.data_ptr()  # written where they stay


@pytest.mark.parametrize("name", ["cache", "past_key_values"])  # from Transformers 5.24 on, and before
def test_some_rows_of_what_generate_hands_on(name: str) -> None:
    cache, states = DynamicCache(), torch.arange(24.0).reshape(4, 1, 2, 3)
    cache.update(states, -states, 0)
    inputs = {name: cache, "attention_mask": torch.arange(8).reshape(4, 2), "use_cache": True}
    found = subset(inputs, torch.tensor([3, 1]), 4)
    assert found["attention_mask"].tolist() == [[6, 7], [2, 3]] and found["use_cache"]
    assert torch.equal(found[name].layers[0].keys, states[[3, 1]])
    assert torch.equal(found[name].layers[0].values, -states[[3, 1]])


def test_the_least_draw_never_falls_on_an_impossible_token() -> None:
    scores = torch.tensor([[-torch.inf, -torch.inf, 0.0, 0.0]])
    assert drawn_tokens(scores, torch.zeros(1, dtype=torch.float64), 1.0).tolist() == [2]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_softmax(temperature: float) -> None:
    """Chi-square on a vocabulary of six, one of them impossible; two successive draws, which must be independent."""
    logits = torch.tensor([0.5, -1.0, 2.0, -torch.inf, 0.0, 1.0])
    n, steps = 20_000, 2
    seeds = [stream_seed({"id": "q", "language": "fr"}, i, 1) for i in range(n)]
    draws = torch.from_numpy(np.stack([np.random.default_rng(seed).random(steps) for seed in seeds]))
    drawn = [drawn_tokens(logits.repeat(n, 1), draws[:, step], temperature).numpy() for step in range(steps)]
    expected = torch.softmax(logits.double() / temperature, dim=0).numpy()
    possible = expected > 0
    for tokens in drawn:
        counts = np.bincount(tokens, minlength=6)
        assert counts[3] == 0
        statistic = ((counts - n * expected)[possible] ** 2 / (n * expected[possible])).sum()
        assert statistic < 18.5  # 4 degrees of freedom, p = 0.001
    both = np.bincount(drawn[0] * 6 + drawn[1], minlength=36)
    joint = np.outer(expected, expected).ravel()
    statistic = ((both - n * joint)[joint > 0] ** 2 / (n * joint[joint > 0])).sum()
    assert statistic < 51.2  # 24 degrees of freedom, p = 0.001
