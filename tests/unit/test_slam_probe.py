"""SLAM's probe: its numbers are those of the definition taken word by word, whatever the architecture, the batch, the
padding or the number of questions; and what cannot be probed is one clear line.
"""

import copy
import itertools
import math
import random
import statistics
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from probes import (
    FIRST,
    LANGUAGES,
    LAYERS,
    OPTIONS,
    ROWS,
    WIDTH,
    assert_close,
    model_of,
    probed,
    question_rows,
    tokenizer,
)
from tokenizers.processors import TemplateProcessing

from vernacular.slam.options import ProbeOptions
from vernacular.slam.probe import probe, question_batches


def activations(model: Any, kind: str, question: str) -> list[list[list[float]]]:
    """[layer][token][neuron] of one question, alone and without padding, by the architecture's own formula."""
    inputs: dict[str, torch.Tensor] = {}
    found, hooks, (path, function) = [], [], FIRST[kind]
    paths = [path.format(layer) for layer in range(LAYERS)]
    for name in paths:
        module = model.get_submodule(name)
        hooks.append(module.register_forward_pre_hook(lambda _, args, name=name: inputs.update({name: args[0]})))
    with torch.no_grad():
        model(torch.tensor([tokenizer()(question, add_special_tokens=False)["input_ids"]]))
        for name in paths:
            module = model.get_submodule(name)
            weight = module.weight if kind == "gpt2" else module.weight.T
            value = inputs[name].reshape(-1, 16) @ weight
            found.append(function(value if module.bias is None else value + module.bias).tolist())
    for hook in hooks:
        hook.remove()
    return found


def by_definition(model: Any, kind: str, options: ProbeOptions) -> list[dict[str, Any]]:
    """The probe's definition, slowly: every activation is kept, every share is a count over a list."""
    texts = {k: [row["question"] for row in ROWS if row["language"] == k] for k in LANGUAGES}
    kept = {k: [activations(model, kind, text) for text in texts[k]] for k in LANGUAGES}

    def p(layer: int, neuron: int, k: str, questions: slice) -> float:
        values = [token[neuron] for question in kept[k][questions] for token in question[layer]]
        return sum(value > options.threshold for value in values) / len(values)

    def n(layer: int, k: str, questions: slice) -> float:
        return statistics.fmean(p(layer, neuron, k, questions) for neuron in range(WIDTH))

    def msd(layer: int, questions: slice) -> float:
        return statistics.pvariance([n(layer, k, questions) for k in LANGUAGES])

    def ranks(values: list[float]) -> list[int]:
        return [sorted(values).index(value) for value in values]

    every, halves = slice(None), (slice(0, None, 2), slice(1, None, 2))
    first, second = (ranks([msd(layer, half) for layer in range(LAYERS)]) for half in halves)
    rows = []
    for layer, k in itertools.product(range(LAYERS), LANGUAGES):
        active = {j: {i for i in range(WIDTH) if p(layer, i, j, every) > options.active_share} for j in (k, "en")}
        rows.append(
            {
                "layer": layer, "language": k, "width": WIDTH, "questions": len(texts[k]),
                "tokens": sum(len(question[layer]) for question in kept[k]),
                "active": n(layer, k, every), "active_neurons": len(active[k]),
                "overlap": len(active[k] & active["en"]) / len(active[k] | active["en"]),
                "msd": msd(layer, every),
                "msd_neurons": statistics.fmean(
                    statistics.pvariance([p(layer, i, j, every) for j in LANGUAGES]) for i in range(WIDTH)
                ),
                "stability": statistics.correlation(first, second),
            }
        )  # fmt: skip
    return rows


@pytest.mark.parametrize("kind", FIRST)
def test_the_numbers_are_those_of_the_definition(kind: str) -> None:
    model, options = model_of(kind), replace(OPTIONS, threshold=0.05, active_share=0.3)
    rows, expected = probed(model, threshold=0.05, active_share=0.3), by_definition(model, kind, options)
    assert len(rows) == LAYERS * len(LANGUAGES) and len({row["msd"] for row in rows}) == LAYERS
    assert any(0 < row["overlap"] < 1 for row in rows)
    assert_close(rows, expected, rel=1e-9)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "opt"])
def test_batch_size_and_padding_side_change_nothing(kind: str) -> None:
    model = model_of(kind)
    whole = probed(model, batch_size=100)
    for batch_size, side in itertools.product([1, 3, 4], ["left", "right"]):
        tokenizer().padding_side = side
        assert probed(model, batch_size=batch_size) == whole
    tokenizer().padding_side = "left"
    assert not any(module._forward_hooks for module in model.modules())


def test_order_of_languages_changes_no_number() -> None:
    model = model_of("qwen3")
    whole = {(row["layer"], row["language"]): row for row in probed(model)}
    turned = probed(model, sorted(ROWS, key=lambda row: row["language"]), languages=LANGUAGES[::-1])
    assert [row["language"] for row in turned[:4]] == LANGUAGES[::-1]
    # A variance is summed in the order of the languages, so its last bits may differ.
    assert_close(turned, [whole[row["layer"], row["language"]] for row in turned], rel=1e-12)


def test_questions_of_other_benchmarks_languages_and_beyond_the_limit_do_not_count() -> None:
    model = model_of("llama")
    others = [*question_rows(5, [*LANGUAGES], "other"), *({**row, "language": "fr"} for row in ROWS)]
    mixed = [row for pair in itertools.zip_longest(ROWS, others) for row in pair if row]
    assert probed(model, mixed, questions=6) == probed(model, list(question_rows(6))) != probed(model)
    assert probed(model, mixed) == probed(model) == probed(model, questions=50)
    assert {row["questions"] for row in probed(model, questions=6)} == {6}


def test_special_tokens_are_not_read() -> None:
    model, beginning = model_of("llama"), copy.deepcopy(tokenizer())
    special = [("<|user|>", beginning.convert_tokens_to_ids("<|user|>"))]
    beginning.backend_tokenizer.post_processor = TemplateProcessing(single="<|user|> $A", special_tokens=special)
    assert beginning("ab")["input_ids"] == [special[0][1], *tokenizer()("ab")["input_ids"]]
    assert probe(model, beginning, question_batches(ROWS, OPTIONS), OPTIONS) == probed(model)


def test_without_english_there_is_no_overlap_and_without_two_questions_no_stability() -> None:
    rows = probed(model_of("llama"), languages=["de", "th"])
    assert {row["overlap"] for row in rows} == {None} and rows[0]["stability"] is not None
    assert {row["overlap"] for row in probed(model_of("llama"), active_share=1.0)} == {None}
    assert {row["stability"] for row in probed(model_of("llama"), questions=1)} == {None}


def test_languages_that_read_the_same_do_not_differ() -> None:
    rows = [{**row, "language": language} for row in question_rows(6, ["en"]) for language in LANGUAGES]
    for row in probed(model_of("llama"), rows):
        assert (row["msd"], row["msd_neurons"], row["overlap"], row["stability"]) == (0, 0, 1, None)


@given(
    st.lists(st.sampled_from(LANGUAGES), min_size=2, max_size=4, unique=True),
    *(st.integers(1, 9), st.integers(1, 5), st.none() | st.integers(1, 9), st.randoms()),
)
def test_batches_hold_every_question_once_in_order(
    languages: list[str], count: int, batch_size: int, limit: int | None, rng: random.Random
) -> None:
    rows = [row for row in question_rows(count) if row["language"] in languages]
    rng.shuffle(languages)
    if rng.random() < 0.5:  # by language instead of by id
        rows.sort(key=lambda row: row["language"])
    options = replace(OPTIONS, languages=languages, questions=limit, batch_size=batch_size)
    pending = dict.fromkeys(languages, 0)

    def counted() -> Iterator[dict[str, Any]]:
        for row in rows:
            pending[row["language"]] += 1
            yield row

    found: dict[str, list[str]] = {language: [] for language in languages}
    for language, texts in question_batches(counted(), options):
        found[language] += texts
        assert 1 <= len(texts) <= batch_size
        assert all(pending[k] - len(found[k]) <= batch_size for k in languages) or limit is not None
    for language in languages:
        assert found[language] == [row["question"] for row in rows if row["language"] == language][:limit]


def test_padding_may_hold_anything() -> None:
    """What stands at padding is no activation: neither counted nor complained about."""
    model, masks = model_of("llama"), []
    whole = probed(model)
    model.model.register_forward_pre_hook(lambda _, args, kw: masks.append(kw["attention_mask"]), with_kwargs=True)

    def spoil(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        return torch.where(masks[-1][:, :, None] == 1, output, math.nan)

    model.model.layers[LAYERS - 1].mlp.gate_proj.register_forward_hook(spoil)
    assert probed(model) == whole
    assert not all(mask.all() for mask in masks)
