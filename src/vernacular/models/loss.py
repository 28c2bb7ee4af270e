"""The next-token loss from hidden states, which every supervised training of a decoder ends with."""

from typing import Any

import torch
from torch.nn.functional import cross_entropy, linear_cross_entropy

IGNORED = -100  # the label of tokens without a loss


def head_loss(head: Any, hidden: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The mean loss of an output layer over (n, width) hidden states and the (n,) int64 tokens that follow them.

    In float32 on a CPU its logits are made and used piece by piece, which stays in the cache and takes half the time;
    elsewhere the layer itself is called, since what shards it or adapts it waits for that call.
    """
    is_plain = type(head) is torch.nn.Linear and not torch.is_autocast_enabled(wanted.device.type)
    if wanted.device.type == "cpu" and hidden.dtype == torch.float32 and is_plain:
        pieces = torch.nn.LinearCrossEntropyOptions()
        return linear_cross_entropy(hidden, head.weight, wanted, linear_bias=head.bias, options=pieces)
    return cross_entropy(head(hidden).float(), wanted)
