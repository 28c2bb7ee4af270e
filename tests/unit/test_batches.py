"""`batch_tokens`: what is computed where a configuration does not set it, and the parts that by_length makes."""

import math
import random
from itertools import combinations, pairwise
from typing import Any

import pytest
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from vernacular.models.batches import STEP, by_length
from vernacular.planning.memory import answer_memory
from vernacular.planning.sizes import cache_bytes_a_token, load_sizes, parameters
from vernacular.study.batches import PLAIN, PROMPT, USED, batch_tokens, parameters_at_most
from vernacular.study.graph import build_graph

HUB = load_sizes()["models"]
GPU = {"gpu": 1, "gpu_mem_mb": 80_000}
CPU = {"gpu": 0, "gpu_mem_mb": 80_000}


def tokens(repo: str, new: int = 1024, resources: dict[str, int] = GPU, width: int = 2) -> int:
    graph = build_graph({"m": {"recipe": "hub", "repo": repo}})
    return batch_tokens(graph, "m", new, resources, width)


@pytest.mark.parametrize("repo", HUB)
def test_the_weights_are_not_underestimated(repo: str) -> None:
    shape = HUB[repo]["shape"]
    is_encoder = shape["model_type"] == "mt5"
    whole = parameters(shape, is_encoder)
    # Norms and biases are left out; an encoder has no output layer.
    assert 0.999 * whole <= parameters_at_most(shape) <= 1.35 * whole


@pytest.mark.parametrize("repo", [name for name in HUB if HUB[name]["shape"]["model_type"] != "mt5"])
@pytest.mark.parametrize("new", [160, 1024, 8192])
def test_what_is_held_fits_the_gpu(repo: str, new: int) -> None:
    """Weights, cache of all tokens, and the logits of sequences whose prompts have 100 tokens."""
    shape, found = HUB[repo]["shape"], tokens(repo, new)
    rows = found / (100 + new)
    held = 2 * parameters(shape) + found * cache_bytes_a_token(shape, 2) + rows * shape["vocab_size"] * 18
    assert 0.35 * 80e9 < held < 0.93 * 80e9  # the rest is for activations while prompts are read


@pytest.mark.parametrize("repo", [name for name in HUB if HUB[name]["shape"]["model_type"] != "mt5"])
@pytest.mark.parametrize("new", [160, 8192])
def test_the_plan_counts_what_this_is_computed_from(repo: str, new: int) -> None:
    """All of it at once, for prompts as long as they are taken to be: the room, less what weights are overrated."""
    models = build_graph({"m": {"recipe": "hub", "repo": repo}})
    memory = answer_memory(models, "m", tokens(repo, new) // (PROMPT + new), PROMPT, new, 2)
    assert memory.peak == sum(memory.parts.values()) and min(memory.cache, memory.activations, memory.logits) > 0
    overrated = 2 * parameters_at_most(HUB[repo]["shape"]) - memory.weights
    room = USED * 80e9 - overrated
    sequence = (memory.cache + memory.activations + memory.logits) / (tokens(repo, new) // (PROMPT + new))
    assert room - 1000 * memory.cache / new - sequence < memory.peak <= 1.002 * room


def test_less_memory_wider_numbers_and_larger_models_mean_fewer_tokens() -> None:
    small, large = "Qwen/Qwen3-0.6B", "Qwen/Qwen3-4B"
    assert tokens(large) < tokens(small)
    assert tokens(large, resources={**GPU, "gpu_mem_mb": 24_000}) < tokens(large) / 3
    assert tokens(large, width=4) < tokens(large) / 2
    assert tokens(large) == tokens(large)


def test_a_gpu_that_is_too_small_gets_the_least() -> None:
    """`make plan` says that it does not fit; here no number may be zero."""
    assert tokens("meta-math/MetaMath-13B-V1.0", 600, {**GPU, "gpu_mem_mb": 8000}) == 1200


def test_without_a_gpu_and_without_a_size_a_plain_number() -> None:
    cache = cache_bytes_a_token(HUB["Qwen/Qwen3-0.6B"]["shape"], 4)
    assert tokens("Qwen/Qwen3-0.6B", 160, CPU, 4) == 2e9 // cache // 1000 * 1000 < PLAIN
    assert tokens("someone/unknown", 160) == PLAIN
    tiny = {"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    graph = build_graph({"m": {"recipe": "pretrain", "architecture": tiny, "vocabulary": 500}})
    assert batch_tokens(graph, "m", 160, CPU, 4) == PLAIN


@pytest.mark.parametrize("kind", ["llama", "gpt2", "m2m_100"])
def test_configs_name_their_sizes_in_several_ways(kind: str) -> None:
    shapes: dict[str, dict[str, Any]] = {
        "llama": {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4},
        "gpt2": {"n_embd": 24, "n_layer": 3, "n_head": 4},
        "m2m_100": {"d_model": 24, "encoder_layers": 3, "decoder_layers": 1, "encoder_attention_heads": 4,
                    "decoder_attention_heads": 4, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32},
    }  # fmt: skip
    shape = {"model_type": kind, "vocab_size": 50, **shapes[kind]}
    config = AutoConfig.for_model(**shape)
    maker = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    model = maker.from_config(config)
    weights = model.get_encoder() if config.is_encoder_decoder else model
    matrices = sum(p.numel() for name, p in weights.named_parameters() if p.ndim == 2 and "wpe" not in name)
    assert matrices <= parameters_at_most(shape)
    with pytest.raises(ValueError, match="a model's config has none of"):
        parameters_at_most({"model_type": kind, "vocab_size": 50})


@pytest.mark.parametrize("seed", range(20))
def test_parts(seed: int) -> None:
    draw = random.Random(seed)
    sizes = [draw.randint(1, 300) for _ in range(draw.randint(0, 60))]
    most, new = draw.choice([1, 100, 500, 4000, 10**6]), draw.choice([0, 1, 10, 1000])
    parts = by_length(sizes, most, new)
    order = [number for part in parts for number in part.numbers]
    assert sorted(order) == list(range(len(sizes)))
    assert [sizes[number] for number in order] == sorted(sizes, reverse=True)
    for part in parts:
        assert part.tokens == len(part) * max(sizes[number] for number in part.numbers)
        assert part.tokens <= most or len(part) == 1


@pytest.mark.parametrize("seed", range(20))
def test_no_other_parts_take_less(seed: int) -> None:
    """Tried: all ways to cut ten sizes in their order."""
    draw = random.Random(seed)
    sizes = sorted((draw.randint(1, 300) for _ in range(10)), reverse=True)
    most, new = draw.choice([300, 1000, 10**6]), draw.choice([0, 1, 10])

    def taken(parts: list[list[int]]) -> float:
        tokens = [len(part) * part[0] for part in parts]
        too_large = any(size > most and len(part) > 1 for size, part in zip(tokens, parts, strict=True))
        return math.inf if too_large else sum(tokens) + len(parts) * STEP * new

    ways = (
        [sizes[a:b] for a, b in pairwise([0, *cuts, len(sizes)])]
        for count in range(len(sizes))
        for cuts in combinations(range(1, len(sizes)), count)
    )
    found = [[sizes[number] for number in part.numbers] for part in by_length(sizes, most, new)]
    assert taken(found) == min(map(taken, ways))
