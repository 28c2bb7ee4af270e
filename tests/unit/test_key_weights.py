"""The gate that is a bias of attention: its equation by hand, its start, answers with a cache, and what it refuses."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from merges import (
    CLOSE,
    EXAMPLES,
    LANGUAGES,
    LLM,
    batch_of,
    greedy_by_hand,
    logits_of,
    prompts_of,
    tokenizer,
    write_parent,
)

from vernacular.evaluation.decode import decode
from vernacular.merge.key_weights import LOWEST
from vernacular.merge.model import MergedModel, build_merge


def scaled(x: torch.Tensor, norm: Any) -> torch.Tensor:
    return norm.weight * x / (x.square().mean(1, keepdim=True) + norm.variance_epsilon).sqrt()


def turned(x: torch.Tensor, base: float) -> torch.Tensor:
    """Rotary positions of (time, width)."""
    half = x.shape[1] // 2
    angles = torch.arange(len(x))[:, None] * base ** (-torch.arange(half) / half)
    first, second = x[:, :half], x[:, half:]
    return torch.cat(
        [first * angles.cos() - second * angles.sin(), second * angles.cos() + first * angles.sin()], dim=1
    )


def one_layer(llm: Any, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """(time, vocabulary): a LLaMA of one layer with one head of keys on embeddings (time, width), key by key."""
    (layer,), attention, heads = llm.model.layers, llm.model.layers[0].self_attn, LLM["num_attention_heads"]
    read = scaled(x, layer.input_layernorm)
    key, value = turned(read @ attention.k_proj.weight.T, 10_000.0), read @ attention.v_proj.weight.T
    outs = []
    for query in (read @ attention.q_proj.weight.T).chunk(heads, dim=1):
        unnormalised = (turned(query, 10_000.0) @ key.T / key.shape[1] ** 0.5).exp().tril() * weights
        outs.append(unnormalised / unnormalised.sum(1, keepdim=True) @ value)
    x = x + torch.cat(outs, dim=1) @ attention.o_proj.weight.T
    read, mlp = scaled(x, layer.post_attention_layernorm), layer.mlp
    inner = torch.nn.functional.silu(read @ mlp.gate_proj.weight.T) * (read @ mlp.up_proj.weight.T)
    return scaled(x + inner @ mlp.down_proj.weight.T, llm.model.norm) @ llm.lm_head.weight.T


@torch.inference_mode()
def test_a_weight_multiplies_what_attention_gives_a_key(
    build: Callable[..., MergedModel], parents: Path, tmp_path: Path
) -> None:
    llm = write_parent(tmp_path / "llm", "llama", {**LLM, "num_hidden_layers": 1})
    folders = {"encoder": str(parents / "t5"), "llm": str(llm)}
    options = {"language_embedding": 0, "languages": LANGUAGES, **folders}
    model = build_merge({"gate": "attention-bias", **options})
    torch.nn.init.normal_(model.connector.gate.out.weight, std=2.0)  # type: ignore[union-attr, arg-type]
    prompts = prompts_of(model, EXAMPLES)
    logits, (embeddings, mask, _, weights) = logits_of(model, **prompts), model.inputs(**prompts)
    assert (weights - 1).abs().min() > 0.01
    for row, one in enumerate(EXAMPLES):
        questions, asked = len(one["encoder_input_ids"]), one["prompt"]
        to_encoder, to_llm = weights[row].tolist()
        given = torch.tensor([to_encoder] * questions + [1.0] + [to_llm] * asked)
        torch.testing.assert_close(mask[row][mask[row] > 0], given, **CLOSE)
        read = embeddings[row, -len(given) :]
        torch.testing.assert_close(logits[row, -len(given) :], one_layer(model.llm, read, given), **CLOSE)
        assert not torch.allclose(logits[row, -1], one_layer(model.llm, read, torch.ones(len(given)))[-1], atol=1e-3)
    plain = build_merge({"gate": "none", **options})
    plain.connector.load_state_dict(model.connector.state_dict(), strict=False)
    torch.testing.assert_close(model.inputs(**prompts)[0], plain.inputs(**prompts)[0])  # no embedding is scaled


@pytest.mark.parametrize("llm", ["llama", "gpt_neox", "gpt2", "qwen3", "gemma"])
def test_it_starts_as_mindmerger(build: Callable[..., MergedModel], llm: str) -> None:
    plain, gated = build("none", llm=llm, fresh=True), build("attention-bias", llm=llm, embedding=4, fresh=True)
    torch.nn.init.normal_(plain.connector.boundary)
    gated.connector.load_state_dict(plain.connector.state_dict(), strict=False)
    prompts, batch = prompts_of(plain, EXAMPLES), batch_of(plain, EXAMPLES)
    real = plain.inputs(**prompts)[1].bool()
    assert torch.equal(gated.inputs(**prompts)[3], torch.ones(len(EXAMPLES), 2))
    assert torch.equal(logits_of(gated, **prompts)[real], logits_of(plain, **prompts)[real])
    torch.testing.assert_close(gated(**batch), plain(**batch), **CLOSE)  # PyTorch has another kernel for a gradient


def test_a_gate_that_closes_has_a_gradient_and_no_infinity(build: Callable[..., MergedModel]) -> None:
    """A scaled embedding's weight near 0 has none: d(1 + tanh w)/dw goes to 0, d log(1 + tanh w)/dw to 2."""
    model = build("attention-bias", embedding=4, fresh=True)
    gate: Any = model.connector.gate
    for bias, moves in ((-3.0, True), (-30.0, False)):
        torch.nn.init.constant_(gate.out.bias, bias)
        model.zero_grad()
        model(**batch_of(model, EXAMPLES)).backward()
        grads = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        assert all(grad.isfinite().all() for grad in grads)
        assert (gate.out.bias.grad.abs() > 1e-4).tolist() == [moves] * 2
    assert model.inputs(**prompts_of(model, EXAMPLES))[3].flatten().tolist() == pytest.approx([LOWEST] * 8)


@pytest.mark.parametrize("llm", ["llama", "gpt_neox", "gpt2"])
def test_answers_with_a_cache_are_those_without(build: Callable[..., MergedModel], llm: str) -> None:
    """Prompts of several lengths, two samples of each, and rows that leave the batch at different times."""
    model = build("attention-bias", llm=llm, embedding=4)
    new, end = 8, tokenizer().eos_token_id
    made = [greedy_by_hand(model, one, new) for one in EXAMPLES]
    plain = build("attention-bias", llm=llm, embedding=4)
    plain.clamped = {"encoder": 1.0, "llm": 1.0}
    prompts = prompts_of(model, EXAMPLES)
    assert all(end not in tokens for tokens in made)
    ends = [made[0][1], made[1][4]]
    expected = [tokens[: next((n + 1 for n, t in enumerate(tokens) if t in ends), new)] for tokens in made]
    assert len({len(tokens) for tokens in expected}) > 1
    loop = {"samples": 2, "new": new, "ends": ends, "pad": 0, "draws": None, "temperature": 0.0}
    options = {"max_new_tokens": new, "do_sample": False, "eos_token_id": ends, "pad_token_id": 0}
    found = model.generate(**prompts, **options, custom_generate=partial(decode, **loop))  # type: ignore[arg-type]
    answers = found[:, prompts["input_ids"].shape[1] :].tolist()
    for row, tokens in enumerate(expected):
        for sample in (0, 1):
            assert answers[2 * row + sample] == tokens + [0] * (len(answers[0]) - len(tokens))
    ones = plain.generate(**prompts, **options)
    assert not torch.equal(ones[:, : found.shape[1]], found[::2, : ones.shape[1]])  # the gate tells in the answers


def test_a_source_that_is_off_is_attended_to_by_nothing(build: Callable[..., MergedModel]) -> None:
    """Of the LLM's text the last token stays: the answer begins in its place."""
    model = build("attention-bias")
    one, other = EXAMPLES[0], {**EXAMPLES[0], "encoder_input_ids": EXAMPLES[0]["encoder_input_ids"][::-1]}
    asked = {**one, "input_ids": one["input_ids"][10::-1] + one["input_ids"][11:]}

    def last(example: dict[str, Any]) -> torch.Tensor:
        return logits_of(model, **prompts_of(model, [example]))[0, -1]

    assert not torch.allclose(last(one), last(other), atol=1e-3)
    assert not torch.allclose(last(one), last(asked), atol=1e-3)
    model.clamped = {"encoder": 0.0, "llm": 1.0}
    assert torch.equal(last(one), last(other)) and not torch.allclose(last(one), last(asked), atol=1e-3)
    model.clamped = {"encoder": 1.0, "llm": 0.0}
    assert torch.equal(last(one), last(asked)) and not torch.allclose(last(one), last(other), atol=1e-3)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("gemma3_text", {**LLM, "query_pre_attn_scalar": 8}, "'gemma3_text' do not all attend to the whole context"),
        ("mistral", LLM, "the layers of a 'mistral' do not all attend"),
        ("bloom", {"hidden_size": 16, "n_layer": 2, "n_head": 2}, "'bloom' takes no additive mask of its attention"),
    ],
)
def test_an_llm_whose_attention_takes_no_bias_is_refused(
    parents: Path, tmp_path: Path, kind: str, options: dict[str, Any], message: str
) -> None:
    llm = write_parent(tmp_path / kind, kind, options)
    folders = {"encoder": str(parents / "t5"), "llm": str(llm)}
    with pytest.raises(ValueError, match=message) as error:
        build_merge({"gate": "attention-bias", "language_embedding": 0, "languages": LANGUAGES, **folders})
    assert str(error.value).startswith(f"{llm}: ") and "\n" not in str(error.value)
    build_merge({"gate": "vector", "language_embedding": 0, "languages": LANGUAGES, **folders})
