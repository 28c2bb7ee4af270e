"""The feed-forward blocks of a decoder: their parts, whatever the architecture, and what has none that is known."""

from typing import Any

import pytest
import torch
from probes import (
    FIRST,
    LAYERS,
    WIDTH,
    model_of,
)
from transformers import LlamaConfig, LlamaForCausalLM

from vernacular.slam.mlp import decoder_mlps
from vernacular.slam.tune import freeze_except


@pytest.mark.parametrize("kind", FIRST)
def test_down_reads_what_the_named_parts_make(kind: str) -> None:
    """The named parts are the block: what goes into down is the activation of pre, times up where there is a gate."""
    model, seen = model_of(kind), {}
    mlps = decoder_mlps(model)
    assert [mlp.layer for mlp in mlps] == list(range(LAYERS)) and {mlp.width for mlp in mlps} == {WIDTH}
    for mlp in mlps:
        mlp.pre.register_forward_hook(lambda _, args, out, layer=mlp.layer: seen.update({("pre", layer): out}))
        mlp.up.register_forward_hook(lambda _, args, out, layer=mlp.layer: seen.update({("up", layer): out}))
        mlp.down.register_forward_pre_hook(lambda _, args, layer=mlp.layer: seen.update({("down", layer): args[0]}))
        assert model.get_submodule(mlp.name) in (parent for parent in model.modules() if mlp.up in parent.children())
    with torch.no_grad():
        model(torch.arange(2, 14).reshape(2, 6))
    for mlp in mlps:
        made = mlp.activation(seen["pre", mlp.layer])
        assert (mlp.gate is None) == ("gate_proj" not in FIRST[kind][0])
        torch.testing.assert_close(seen["down", mlp.layer], made if mlp.gate is None else made * seen["up", mlp.layer])
        assert mlp.pre is (mlp.up if mlp.gate is None else mlp.gate)


@pytest.mark.parametrize(
    ("kind", "changes", "parts"),
    [
        ("phi3", {}, "mlp.gate_up_proj, mlp.down_proj"),
        ("qwen2_moe", {"num_experts": 4, "moe_intermediate_size": 8}, "mlp.experts, mlp.shared_expert"),
        ("bert", {"is_decoder": True}, "intermediate.dense"),
        ("mamba", {"state_size": 4}, "mixer.in_proj"),
    ],
)
def test_an_unknown_block_is_named_with_its_modules(kind: str, changes: dict[str, Any], parts: str) -> None:
    with pytest.raises(ValueError) as error:
        decoder_mlps(model_of(kind, **changes))
    message = str(error.value)
    assert message.startswith(f"{type(model_of(kind, **changes)).__name__}: layer 0 has no single feed-forward block")
    assert parts in message and "gate_proj/up_proj/down_proj" in message and len(message.splitlines()) == 1


def test_experts_beside_a_block_and_a_matrix_too_many_are_errors() -> None:
    model = model_of("llama")
    model.model.layers[2].mlp.router = torch.nn.Linear(16, 4)
    with pytest.raises(ValueError, match="LlamaForCausalLM: layer 2 has no single feed-forward block .* mlp.router"):
        decoder_mlps(model)
    model = model_of("llama")
    model.model.layers[1].experts = torch.nn.ModuleList([torch.nn.Linear(16, 4)])
    with pytest.raises(ValueError, match="layer 1 has no single feed-forward block"):
        decoder_mlps(model)
    model = model_of("llama")
    del model.model.layers[0]
    with pytest.raises(ValueError, match=r"no list of 3 layers among its modules \(embed_tokens, layers"):
        decoder_mlps(model)


@pytest.mark.parametrize(
    ("layers", "hidden", "width", "share", "with_gate"), [(32, 4096, 11008, 8.03, 12.0), (40, 5120, 13824, 6.53, 9.8)]
)
def test_six_layers_of_llama_2_are_the_papers_share(
    layers: int, hidden: int, width: int, share: float, with_gate: float
) -> None:
    """The paper's 6.5-8 % of 13B and 7B parameters (arXiv 2501.03681) are up and down of 6 layers, without the gate."""
    config = LlamaConfig(
        vocab_size=32000, hidden_size=hidden, intermediate_size=width, num_hidden_layers=layers,
        num_attention_heads=hidden // 128, tie_word_embeddings=False,
    )  # fmt: skip
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    total = sum(parameter.numel() for parameter in model.parameters())
    chosen = decoder_mlps(model)[:6]
    tuned = sum(matrix.weight.numel() for mlp in chosen for matrix in (mlp.up, mlp.down))
    gates = sum(mlp.gate.weight.numel() for mlp in chosen if mlp.gate is not None)
    assert all(parameter.device.type == "meta" for parameter in model.parameters())
    for gate, count in ((False, tuned), (True, tuned + gates)):
        freeze_except(model, list(range(6)), gate)
        assert sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad) == count
    assert round(100 * tuned / total, 2) == share
    assert round(100 * (tuned + gates) / total, 1) == with_gate
