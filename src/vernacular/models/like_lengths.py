"""Packed rows taken apart again, into examples of about one length: less attention where rows hold many examples.

Attention over a packed row computes every pair of its tokens, most of which are of two examples and count for nothing.
Side by side with others of its length an example attends to itself alone, for some padding. Our choice; what a step
learns from, and its gradients but for rounding, are the same.
"""

from typing import Any

import torch

from vernacular.models.loss import IGNORED

GROUPS = 6  # of the examples of a batch: more waste less padding, but a layer's kernels start once for each


def groups_of(labels: torch.Tensor, position_ids: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Where the examples of packed rows lie, shortest first, in at most GROUPS groups of as many examples.

    labels, position_ids: (batch, length) int64; a position 0 begins an example, and one without a label is padding.
    A group is (n, width) int64 places in the flattened batch, and (n, width) bool: whether the example reaches there.
    """
    begins = position_ids.flatten() == 0
    starts, example = begins.nonzero().flatten(), begins.cumsum(0) - 1
    lengths = torch.bincount(example)
    asked = torch.bincount(example, labels.flatten() != IGNORED) > 0
    starts, lengths = starts[asked], lengths[asked]
    groups = []
    for group in lengths.argsort().tensor_split(min(GROUPS, len(lengths))):
        place = torch.arange(int(lengths[group].max()), device=labels.device)
        real = place < lengths[group][:, None]
        groups.append((torch.where(real, starts[group][:, None] + place, 0), real))
    return groups


def apart(labels: torch.Tensor, inputs: dict[str, torch.Tensor]) -> list[tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    """The groups of a packed batch, each as (labels, inputs) of a decoder that no padding on the right disturbs."""
    ids = inputs["input_ids"].flatten()
    return [
        (labels.flatten()[places].masked_fill(~real, IGNORED), {"input_ids": ids[places]})
        for places, real in groups_of(labels, inputs["position_ids"])
    ]


def saves(batch: dict[str, torch.Tensor], model: Any) -> bool:
    """Whether groups cost a model at least a tenth less than a packed batch of (batch, length) does.

    For rows of w tokens attention computes 4 w h a token (forward), the linear layers about 26 h^2 in a decoder of
    width h whose feed-forward layers are three times as wide, and the output layer some more: w / 8h of all, or so.
    """
    width = 8 * model.config.get_text_config().hidden_size
    packed = batch["labels"].numel() * (1 + batch["labels"].shape[1] / width)
    groups = groups_of(batch["labels"], batch["position_ids"])
    return sum(places.numel() * (1 + places.shape[1] / width) for places, _ in groups) < 0.9 * packed
