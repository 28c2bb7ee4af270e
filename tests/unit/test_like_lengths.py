"""Batches taken apart by length hold the same examples and teach the same; so does the loss that is made in pieces."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from vernacular.models.packing import (
    GROUPS,
    IGNORED,
    are_groups_cheaper,
    collate,
    groups_of,
    head_loss,
    pack,
    take_apart,
)
from vernacular.models.pretrain import train_tokenizer
from vernacular.models.supervised import PackedTrainer, packed_trainer

EXAMPLES = st.lists(
    st.integers(2, 16).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1))), min_size=1, max_size=80
)


def numbered(sizes: list[tuple[int, int]]) -> list[tuple[list[int], int]]:
    """Examples of some sizes and prompts, their tokens numbered through; padding is 0."""
    starts = [1 + sum(size for size, _ in sizes[:n]) for n in range(len(sizes))]
    return [(list(range(start, start + n)), prompt) for start, (n, prompt) in zip(starts, sizes, strict=True)]


@settings(max_examples=60)
@given(EXAMPLES, st.integers(16, 40))
def test_a_batch_taken_apart_keeps_every_example_once(sizes: list[tuple[int, int]], length: int) -> None:
    examples = numbered(sizes)
    batch = collate(pack(examples, length, 0, 1))
    found, shortest = [], 0
    for (_, real), (labels, inputs) in zip(
        groups_of(batch["labels"], batch["position_ids"]), take_apart(batch.pop("labels"), batch), strict=True
    ):
        assert set(inputs) == {"input_ids"}
        assert real.sum(1).max() == real.shape[1] and real.sum(1).min() >= shortest
        shortest = int(real.sum(1).max())
        for ids, asked, there in zip(inputs["input_ids"], labels, real, strict=True):
            size = int(there.sum())
            prompt = asked.tolist().count(IGNORED) - int((~there).sum())
            assert there[:size].all() and asked[:size].tolist() == [IGNORED] * prompt + ids[prompt:size].tolist()
            assert set(asked[size:].tolist()) <= {IGNORED}
            found.append((ids[:size].tolist(), prompt))
    assert sorted(found) == sorted(examples)


def test_there_are_few_groups() -> None:
    for count in (1, GROUPS - 1, GROUPS, 50):
        batch = collate(pack(numbered([(4 + n % 9, 2) for n in range(count)]), 32, 0, 1))
        assert len(groups_of(batch["labels"], batch["position_ids"])) == min(count, GROUPS)


# --- What a training makes of it


def small_trainer(folder: Path, length: int, **options: Any) -> tuple[PackedTrainer, Any]:
    rows = [
        {"prompt": f"How much is {n} + {m}?", "completion": f"{n} + {m}: {' and '.join('x' * m)}", "context": ""}
        for n in range(8)
        for m in range(1, 9)
    ]
    tokenizer = train_tokenizer((row["prompt"] + row["completion"] for row in rows), 300)
    torch.manual_seed(1)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=512, **shape))
    recipe = {
        "length": length,
        "overlong": "truncate",
        "compile": False,
        "training": {"max_steps": 1, "per_device_train_batch_size": 4},
    }
    recipe |= options
    job: Any = SimpleNamespace(recipe=recipe, seed=1, folder=folder, out=folder, inputs={"data": "data"}, tracking=None)
    return packed_trainer(model, tokenizer, model.base_model, rows, job), model


def test_batches_taken_apart_teach_what_packed_ones_do(tmp_path: Path) -> None:
    trainer, model = small_trainer(tmp_path, 256)
    assert trainer.is_apart, "examples of 30 tokens in rows of 256 are cheaper apart"
    batch = collate(list(trainer.train_dataset)[:4])
    losses, gradients = [], []
    for trainer.is_apart in (True, False):
        model.zero_grad()
        loss = trainer.masked_loss(**batch)
        loss.backward()
        losses.append(loss.item())
        gradients.append([parameter.grad.clone() for parameter in model.parameters()])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    for ours, packed in zip(*gradients, strict=True):
        assert packed.abs().max() > 0
        torch.testing.assert_close(ours, packed, rtol=1e-4, atol=1e-7)


def test_rows_that_examples_fill_stay_packed(tmp_path: Path) -> None:
    _, model = small_trainer(tmp_path, 256)
    short = collate(pack(numbered([(20, 5)] * 50), 256, 0, 1))
    full = collate(pack(numbered([(250, 5)] * 4), 256, 0, 1))
    mixed = collate(pack(numbered([(20, 5), (200, 5)] * 8), 256, 0, 1))
    assert are_groups_cheaper(short, model) and not are_groups_cheaper(full, model)
    wide = SimpleNamespace(config=LlamaConfig(hidden_size=4096))  # its attention is next to nothing
    assert are_groups_cheaper(mixed, model) and not are_groups_cheaper(mixed, wide)


def test_shards_stay_packed(tmp_path: Path) -> None:
    """Their processes must call the layers equally often, whatever each one's batch holds."""
    trainer, _ = small_trainer(tmp_path, 256, launch={"strategy": "fsdp2"})
    assert not trainer.is_apart


# --- The loss


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("frozen", [True, False])
def test_the_loss_in_pieces_is_the_loss(bias: bool, frozen: bool) -> None:
    torch.manual_seed(1)
    head = torch.nn.Linear(16, 500, bias=bias).requires_grad_(not frozen)
    wanted = torch.randint(0, 500, (900,))
    found = []
    for loss in (head_loss, lambda head, hidden, wanted: torch.nn.functional.cross_entropy(head(hidden), wanted)):
        hidden = torch.randn(900, 16, generator=torch.Generator().manual_seed(2), requires_grad=True)
        head.zero_grad()
        value = loss(head, hidden, wanted)
        (value * 3).backward()
        found.append([value.detach(), hidden.grad, *(p.grad.clone() for p in head.parameters() if not frozen)])
    assert len(found[0]) == 2 + (0 if frozen else 1 + bias)
    for ours, plain in zip(*found, strict=True):
        torch.testing.assert_close(ours, plain)


class Doubled(torch.nn.Linear):
    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(hidden)


def test_an_output_layer_with_more_to_it_is_called() -> None:
    torch.manual_seed(1)
    head, hidden, wanted = Doubled(16, 50), torch.randn(20, 16), torch.randint(0, 50, (20,))
    assert head_loss(head, hidden, wanted) == torch.nn.functional.cross_entropy(head(hidden), wanted)


def test_the_loss_under_autocast_is_in_float32() -> None:
    torch.manual_seed(1)
    head, hidden, wanted = torch.nn.Linear(16, 50), torch.randn(20, 16), torch.randint(0, 50, (20,))
    plain = head_loss(head, hidden, wanted)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = head_loss(head, hidden, wanted)
    assert loss.dtype == torch.float32 and loss != plain and loss.item() == pytest.approx(plain.item(), rel=0.02)
