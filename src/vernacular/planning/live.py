"""Bytes that a forward and a backward pass hold at their peak, counted on fake tensors: no weight, no GPU, no network.

The models are those of Transformers and PEFT, with autocast and checkpointing as the trainers set them; every tensor
that they make counts from its first to its last reference. Attention counts as FlashAttention does, without its matrix.
A pass is counted with 2 and with 4 layers, from which more follow.
"""

import json
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from transformers import AttentionInterface, AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from vernacular.models.packing import head_loss
from vernacular.slam.mlp import decoder_mlps

COUNTED = "counted"  # the attention's name
FEW, MORE = 2, 4  # layers that are counted


class Batch(NamedTuple):
    """What one process trains on at once, and how: rows x length tokens. trained: `all`, `lora`, `mlp` (SLAM), or
    `inputs` (a merge: gradients only pass through the LLM). width: bytes of a weight. lora: PEFT's options, as JSON."""

    rows: int
    length: int
    trained: str
    width: int
    autocast: bool
    checkpoints: bool
    lora: str = ""


class Live(TorchDispatchMode):
    """now, peak: bytes of the storages that were made in this context and are still referenced; those of `module` count
    for nothing, whose views are taken here."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.now = self.peak = 0
        self.known = {tensor.untyped_storage()._cdata for tensor in (*module.parameters(), *module.buffers())}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor) and (key := tensor.untyped_storage()._cdata) not in self.known:
                storage = tensor.untyped_storage()
                self.known.add(key)
                self.now += storage.nbytes()
                self.peak = max(self.peak, self.now)
                weakref.finalize(storage, self.forget, key, storage.nbytes())
        return made

    def forget(self, key: int, size: int) -> None:
        self.known.discard(key)
        self.now -= size


class FlashAttention(torch.autograd.Function):
    """Holds what FlashAttention holds for the backward pass (arXiv 2307.08691): q, k, v, the output, a logsumexp."""

    @staticmethod
    def forward(ctx: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        out = torch.empty_like(q)
        ctx.save_for_backward(q, k, v, out, torch.empty(q.shape[:3], dtype=torch.float32))
        return out

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, ...]:  # type: ignore[override]
        return tuple(torch.empty_like(tensor) for tensor in ctx.saved_tensors[:3])


def attend(module: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: Any, **_: Any) -> tuple[Any, None]:
    return FlashAttention.apply(q, k, v).transpose(1, 2).contiguous(), None


AttentionInterface.register(COUNTED, attend)


def activation_bytes(shape: dict[str, Any], batch: Batch) -> float:
    """The peak of a forward and a backward pass through a model without its output layer; weights and their gradients
    are left out. shape: keys of a Transformers config."""
    text = json.dumps({k: v for k, v in shape.items() if k != "layer_types"}, sort_keys=True)
    layers = shape.get("num_hidden_layers")
    if layers is None or layers <= MORE:
        return passed(text, batch, None)
    few, more = passed(text, batch, FEW), passed(text, batch, MORE)
    return few + (layers - FEW) * (more - few) / (MORE - FEW)


@cache
def passed(shape: str, batch: Batch, layers: int | None) -> int:
    """Peak bytes of both passes, of the model with so many of its layers."""
    model = on_meta(json.loads(shape), batch, layers)
    inner = model.base_model.model if batch.lora else model
    with fake(model):
        live = Live(model)
        ids = torch.ones(batch.rows, batch.length, dtype=torch.long)
        if batch.trained == "inputs":
            vectors = torch.empty(*ids.shape, inner.config.hidden_size, dtype=next(inner.parameters()).dtype)
            inputs = {"inputs_embeds": vectors.requires_grad_()}
        else:
            inputs = {"input_ids": ids}
        with live, torch.autocast("cpu", dtype=torch.bfloat16, enabled=batch.autocast):
            hidden = states(inner, inputs)
            gradient = torch.empty_like(hidden)
        with live:
            hidden.backward(gradient)
    return live.peak


def states(model: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    """The last hidden states, (rows, length, width)."""
    if model.config.is_encoder_decoder:
        read = model.get_encoder()(**inputs).last_hidden_state
        return model.get_decoder()(**inputs, encoder_hidden_states=read, use_cache=False).last_hidden_state
    return model.base_model(**inputs, use_cache=False).last_hidden_state


@cache
def head_bytes(tokens: int, width: int, words: int, autocast: bool, trained: bool) -> int:
    """The peak of packing.head_loss, forward and backward, over so many labelled tokens: logits, their log-softmax and
    gradients; of an output layer of `words` rows. trained: whether that layer gets gradients."""
    with FakeTensorMode():
        head = nn.Linear(width, words, bias=False).requires_grad_(trained)
        live = Live(head)
        hidden = torch.empty(tokens, width, requires_grad=True)
        wanted = torch.zeros(tokens, dtype=torch.long)
        with live:
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                # A function: head_loss takes a plain layer on a CPU in pieces, as it does not on a GPU.
                loss = head_loss(lambda states: head(states), hidden, wanted)
            loss.backward()
    return live.peak


def on_meta(shape: dict[str, Any], batch: Batch, layers: int | None) -> Any:
    """The model on the meta device, in training mode, as a recipe trains it."""
    if layers is not None:
        shape["num_hidden_layers"] = layers
    config = AutoConfig.for_model(shape.pop("model_type"), **shape)
    config._attn_implementation = COUNTED
    kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    with torch.device("meta"):
        model = kind.from_config(config, dtype=torch.bfloat16 if batch.width == 2 else torch.float32)
        if batch.lora:
            import peft

            model = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **json.loads(batch.lora)))
    if batch.trained in ("mlp", "inputs"):
        model.requires_grad_(False)
    if batch.trained == "all":  # the embeddings' gradient, the last, comes when all else is gone
        model.get_input_embeddings().requires_grad_(False)
    if batch.trained == "mlp":  # the lowest layer: gradients go through all that are above it
        lowest = decoder_mlps(model)[0]
        for matrix in (lowest.up, lowest.down):
            matrix.weight.requires_grad_(True)
    model.train(batch.trained != "inputs")
    if batch.checkpoints:
        model.gradient_checkpointing_enable()
    if batch.checkpoints and batch.lora:
        model.enable_input_require_grads()
    return model


@contextmanager
def fake(model: Any) -> Iterator[None]:
    """Fake tensors instead of a model's own; gradients of weights are dropped as soon as they are there."""
    made: dict[int, nn.Parameter] = {}
    with FakeTensorMode():
        for module in model.modules():
            for name, old in list(module._parameters.items()):
                if old is not None:
                    if id(old) not in made:  # tied weights are one
                        new = nn.Parameter(torch.empty(old.shape, dtype=old.dtype), requires_grad=old.requires_grad)
                        if new.requires_grad:
                            new.register_post_accumulate_grad_hook(drop_gradient)
                        made[id(old)] = new
                    module._parameters[name] = made[id(old)]
            for name, old in list(module._buffers.items()):
                if old is not None:
                    module._buffers[name] = torch.empty(old.shape, dtype=old.dtype)
        yield


def drop_gradient(parameter: torch.Tensor) -> None:
    parameter.grad = None
