"""Tiny models of many architectures, in double precision so that no rounding moves a neuron over the threshold, and
parallel questions: what the tests of SLAM's probe share."""

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM

from vernacular.models.pretrain import train_tokenizer
from vernacular.slam.options import ProbeOptions
from vernacular.slam.probe import probe, question_batches

LANGUAGES = ["de", "en", "sw", "th"]
LETTERS = {"de": "abdeinrsuß", "en": "aehinorst", "sw": "abikmnuwy", "th": "กขคงจชดตนมรลสอาเ"}
OPTIONS = ProbeOptions(benchmark="mini", languages=LANGUAGES, batch_size=4)


def gelu_tanh(x: torch.Tensor) -> torch.Tensor:
    return functional.gelu(x, approximate="tanh")


# architecture: (the matrix before the activation, the activation), as its modelling code has them
FIRST: dict[str, tuple[str, Any]] = {
    "llama": ("model.layers.{}.mlp.gate_proj", functional.silu),
    "mistral": ("model.layers.{}.mlp.gate_proj", functional.silu),
    "qwen3": ("model.layers.{}.mlp.gate_proj", functional.silu),
    "gemma": ("model.layers.{}.mlp.gate_proj", gelu_tanh),
    "gemma2": ("model.layers.{}.mlp.gate_proj", gelu_tanh),
    "gemma3_text": ("model.layers.{}.mlp.gate_proj", gelu_tanh),
    "gpt2": ("transformer.h.{}.mlp.c_fc", gelu_tanh),
    "gpt_neox": ("gpt_neox.layers.{}.mlp.dense_h_to_4h", functional.gelu),
    "opt": ("model.decoder.layers.{}.fc1", functional.relu),
    "phi": ("model.layers.{}.mlp.fc1", gelu_tanh),
}
LAYERS, WIDTH = 3, 20


def question_rows(count: int, languages: list[str] = LANGUAGES, benchmark: str = "mini") -> Iterator[dict[str, Any]]:
    """Parallel questions of 1 to 7 words, id by id with the languages side by side; English has the longer words."""
    for number in range(count):
        for language in languages:
            rng = random.Random(f"{language} {number}")
            size = range(2, 9 if language == "en" else 5)
            words = ("".join(rng.choices(LETTERS[language], k=rng.choice(size))) for _ in range(rng.randint(1, 7)))
            yield {
                "id": f"q{number}", "benchmark": benchmark, "kind": "math", "language": language,
                "question": " ".join(words), "choices": None, "answer": "1",
            }  # fmt: skip


ROWS = list(question_rows(11))


@cache
def tokenizer() -> Any:
    torch.set_num_threads(1)  # more of them only wait for one another here
    return train_tokenizer((row["question"] for row in ROWS), 300)


def model_of(kind: str, **changes: Any) -> Any:
    options = {
        "vocab_size": 300, "hidden_size": 16, "num_hidden_layers": LAYERS, "num_attention_heads": 2,
        "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 128, "initializer_range": 0.5,
        "init_std": 0.5, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1,
        "n_inner" if kind == "gpt2" else "ffn_dim" if kind == "opt" else "intermediate_size": WIDTH,
    } | ({"word_embed_proj_dim": 16} if kind == "opt" else {}) | changes  # fmt: skip
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **options)).double().eval()


def probed(model: Any, rows: list[dict[str, Any]] = ROWS, **changes: Any) -> list[dict[str, Any]]:
    options = replace(OPTIONS, **changes)
    return probe(model, tokenizer(), question_batches(rows, options), options)


def assert_close(rows: list[dict[str, Any]], expected: list[dict[str, Any]], rel: float) -> None:
    assert [row["language"] for row in rows] == [row["language"] for row in expected]
    for row, wanted in zip(rows, expected, strict=True):
        assert {**row, "language": 0} == pytest.approx({**wanted, "language": 0}, rel=rel)
