"""Weights of keys in an LLM's attention: what a merge with `gate: attention-bias` has instead of scaled embeddings.

With w_j the weight of key j and s_ij the LLM's own attention logits, query i attends in every layer and head by

    a_ij = w_j exp(s_ij) / (sum over k <= i of w_k exp(s_ik)),    which is log w_j added to s_ij

The weights are the `attention_mask` (batch, keys) that the LLM gets, in floating point: 0 for padding, 1 where no gate
weighs. So they follow a prompt's row wherever its mask goes (samples, rows that leave the batch), and a new token gets
the 1 that `generate` appends to a mask. Our choice, as the gate is.
"""

from pathlib import Path
from typing import Any

import torch

LOWEST = 1e-4  # of a gate, as log 0 is infinite and has no gradient; exp(s) times this is no longer read (our choice)


def weigh_keys(llm: Any, folder: str | Path) -> None:
    """Let the LLM of a folder take weights as its mask. Raises ValueError for one whose attention cannot."""
    config = llm.config.get_text_config()
    kinds = {*(getattr(config, "layer_types", None) or ["full_attention"])}
    if kinds != {"full_attention"} or getattr(config, "sliding_window", None) is not None:
        raise ValueError(
            f"{folder}: the layers of a '{config.model_type}' do not all attend to the whole context, as the gate "
            "'attention-bias' needs; choose another gate or LLM"
        )
    hook = llm.base_model.register_forward_pre_hook(with_additive_mask, with_kwargs=True)
    if not takes_weights(llm):
        hook.remove()
        raise ValueError(
            f"{folder}: a model of the type '{config.model_type}' takes no additive mask of its attention, as the gate "
            "'attention-bias' needs; choose another gate or LLM"
        )


def with_additive_mask(decoder: Any, arguments: tuple[Any, ...], given: dict[str, Any]) -> Any:
    """A hook before a decoder's `forward`: weights (batch, keys) become a mask (batch, 1, queries, keys) of what is
    added to the logits. The queries are the last of the keys, and positions count those of a weight above 0."""
    weights = given.get("attention_mask")
    if weights is None or weights.ndim != 2 or not weights.is_floating_point():
        return None
    read: Any = given.get("inputs_embeds")
    read = given.get("input_ids", arguments[0] if arguments else None) if read is None else read
    queries, keys = read.shape[1], weights.shape[1]
    place = torch.arange(keys, device=weights.device)
    seen = (place <= place[-queries:, None]) & (weights > 0)[:, None]
    bias = weights.where(weights > 0, 1).log().to(decoder.dtype)
    # Not infinite: a padded query sees no key, and its softmax would not be a number.
    mask = bias[:, None].where(seen, torch.finfo(bias.dtype).min)[:, None]
    positions = ((weights > 0).cumsum(1) - 1).clamp(min=0)[:, -queries:]
    return arguments, {**given, "attention_mask": mask, "position_ids": positions}


@torch.no_grad()
def takes_weights(llm: Any) -> bool:
    """Whether, of three random embeddings, weights of 1 change nothing and another one changes the last output."""
    table = llm.get_input_embeddings().weight
    size = float(table.float().pow(2).mean().sqrt())
    noise = torch.randn(1, 3, llm.get_input_embeddings().embedding_dim, generator=torch.Generator().manual_seed(0))
    read = (size * noise).to(table.device, llm.dtype)

    def last(mask: torch.Tensor) -> torch.Tensor:
        out = llm.base_model(inputs_embeds=read, attention_mask=mask.to(table.device), use_cache=False)
        return out.last_hidden_state[0, -1].float()

    try:
        plain, ones = last(torch.ones(1, 3, dtype=torch.int64)), last(torch.ones(1, 3))
        weighed = last(torch.tensor([[LOWEST, 1.0, 1.0]]))
    except (TypeError, ValueError, RuntimeError, IndexError):
        return False
    return bool((ones - plain).norm() < (weighed - plain).norm() / 10)
