"""What a study will take: counts on the meta device against published ones, and the arithmetic of a plan by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, LlamaConfig, LlamaForCausalLM

from vernacular.planning import estimate, plan
from vernacular.planning.sizes import (
    cache_bytes_a_token,
    load_sizes,
    meta_model,
    parameters,
    shape_of,
    trained_parameters,
)
from vernacular.study.compile import Study
from vernacular.study.graph import Graph, Model, build_graph
from vernacular.study.paths import Paths

ROOT = Path(__file__).parents[2]
LLAMA_7B = load_sizes()["models"]["meta-math/MetaMath-7B-V1.0"]["shape"]


@pytest.mark.parametrize("repo", load_sizes()["models"])
def test_shapes_have_the_published_parameters(repo: str) -> None:
    entry = load_sizes()["models"][repo]
    counted, shape = parameters(entry["shape"]), entry["shape"]
    if shape["model_type"] == "mt5":  # the repository holds the output layer, which Transformers ties to the input's
        counted += shape["vocab_size"] * shape["d_model"]
    assert counted / 1e9 == pytest.approx(entry["parameters"], rel=0.01)
    assert all(parameter.device.type == "meta" for parameter in meta_model(entry["shape"]).parameters())


def models() -> dict[str, Any]:
    """A study like the papers'."""
    resources = {"gpu": 4, "mem_mb": 1, "runtime": 1}
    shared = {"from": "llm", "threads": 1, "resources": resources, "launch": {"processes": 4, "strategy": "ddp"}}
    supervised = {"per_device_train_batch_size": 2, "gradient_accumulation_steps": 4, "max_steps": 100}
    lora = {"r": 8, "lora_alpha": 16, "target_modules": "all-linear"}
    return {
        "llm": {"recipe": "hub", "repo": "meta-math/MetaMath-7B-V1.0", "revision": "0"},
        "encoder": {"recipe": "hub", "repo": "google/mt5-xl", "revision": "0"},
        "whole": {**shared, "recipe": "finetune", "data": "set", "length": 512, "training": supervised},
        "lora": {**shared, "recipe": "sft", "lora": lora, "training": supervised},
        "slam": {
            **shared, "recipe": "slam", "data": "set", "length": 512, "layers": [0, 1, 2, 3, 4, 5], "gate_proj": False,
            "training": supervised,
        },
        "mapping": {**shared, "recipe": "merge-mapping", "encoder": "encoder", "data": "set", "training": supervised},
        "merge": {
            **shared, "recipe": "merge", "from": "mapping", "gate": "none", "language_embedding": 0, "data": "set",
            "training": supervised,
        },
        "grpo": {
            **shared, "recipe": "grpo", "prompts": 500, "lora": {**lora, "r": 32},
            "training": {
                "num_train_epochs": 2, "num_generations": 8, "per_device_train_batch_size": 8,
                "gradient_accumulation_steps": 4, "max_completion_length": 1000, "use_vllm": True, "beta": 0.001,
            },
        },
    }  # fmt: skip


def graph() -> Graph:
    return build_graph(models())


def one_model(**options: Any) -> Model:
    return build_graph({"one": options})["one"]


def study(**changes: dict[str, Any]) -> Study:
    found = models()
    for name, options in changes.items():
        found[name] |= options
    part = {"task": "reasoning", "benchmarks": {"b": [0.0, 0.5]}, "languages": ["en", "fr"], "shares": {"fr": 0.5}}
    config = {
        "models": found,
        "seeds": [1, 2, 3],
        "data": {"set": [part]},
        "benchmarks": {"b": {"questions": {"train": 1000}}},
        "traces": {"languages": ["fr"]},
    }
    return Study(config, "x", build_graph(found), {}, {}, {}, {}, Paths("results/x"))


def test_what_the_papers_say_of_what_they_train() -> None:
    """SLAM: 6 layers' up and down are 8.03 % of 7B (arXiv 2501.03681); MindMerger's mapping has 25.18M (its code)."""
    share = trained_parameters(graph(), "slam") / parameters(LLAMA_7B)
    assert share == pytest.approx(0.0803, abs=2e-4)
    assert trained_parameters(graph(), "merge") / 1e6 == pytest.approx(25.18, abs=0.01)
    assert trained_parameters(graph(), "whole") == parameters(LLAMA_7B)
    per_layer = 4 * (4096 + 4096) + 3 * (4096 + 11008)
    assert trained_parameters(graph(), "lora") == 32 * 8 * per_layer


def test_tokens() -> None:
    one = study()
    config, whole = one.config, one.models["whole"]
    assert estimate.batch_of(whole.options) == 2 * 4 * 4
    assert estimate.rows_of(config, whole) == 1000 * 0.5 * 1.5
    assert estimate.steps_of(config, whole) == 100
    config["sources"] = {"meta": {"dataset": "meta-math/MetaMathQA"}, "own": {"urls": []}}
    for rows, part in {
        395_000: {"source": "meta"},
        40: {"source": "meta", "limit": 20},
        30: {"source": "own", "limit": 15},
    }.items():
        config["data"]["read"] = [{"languages": ["en", "fr"], **part}]
        assert estimate.rows_of(config, one_model(recipe="finetune", data="read")) == rows
    config["data"]["read"] = [{"languages": ["en"], "source": "own"}]
    assert estimate.rows_of(config, one_model(recipe="finetune", data="read")) == load_sizes()["assumptions"]["rows"]
    epochs = {"per_device_train_batch_size": 2, "num_train_epochs": 2}
    assert estimate.steps_of(config, study(whole={"training": epochs}).models["whole"]) == -(-2 * 750 // 8)
    assert estimate.steps_of(config, one.models["grpo"]) == -(-2 * 500 * 8 // 128)
    assert estimate.length_of(one.models["grpo"].options) == 200 + 500


def test_seconds_of_full_fine_tuning_are_six_flops_a_parameter_and_token() -> None:
    gpu = load_sizes()["assumptions"]["gpu"]
    tokens = 100 * 32 * 512
    flops = 6 * parameters(LLAMA_7B) * tokens / (gpu["flops"] * gpu["training_share"] * 4)
    assert estimate.training_seconds(study(), "whole", 4) == pytest.approx(flops + 100 * gpu["step_overhead"])
    spared = study(whole={"training": {**models()["whole"]["training"], "gradient_checkpointing": True}})
    assert estimate.training_seconds(spared, "whole", 4) == pytest.approx(flops * 8 / 6 + 100 * gpu["step_overhead"])
    assert estimate.training_seconds(study(), "slam", 4) < 0.75 * estimate.training_seconds(study(), "whole", 4)
    assert estimate.training_seconds(study(), "grpo", 2) > 0


def test_shards_need_less_memory() -> None:
    needed = {
        how: estimate.training_memory(study(whole={"launch": {"processes": 4, "strategy": how}}), "whole")
        for how in ("ddp", "zero2", "zero3", "fsdp2")
    }
    weights = 4 * parameters(LLAMA_7B)
    assert needed["ddp"] - needed["zero2"] == pytest.approx(3 * weights * 3 / 4)  # gradients, two moments
    assert needed["zero2"] - needed["zero3"] == pytest.approx(weights * 3 / 4)
    assert needed["fsdp2"] == needed["zero3"]
    assert needed["ddp"] > 4 * weights  # weights, gradients, two moments
    four = estimate.training_memory(study(lora={"load_in_4bit": True}), "lora")
    assert four < estimate.training_memory(study(), "lora") - parameters(LLAMA_7B)


def test_memory_of_keys_and_values() -> None:
    qwen = load_sizes()["models"]["Qwen/Qwen3-4B"]["shape"]
    assert cache_bytes_a_token(LLAMA_7B, 2) == 2 * 32 * 32 * 128 * 2
    assert cache_bytes_a_token(qwen, 2) == 2 * 36 * 8 * 128 * 2
    assert cache_bytes_a_token({"text_config": qwen}, 2) == cache_bytes_a_token(qwen, 2)
    with pytest.raises(ValueError, match="none of num_hidden_layers, .* cannot be counted"):
        cache_bytes_a_token({"hidden_size": 8, "num_attention_heads": 2}, 2)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "mt5", "gpt2"])
def test_a_real_cache_is_as_large(kind: str) -> None:
    """Keys and values of 5 tokens, as Transformers keeps them of a model of each architecture."""
    small = {
        "mt5": {"d_model": 24, "d_kv": 10, "d_ff": 32, "num_layers": 1, "num_decoder_layers": 3, "num_heads": 2},
        "gpt2": {"n_embd": 24, "n_layer": 3, "n_head": 4},
    }
    usual = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
    shape = {"model_type": kind, "vocab_size": 50, **small.get(kind, {**usual, "num_key_value_heads": 2})}
    shape |= {"head_dim": 10} if kind == "qwen3" else {}
    config = AutoConfig.for_model(**shape)
    encoded = config.is_encoder_decoder
    model = (AutoModelForSeq2SeqLM if encoded else AutoModelForCausalLM).from_config(config)
    tokens = torch.ones(1, 5, dtype=torch.long)
    output = model(tokens, **({"decoder_input_ids": tokens} if encoded else {}), use_cache=True)
    cache = output.past_key_values.self_attention_cache if encoded else output.past_key_values
    held = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    assert held == 5 * cache_bytes_a_token(shape, 4)


def test_plan_of_a_study_like_the_papers() -> None:
    works = {work.name: work for work in plan.trainings(study())}
    assert set(works) == {"whole", "lora", "slam", "mapping", "merge", "grpo"}
    assert works["whole"].note == "does not fit the GPU" and not works["slam"].note and not works["lora"].note
    assert all(work.times == 3 and work.gpus == 4 and work.hours > 0 for work in works.values())
    assert plan.fetched(study()) == pytest.approx(2 * 6.74e9 + 4 * 3.74e9)
    text = plan.report(study(), list(works.values()), "17")
    hours = sum(work.hours * 12 for work in works.values())
    assert f"GPU hours {hours:.1f}" in text and "17 to run now" in text and "All figures are estimates" in text
    overlay = yaml.safe_load(plan.overlay(list(works.values())))["models"]
    assert overlay["slam"]["resources"]["gpu"] == 4 and overlay["slam"]["resources"]["mem_mb"] > 4 * 4 * 6.7e3
    assert overlay["slam"]["resources"]["runtime"] >= works["slam"].hours * 60


def test_models_of_an_unknown_size_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(ValueError, match="no shape of 'meta-math/MetaMath-7B'; add it.*did you mean"):
        shape_of(build_graph({"llm": {"recipe": "hub", "repo": "meta-math/MetaMath-7B"}}), "llm")
    with pytest.raises(ValueError, match="config.json is not there"):
        shape_of(build_graph({"llm": {"recipe": "folder", "path": str(tmp_path)}}), "llm")
    assert plan.main([str(tmp_path / "none.yaml")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_folder_is_counted_by_its_configuration(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = LlamaForCausalLM(
        LlamaConfig(vocab_size=50, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2)
    )
    model.save_pretrained(tmp_path)
    shape = shape_of(build_graph({"own": {"recipe": "folder", "path": str(tmp_path)}}), "own")
    assert parameters(shape) == sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("name", ["config", "smoke"])
def test_shipped_studies_have_a_plan(name: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "jobs", lambda configs: "9")  # a dry run; tests/workflow has enough of them
    assert plan.main([str(ROOT / "config" / f"{name}.yaml")]) == 0
    lines = capsys.readouterr().out.splitlines()
    trained = yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())["models"]
    assert sum(" train_" in line or " pretrain" in line for line in lines) == len(trained)
    assert "GPU hours 0.0" in "\n".join(lines)


def test_counted_parameters_are_those_of_a_trained_model(tmp_path: Path) -> None:
    """The shape of the default study's base model, built for real."""
    options = json.loads(json.dumps(yaml.safe_load((ROOT / "config/config.yaml").read_text())["models"]["lrm"]))
    shape = shape_of(build_graph({"lrm": options}), "lrm")
    config = dict(shape)
    config.pop("model_type")
    model = LlamaForCausalLM(LlamaConfig(**config))
    assert parameters(shape) == sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    "config",
    [*sorted((ROOT / "config" / "paper").glob("*.yaml")), ROOT / "config" / "one-gpu.yaml"],
    ids=lambda path: path.stem,
)
def test_the_tables_of_the_documentation_are_what_is_printed(config: Path) -> None:
    study = plan.read_study([str(config)])
    documented = (ROOT / "docs" / "resources.md").read_text(encoding="utf-8")
    printed = plan.table([*plan.trainings(study), *plan.answerings(study)])
    assert "\n".join(["", *printed, ""]) in documented.split(f"### {config.relative_to(ROOT)}\n")[1]


def test_weights_that_are_kept_take_disk() -> None:
    """Adapters where there are any, else all weights."""
    one = {"lora": trained_parameters(graph(), "lora") * 4, "whole": estimate.saved_bytes(study(), "whole")}
    for name, bytes_of_one in one.items():
        kept = study(**{name: {"checkpoint_steps": [10, 20, 30]}})
        without = estimate.saved_bytes(study(), name)
        assert estimate.saved_bytes(kept, name) == pytest.approx(without + 3 * bytes_of_one)
