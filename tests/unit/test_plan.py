"""What a study will take: counts on the meta device against published ones, and the arithmetic of a plan by hand."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from planned import LLAMA_7B, graph, models, study
from transformers import LlamaConfig, LlamaForCausalLM

from vernacular.planning import estimate, plan
from vernacular.planning.sizes import load_sizes, meta_model, parameters, shape_of, trained_parameters
from vernacular.planning.work import answerings, fetched, peak_disk, trainings
from vernacular.study.graph import Model, build_graph

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("repo", load_sizes()["models"])
def test_shapes_have_the_published_parameters(repo: str) -> None:
    entry = load_sizes()["models"][repo]
    counted, shape = parameters(entry["shape"]), entry["shape"]
    if shape["model_type"] == "mt5":  # the repository holds the output layer, which Transformers ties to the input's
        counted += shape["vocab_size"] * shape["d_model"]
    assert counted / 1e9 == pytest.approx(entry["parameters"], rel=0.01)
    assert all(parameter.device.type == "meta" for parameter in meta_model(entry["shape"]).parameters())


def one_model(**options: Any) -> Model:
    return build_graph({"one": options})["one"]


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


def test_a_smaller_gpu_holds_less() -> None:
    small = {**models()["slam"]["resources"], "gpu_mem_mb": 16000}
    works = {work.name: work for work in trainings(study(lora={"resources": small}))}
    assert "do not fit the GPU of 16" in works["lora"].note and not works["slam"].note


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
