"""What a study will take: counts on the meta device against published ones, and the arithmetic of a plan by hand."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, LlamaConfig, LlamaForCausalLM

from vernacular.planning import estimate, live, memory, plan
from vernacular.planning.sizes import (
    cache_bytes_a_token,
    load_sizes,
    meta_model,
    parameters,
    shape_of,
    trained_parameters,
)
from vernacular.planning.work import answerings, fetched, peak_disk, trainings
from vernacular.study.compile import DEFAULT, EVERY, Study, Target
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
    resources = {"gpu": 4, "gpu_mem_mb": 80000, "mem_mb": 999000, "runtime": 99000}
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
    evaluation = {"models": list(found), "translator": None, "decoding": "plain", "benchmarks": []}
    every = [Target(name, [evaluation], False, False, False, False) for name in (DEFAULT, EVERY)]
    targets = {target.part: target for target in every}
    return Study(config, "x", build_graph(found), {}, targets, {}, {}, {}, Paths("results/x"))


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
    config["sources"]["own"] = {"urls": [{"url": "https://example.org/a/sft_data.json"}]}
    assert estimate.rows_of(config, one_model(recipe="finetune", data="read")) == 30_000
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


def test_a_prompt_is_read_once_for_all_samples() -> None:
    gpu, assumed = load_sizes()["assumptions"]["gpu"], load_sizes()["assumptions"]
    once = estimate.decoding(LLAMA_7B, 100, 100, 64, 1, 100, 2)
    four = estimate.decoding(LLAMA_7B, 100, 400, 64, 1, 100, 2)
    reading = 2 * parameters(LLAMA_7B) * 100 * assumed["prompt"] / (gpu["flops"] * gpu["training_share"])
    assert four - reading == pytest.approx(4 * (once - reading))


def test_shards_need_less_memory() -> None:
    needed = {
        how: memory.training_memory(study(whole={"launch": {"processes": 4, "strategy": how}}), "whole")
        for how in ("ddp", "zero2", "zero3", "fsdp2")
    }
    weights = 4 * parameters(LLAMA_7B)
    assert needed["ddp"].peak - needed["zero2"].peak == pytest.approx(3 * weights * 3 / 4)  # gradients, two moments
    gathered = 2 * weights / LLAMA_7B["num_hidden_layers"]
    assert needed["zero2"].peak - needed["zero3"].peak == pytest.approx(weights * 3 / 4 - gathered)
    assert needed["fsdp2"] == needed["zero3"]
    assert needed["ddp"].peak > 4 * weights  # weights, gradients, two moments
    four = memory.training_memory(study(lora={"load_in_4bit": True}), "lora")
    assert four.peak < memory.training_memory(study(), "lora").peak - parameters(LLAMA_7B)


def test_the_rollouts_cache_is_that_of_a_whole_generation_batch() -> None:
    """TRL without vLLM makes it in one call; vLLM takes its share, and gives it back where it sleeps."""
    training = {**models()["grpo"]["training"], "use_vllm": False, "steps_per_generation": 64}
    plain = memory.training_memory(study(grpo={"training": training}), "grpo")
    assert plain.cache == 8 * 64 * (200 + 1000) * 2 * 32 * 32 * 128 * 2 and plain.engine == 0
    assert plain.peak == plain.weights + plain.optimizer + plain.cache
    training |= {"use_vllm": True, "vllm_gpu_memory_utilization": 0.25}
    by_vllm = memory.training_memory(study(grpo={"training": training}), "grpo")
    assert by_vllm.cache == 0 and by_vllm.engine == 0.25 * 80e9
    training["vllm_enable_sleep_mode"] = True
    asleep = memory.training_memory(study(grpo={"training": training}), "grpo")
    assert asleep.peak < by_vllm.peak and asleep.parts == by_vllm.parts
    shared = {"whole": memory.training_memory(study(), "whole"), "plain": plain}
    assert shared["plain"].weights < shared["whole"].weights  # two bytes, and adapters


def test_what_does_not_fit_names_the_key_to_change() -> None:
    def said(name: str, **options: Any) -> str:
        return {work.name: work for work in trainings(study(**{name: options}))}[name].note

    training = models()["grpo"]["training"]
    assert not said("grpo")
    assert re.search(r"do not fit the GPU of 80: set training.use_vllm, or batch_tokens$",
                     said("grpo", training={**training, "use_vllm": False, "steps_per_generation": 512}))  # fmt: skip
    assert said("grpo", training={**training, "vllm_gpu_memory_utilization": 0.8}).endswith(
        "lower training.vllm_gpu_memory_utilization"
    )
    assert said("grpo", training={**training, "per_device_train_batch_size": 64}).endswith(
        "lower training.per_device_train_batch_size, and raise training.gradient_accumulation_steps as much"
    )
    assert said("whole").endswith("set launch.strategy to fsdp2 or zero3, or lora")
    slam = {**models()["slam"]["training"], "per_device_train_batch_size": 32}
    assert "set training.gradient_checkpointing, or" in said("slam", training=slam)
    small = {**models()["slam"]["resources"], "mem_mb": 8000, "runtime": 1}
    assert re.search(r"^raise resources.mem_mb to \d+; raise resources.runtime to \d+", said("slam", resources=small))


def test_adapters_that_peft_refuses_are_one_line_with_the_model() -> None:
    lora = {"r": 8, "target_modules": ["q_prok"]}
    with pytest.raises(ValueError, match=r"^models\.lora\.lora: Target modules .*q_prok.* not found"):
        memory.training_memory(study(lora={"lora": lora}), "lora")


def test_a_smaller_gpu_holds_less() -> None:
    small = {**models()["slam"]["resources"], "gpu_mem_mb": 16000}
    works = {work.name: work for work in trainings(study(lora={"resources": small}))}
    assert "do not fit the GPU of 16" in works["lora"].note and not works["slam"].note


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_counted_activations_are_those_of_a_real_pass(kind: str) -> None:
    """What a real model of 6 layers holds for its backward pass, by autograd's own hooks, on the CPU; the peak is more
    by what the backward pass allocates itself. Layers beyond the fourth are extrapolated."""
    shape = {"model_type": kind, "vocab_size": 99, "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 6}
    shape |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "tie_word_embeddings": False}
    config = AutoConfig.for_model(**shape)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").train()
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    held: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in weights:
            held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        states = model.base_model(input_ids=torch.ones(3, 128, dtype=torch.long), use_cache=False).last_hidden_state
    assert states.shape == (3, 128, 64)
    counted = live.activation_bytes(shape, live.Batch(3, 128, "all", 4, False, False))
    assert sum(held.values()) < counted < 1.25 * sum(held.values())
    assert live.activation_bytes(shape, live.Batch(6, 128, "all", 4, False, False)) == pytest.approx(
        2 * counted, rel=0.05
    )


def test_checkpoints_hold_a_layers_input_each() -> None:
    """And one layer in full; adapters hold no copies of the weights."""
    batch = live.Batch(8, 512, "lora", 2, True, True, json.dumps({"r": 8, "target_modules": "all-linear"}))
    spared, whole = (live.activation_bytes(LLAMA_7B, batch._replace(checkpoints=on)) for on in (True, False))
    tokens = 8 * 512
    inputs = 2 * tokens * 4096 * 32
    assert inputs < spared < 2.5 * inputs and whole > 5 * spared


def test_trls_output_layer_makes_logits_in_tiles() -> None:
    from trl.kernels.chunked_logprob import TOKEN_CHUNK_SIZE
    from trl.trainer.utils import _CHUNKED_LOGPROB_CHUNK_SIZE

    assert memory.TILE == TOKEN_CHUNK_SIZE * _CHUNKED_LOGPROB_CHUNK_SIZE * 2
    # Ours makes them whole: at least logits and log-softmax in float32, in bfloat16 as well under autocast.
    assert 8 < live.head_bytes(1000, 64, 5000, False, True) / (1000 * 5000) < 20


def test_disk_at_its_peak() -> None:
    """All that stays, what is fetched, and the checkpoints of trainings that may run at once: all but the merge."""
    works = list(trainings(study()))
    depths = {work.name: work.depth for work in works}
    assert depths == {"whole": 0, "lora": 0, "slam": 0, "mapping": 0, "merge": 1, "grpo": 0}
    side = sum(3 * work.scratch for work in works if work.depth == 0)
    stays = sum(3 * work.disk for work in works)
    assert peak_disk(study(), works) == pytest.approx(fetched(study()) + stays + side)
    whole = next(work for work in works if work.name == "whole")
    assert whole.scratch == 3 * 4 * 3 * parameters(LLAMA_7B)  # three, of weights and two moments


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
    works = {work.name: work for work in trainings(study())}
    assert set(works) == {"whole", "lora", "slam", "mapping", "merge", "grpo"}
    assert "do not fit the GPU of 80" in works["whole"].note and not works["slam"].note and not works["lora"].note
    assert all(work.times == 3 and work.gpus == 4 and work.hours > 0 for work in works.values())
    assert fetched(study()) == pytest.approx(2 * 6.74e9 + 4 * 3.74e9)
    text = plan.report(study(), list(works.values()), "everything", 17)
    hours = sum(work.hours * 12 for work in works.values())
    assert (
        f"GPU hours {hours:.1f}" in text
        and "17 of all kinds left to run now" in text
        and "All figures are estimates" in text
    )
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
    monkeypatch.setattr(
        plan, "dry_run", lambda *call: "Job stats:\nscore  8\ntotal  9\n"
    )  # a dry run; tests/workflow has enough of them
    assert plan.main([str(ROOT / "config" / f"{name}.yaml"), "--target", "everything"]) == 0
    lines = capsys.readouterr().out.splitlines()
    config = yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
    used = {model for evaluation in config["evaluations"] for model in evaluation["models"]}
    used |= {options.get(key) for options in config["models"].values() for key in ("from", "encoder")}
    trained = [model for model in config["models"] if model in used]
    assert sum("| train_" in line or "| pretrain" in line for line in lines) == len(trained)
    assert "GPU hours 0.0" in "\n".join(lines) and any(line.startswith("jobs      9 of all kinds") for line in lines)


def test_a_plan_is_of_a_target(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its table, its sums and its jobs are of the same target; a line says what each other one takes."""
    asked = []
    monkeypatch.setattr(plan, "dry_run", lambda configs, targets: asked.append(targets) or "Nothing to be done")
    config = str(ROOT / "config" / "smoke.yaml")
    assert plan.main([config]) == plan.main([config, "--target", "slam"]) == 0
    default, slam = capsys.readouterr().out.split("The target slam")
    assert asked == [["all"], ["slam"]]
    assert "| train_grpo | adamame |" in default.split("The target all")[0] and "jobs      0 of" in default
    table = default.split("All figures are estimates")[1]
    assert "| train_slam | slam |" in table and "| adamame |" not in table and "| slam-layer-0 |" not in table
    sums = {line.split()[0]: int(line.split()[1]) for line in slam.split("CPU hours\n")[1].splitlines()[:-1]}
    assert sums["slam"] < sums["everything"] and sums["all"] < sums["everything"]
    assert plan.main([config, "--target", "slma"]) == 1
    assert capsys.readouterr().err.strip() == "plan: --target: the study has no target 'slma'; did you mean 'slam'?"


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
def test_every_job_fits_what_it_asks_for_and_is_documented(config: Path) -> None:
    study = plan.read_study([str(config)])
    works = [*trainings(study), *answerings(study)]
    assert {work.name: work.note for work in works if work.note} == {}
    documented = (ROOT / "docs" / "resources.md").read_text(encoding="utf-8")
    text = "\n".join(plan.section(study, works))
    assert f"### {config.relative_to(ROOT)}\n\n{text}\n" in documented
    rows = plan.joined(works)  # models with the same figures share a row
    assert len(rows) < len(works) and plan.gpu_hours(rows) == pytest.approx(plan.gpu_hours(works))
    assert sum(row.name.count(", ") + 1 for row in rows) == len(works)


def test_weights_that_are_kept_take_disk() -> None:
    """Adapters where there are any, else all weights."""
    one = {"lora": trained_parameters(graph(), "lora") * 4, "whole": estimate.saved_bytes(study(), "whole")}
    for name, bytes_of_one in one.items():
        kept = study(**{name: {"checkpoint_steps": [10, 20, 30]}})
        without = estimate.saved_bytes(study(), name)
        assert estimate.saved_bytes(kept, name) == pytest.approx(without + 3 * bytes_of_one)
