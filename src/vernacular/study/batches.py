"""`batch_tokens` where a configuration does not set it: how many tokens a model answers side by side.

From the configuration alone, so that a file's batches follow from its questions and a number that its options show,
whatever machine the job runs on.
"""

from typing import Any, NamedTuple

from vernacular.planning.sizes import LAYERS, cache_bytes_a_token, shape_of
from vernacular.study.graph import Graph

PLAIN = 32_768  # tokens on a CPU, and where nothing says how large a model is (our choice)
CPU_CACHE = 2e9  # bytes that keys and values may take on a CPU (our choice)
USED = 0.85  # of a GPU's memory; the rest is CUDA's, lost between blocks, or wrong in the formula (our choice)
PROMPT = 512  # tokens of a long prompt: while prompts are read, a layer's activations are held for each of them


class Answering(NamedTuple):
    """Bytes that answering takes in addition to the weights."""

    cache: float  # a token, of prompt or answer: keys and values, of which one layer is copied when it grows
    reading: float  # a token of a prompt: the activations of one layer while prompts are read
    logits: float  # a sequence: the last token's, of which a drawn token takes four copies in float32


def answering(shape: dict[str, Any], width: int) -> Answering:
    """shape: keys of a Transformers config; width: bytes of a number. Raises ValueError where the config lacks one."""
    shape = shape.get("text_config", shape)
    hidden, inner = sides(shape)
    cache = cache_bytes_a_token(shape, width) * (1 + 1 / named(shape, *LAYERS))
    return Answering(cache, width * (3 * inner + 8 * hidden), named(shape, "vocab_size") * (width + 16))


def batch_tokens(models: Graph, name: str, new: int, resources: dict[str, int], width: int) -> int:
    """Tokens of prompts and room for answers that fit the memory which `resources` names, next to the weights.

    new: `max_new_tokens`; width: bytes of a number.
    """
    try:
        shape = shape_of(models, name)
        shape = shape.get("text_config", shape)
        if not resources["gpu"]:
            return max(min(PLAIN, int(CPU_CACHE / cache_bytes_a_token(shape, width)) // 1000 * 1000), 2 * new)
        held = answering(shape, width)
        weights = width * parameters_at_most(shape)
        if encoder := models[name].parts.get("encoder"):
            weights += width * parameters_at_most(shape_of(models, encoder))
    except (ValueError, ZeroDivisionError):  # a model of unknown size, or of none
        return max(PLAIN, 2 * new)
    each = held.cache + (held.reading * PROMPT + held.logits) / (PROMPT + new)
    room = USED * resources["gpu_mem_mb"] * 1e6 - weights
    return max(int(room / each) // 1000 * 1000, 2 * new)


def parameters_at_most(shape: dict[str, Any]) -> int:
    """Of a decoder, or of an encoder-decoder's encoder: embeddings and output layer, attention, gated feed-forward.

    shape: keys of a Transformers config. Raises ValueError where it lacks one.
    """
    hidden, inner = sides(shape)
    layers = named(shape, "encoder_layers", "num_layers", *LAYERS)
    heads = named(shape, "num_attention_heads", "encoder_attention_heads", "num_heads", "n_head")
    queries = heads * (shape.get("head_dim") or shape.get("d_kv") or hidden // heads)
    keys = queries // heads * (shape.get("num_key_value_heads") or heads)
    tables = 1 if shape.get("tie_word_embeddings") else 2
    return tables * named(shape, "vocab_size") * hidden + layers * hidden * (2 * queries + 2 * keys + 3 * inner)


def sides(shape: dict[str, Any]) -> tuple[int, int]:
    """(width of the layers, width of their feed-forward part)."""
    hidden = named(shape, "hidden_size", "d_model", "n_embd")
    inner = [shape[name] for name in ("intermediate_size", "encoder_ffn_dim", "d_ff", "n_inner") if shape.get(name)]
    return hidden, inner[0] if inner else 4 * hidden


def named(shape: dict[str, Any], *names: str) -> int:
    """A config's number, whichever of the names it has."""
    found: int | None = next((shape[name] for name in names if shape.get(name)), None)
    if found is None:
        raise ValueError(f"a model's config has none of {', '.join(names)}")
    return found
