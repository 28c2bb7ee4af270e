"""The feed-forward blocks of a Transformers decoder: where neurons become active, and which matrices SLAM tunes.

A block is recognised by the matrices that it holds, not by the name of its architecture: a new model of a known shape
works, and one that only looks similar (with experts, a fused or a missing matrix) is an error, not a wrong number.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

GATED = ("gate_proj", "up_proj", "down_proj")  # Llama, Qwen, Mistral, Gemma
PLAIN = (  # (up, down)
    ("c_fc", "c_proj"),  # GPT-2 (whose Conv1D holds its weight transposed), StarCoder2
    ("fc1", "fc2"),  # OPT (on the layer itself), Phi
    ("dense_h_to_4h", "dense_4h_to_h"),  # GPT-NeoX, Falcon, BLOOM
    ("fc_in", "fc_out"),  # GPT-J
    ("up_proj", "down_proj"),  # Nemotron, MPT
)
ACTIVATIONS = ("act_fn", "activation_fn", "act", "gelu_impl")


class Mlp(NamedTuple):
    """One layer's feed-forward block, `down(activation(pre(x)) * up(x))` if gated, else `down(activation(up(x)))`."""

    layer: int  # from 0
    name: str  # dotted name of the module that holds the matrices
    pre: nn.Module  # its output, of `width` columns, is what the activation is applied to: the gate, or else up
    activation: Callable[[torch.Tensor], torch.Tensor]
    width: int  # neurons
    up: nn.Module
    down: nn.Module
    gate: nn.Module | None  # of gated blocks only


def decoder_mlps(model: Any) -> list[Mlp]:
    """The blocks of a Transformers decoder (with or without its output layer, on any device), first layer first.

    Raises ValueError (the model's class, the modules found, the known shapes) if a layer has no block of a known shape,
    or has experts.
    """
    decoder = model.get_decoder()
    count = model.config.get_text_config().num_hidden_layers
    stacks = [part for part in decoder.modules() if isinstance(part, nn.ModuleList) and len(part) == count]
    if not stacks:
        parts = ", ".join(name for name, _ in decoder.named_children())
        raise ValueError(f"{type(model).__name__}: no list of {count} layers among its modules ({parts}); {known()}")
    names = {part: name for name, part in model.named_modules()}
    return [layer_mlp(model, names, number, layer) for number, layer in enumerate(stacks[0])]


def layer_mlp(model: Any, names: dict[nn.Module, str], number: int, layer: nn.Module) -> Mlp:
    """The block of one layer: the layer itself or one of its direct parts, so that no expert passes for a block."""
    found = []
    for holder in (layer, *layer.children()):
        matrices = {
            name: part
            for name, part in holder.named_children()
            if getattr(getattr(part, "weight", None), "ndim", 0) == 2
        }
        shape = next((shape for shape in (GATED, *PLAIN) if set(shape) == set(matrices)), None)
        activation = next((getattr(holder, name) for name in ACTIVATIONS if hasattr(holder, name)), None)
        if shape and activation:
            pre, up, down = (matrices[shape[place]] for place in (0, -2, -1))
            width = int(pre.nf if isinstance(pre, Conv1D) else pre.out_features)  # type: ignore[arg-type]
            gate = pre if shape == GATED else None
            found.append(Mlp(number, names[holder], pre, activation, width, up, down, gate))
    parts = [name for name, part in layer.named_modules() if name.count(".") == 1 or name and not any(part.children())]
    if len(found) != 1 or any("experts" in name for name in parts):
        raise ValueError(
            f"{type(model).__name__}: layer {number} has no single feed-forward block of a known shape; its modules: "
            f"{', '.join(name for name in parts if name.count('.') <= 1)}; {known()}"
        )
    return found[0]


def known() -> str:
    shapes = ", ".join("/".join(shape) for shape in (GATED, *PLAIN))
    # Tuning up while the gate stays frozen needs a matrix of its own: half a weight cannot require a gradient.
    return f"known shapes are {shapes} (not a fused gate_up_proj, not experts): choose a model with one of them"
