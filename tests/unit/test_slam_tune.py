"""SLAM's tuning: what is frozen costs nothing and stays as it was."""

import json
from typing import Any

import pytest
import torch
from mini import mini
from tiny_jobs import job_of
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.models.folders import load_model
from vernacular.models.job import Job
from vernacular.models.pretrain import train_tokenizer
from vernacular.slam.tune import freeze_except, tune

BENCHMARKS = {"mini-mgsm": mini(train=30)}


def llama(vocabulary: int = 60) -> Any:
    torch.manual_seed(1)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary, hidden_size=16, intermediate_size=24, num_hidden_layers=4, num_attention_heads=2,
            num_key_value_heads=2, max_position_embeddings=512, tie_word_embeddings=True,
        )
    )  # fmt: skip


def trainable(model: Any) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_only_up_and_down_of_the_chosen_layers_train() -> None:
    model = llama()
    freeze_except(model, [1, 2], gate=False)
    assert trainable(model) == {f"model.layers.{n}.mlp.{m}_proj.weight" for n in (1, 2) for m in ("up", "down")}
    freeze_except(model, [3], gate=True)
    assert trainable(model) == {f"model.layers.3.mlp.{m}_proj.weight" for m in ("gate", "up", "down")}


def test_plain_mlps_have_no_gate_to_tune() -> None:
    model = GPT2LMHeadModel(GPT2Config(vocab_size=60, n_embd=16, n_layer=3, n_head=2))
    freeze_except(model, [0], gate=True)
    assert trainable(model) == {f"transformer.h.0.mlp.{m}.weight" for m in ("c_fc", "c_proj")}


@pytest.mark.parametrize("layer", [-1, 4])
def test_a_layer_that_the_model_lacks_is_named(layer: int) -> None:
    with pytest.raises(ValueError, match=rf"layer {layer} does not exist; the model has the layers 0 to 3"):
        freeze_except(llama(), [0, layer], gate=False)


def test_no_layer_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="no layers to tune"):
        freeze_except(llama(), [], gate=False)


def test_frozen_weights_have_no_gradient_and_nothing_below_the_lowest_layer_is_differentiated() -> None:
    model = llama()
    freeze_except(model, [2], gate=False)
    inside: dict[int, bool] = {}
    for number, layer in enumerate(model.model.layers):
        layer.register_forward_hook(lambda _, __, out, n=number: inside.update({n: out.requires_grad}))
    model(torch.arange(12).reshape(1, 12), labels=torch.arange(12).reshape(1, 12)).loss.backward()
    assert inside == {0: False, 1: False, 2: True, 3: True}
    assert {name for name, p in model.named_parameters() if p.grad is not None} == trainable(model)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Two steps of SLAM on the layers 1 and 2 of a tiny model."""
    folder = tmp_path_factory.mktemp("slam")
    options = {"task": "translation", "benchmarks": {"mini-mgsm": [0.0, 1.0]}, "languages": ["fr", "sw"]}
    rows = list(training_rows(TrainingDataOptions([options | {"translated": ["questions", "answers"]}], 1, BENCHMARKS)))
    tokenizer = train_tokenizer((row["prompt"] + row["completion"] for row in rows), 600)
    model = llama(len(tokenizer))
    for part in (model, tokenizer):
        part.save_pretrained(folder / "parent")
    (folder / "layers.json").write_text(json.dumps({"layers": [1, 2]}), encoding="utf-8")
    training = {"max_steps": 2, "per_device_train_batch_size": 2, "learning_rate": 1e-2, "logging_steps": 1}
    recipe = {
        "recipe": "slam",
        "threads": 1,
        "length": 512,
        "overlong": "truncate",
        "compile": False,
        "gate_proj": False,
        "training": training,
    }
    job = job_of(recipe, folder, parent=folder / "parent", layers=folder / "layers.json")
    tune(job, rows)
    return job


def test_training_moves_the_chosen_matrices_alone(job: Job) -> None:
    before, after = (load_model(folder)[0].state_dict() for folder in (job.inputs["parent"], job.out))
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert moved == {f"model.layers.{n}.mlp.{m}_proj.weight" for n in (1, 2) for m in ("up", "down")}


def test_optimizer_and_manifest_count_the_chosen_matrices_alone(job: Job) -> None:
    tuned = 2 * 2 * 16 * 24
    manifest = json.loads((job.out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["trainable_parameters"] == tuned < manifest["total_parameters"] / 2
    header, values = (line.split(",") for line in job.costs.read_text(encoding="utf-8").splitlines())
    costs = dict(zip(header, values, strict=True))
    # Adam's two moments in float32, and its step count for each of the four matrices.
    assert int(costs["optimizer_bytes"]) == tuned * 8 + 4 * 4
    assert int(costs["tokens"]) > 0
