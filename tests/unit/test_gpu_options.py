"""Options for GPUs: what can be tried without one, and one line where a package is missing."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from mini import mini
from tiny_jobs import job_of, write_llama
from transformers import AutoModelForCausalLM

from vernacular.corpus.miniature import question_rows
from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.evaluation import engines
from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.resume import all_rows
from vernacular.models.finetune import finetune
from vernacular.models.folders import computes_bfloat16, load_model, torch_dtype
from vernacular.models.job import Job
from vernacular.models.packing import encode_examples
from vernacular.models.parents import trained_dtype
from vernacular.study.trainer_options import known_options

BENCHMARKS = {"mini-mgsm": mini(train=30, test=3)}
PART = {
    "task": "translation",
    "benchmarks": {"mini-mgsm": [0.0, 1.0]},
    "languages": ["fr", "sw"],
    "translated": ["questions"],
}
ROWS = list(training_rows(TrainingDataOptions([PART], 1, BENCHMARKS)))
QUESTIONS = list(question_rows(BENCHMARKS, ["en", "fr"], "test", 1))


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("gpu") / "parent", ROWS, 600)


def trained(parent: Path, folder: Path, more: dict[str, Any], training: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The weights after two steps of fine-tuning."""
    torch.manual_seed(1)
    options = {"max_steps": 2, "per_device_train_batch_size": 2, "learning_rate": 1e-2, "logging_steps": 1, **training}
    recipe = {
        "recipe": "finetune",
        "threads": 1,
        "length": 256,
        "overlong": "truncate",
        "compile": False,
        "training": options,
        **more,
    }
    job = job_of(recipe, folder, parent=parent)
    finetune(job, ROWS)
    return AutoModelForCausalLM.from_pretrained(job.out).state_dict()


LORA = {"lora": {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"}}


@pytest.mark.parametrize("more", [{}, LORA], ids=["all weights", "adapters"])
def test_checkpointed_activations_change_no_weight(parent: Path, tmp_path: Path, more: dict[str, Any]) -> None:
    plain = trained(parent, tmp_path / "plain", more, {})
    spared = trained(parent, tmp_path / "spared", more, {"gradient_checkpointing": True})
    start = AutoModelForCausalLM.from_pretrained(parent).state_dict()
    assert not torch.equal(plain["model.layers.0.mlp.up_proj.weight"], start["model.layers.0.mlp.up_proj.weight"])
    for name in plain:
        torch.testing.assert_close(spared[name], plain[name], atol=1e-6, rtol=1e-5)


def test_bfloat16_changes_little(parent: Path, tmp_path: Path) -> None:
    plain = trained(parent, tmp_path / "plain", {}, {"learning_rate": 1e-3, "optim": "sgd"})
    rounded = trained(parent, tmp_path / "rounded", {}, {"learning_rate": 1e-3, "optim": "sgd", "bf16": True})
    # A CPU that could only emulate it trains in float32 instead.
    assert any(not torch.equal(rounded[name], plain[name]) for name in plain) == computes_bfloat16()
    for name in plain:
        assert rounded[name].dtype == torch.float32
        torch.testing.assert_close(rounded[name], plain[name], atol=1e-3, rtol=1e-2)


def test_no_cpu_chooses_another_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers must not depend on the processor: `auto` is float32 also where it computes in bfloat16."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True, "avx512_bf16": True})
    assert computes_bfloat16() and torch_dtype("auto") == torch.float32
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert torch_dtype("auto") == torch.bfloat16
    assert torch_dtype(trained_dtype({"recipe": "grpo"})) == torch.float32
    assert torch_dtype(trained_dtype({"recipe": "grpo", "lora": {"r": 8}})) == torch.bfloat16


@pytest.mark.parametrize("overlong", ["truncate", "drop"])
def test_rows_that_are_too_long_are_counted(parent: Path, tmp_path: Path, capsys: Any, overlong: str) -> None:
    """They end no training; log, manifest and so the card say how many there were."""
    tokenizer = load_model(parent, "float32")[1]
    sizes = [len(ids) for ids, _ in encode_examples(tokenizer, ROWS)]
    length = sorted(sizes)[-3] - 1
    long = sum(size > length for size in sizes)
    trained(parent, tmp_path, {"overlong": overlong, "length": length}, {})
    what = f"{long} were cut, 0 left out" if overlong == "truncate" else f"0 were cut, {long} left out"
    sentence = f"Of {len(ROWS)} rows {long} were longer than {length} tokens: {what}."
    assert json.loads((tmp_path / "tuned/manifest.json").read_text())["notes"] == [sentence]
    assert f"tuned: {sentence}\n" in capsys.readouterr().out and long >= 3


def test_no_row_that_fits_is_one_line(parent: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=f"tuned: each of the {len(ROWS)} rows is longer than 16 tokens"):
        trained(parent, tmp_path, {"overlong": "drop", "length": 16}, {})


def test_four_bits_without_their_package_are_one_line(parent: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("vernacular.models.parents.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"load_in_4bit needs the package bitsandbytes.*pip install '.\[gpu\]'"):
        trained(parent, tmp_path, {**LORA, "load_in_4bit": True}, {})


def test_adapters_of_four_bits_are_merged_into_the_parent_as_it_was(parent: Path, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes", reason="bitsandbytes is in the extra gpu")
    start = AutoModelForCausalLM.from_pretrained(parent).state_dict()
    after = trained(parent, tmp_path, {**LORA, "load_in_4bit": True}, {})
    assert set(after) == set(start)
    for name, weight in start.items():
        moved = after[name] - weight
        adapted = "_proj" in name
        assert bool(moved.any()) == adapted, name
        if adapted:  # by the product of two matrices of rank 4, and by no rounding
            assert torch.linalg.matrix_rank(moved, rtol=1e-3) <= 4, name


def test_rollouts_by_vllm_without_it_are_one_line(parent: Path, tmp_path: Path, monkeypatch: Any) -> None:
    from vernacular.adamame import grpo

    monkeypatch.setattr(grpo, "find_spec", lambda name: None)
    recipe = {"prompts": 1, "alignment": {}, "identifier": {}, "training": {"use_vllm": True}}
    job = Job(recipe, "c", 1, {"parent": parent, "data": tmp_path}, tmp_path, tmp_path, tmp_path, {}, "key", 2)
    with pytest.raises(ValueError, match=r"training.use_vllm needs the package vllm.*pip install '.\[gpu\]'"):
        grpo.train_grpo(job, [{}])


def test_options_of_the_trainers_are_known() -> None:
    shared = {"bf16", "gradient_checkpointing", "tf32", "optim"}
    assert shared <= known_options("sft") & known_options("finetune") & known_options("slam")
    vllm = {
        "use_vllm",
        "vllm_mode",
        "vllm_gpu_memory_utilization",
        "vllm_max_model_length",
        "vllm_tensor_parallel_size",
    }
    assert shared | vllm <= known_options("grpo")


OPTIONS = GenerationOptions(["en", "fr"], max_new_tokens=12, batch_tokens=150, dtype="float32")


def test_transformers_answers_where_there_is_no_vllm(
    parent: Path, capsys: pytest.CaptureFixture, monkeypatch: Any
) -> None:
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    plain = list(all_rows(engines.folder_answers(parent, QUESTIONS, OPTIONS, 1)))
    assert "Transformers" not in capsys.readouterr().err
    again = engines.folder_answers(parent, QUESTIONS, replace(OPTIONS, engine="vllm"), 1)
    assert list(all_rows(again)) == plain
    assert "vllm is not installed, so Transformers answers instead" in capsys.readouterr().err


class LLM:
    """vLLM's documented class, as far as it is used: greedy completions by Transformers, one request after another."""

    def __init__(self, model: str, dtype: str, seed: int, max_model_len: int, trust_remote_code: bool) -> None:
        assert dtype == "float32" and max_model_len == 512 and not trust_remote_code
        self.model, self.tokenizer = load_model(model, dtype)

    def generate(self, prompts: list[dict[str, list[int]]], sampling_params: list[Any]) -> list[Any]:
        found = []
        for prompt, options in zip(prompts, sampling_params, strict=True):
            assert options.temperature == 0 and 0 <= options.seed < 2**63 and options.skip_special_tokens
            ids = torch.tensor([prompt["prompt_token_ids"]])
            new = self.model.generate(
                ids, max_new_tokens=options.max_tokens, do_sample=False, eos_token_id=options.stop_token_ids
            )
            tokens = new[0, ids.shape[1] :].tolist()
            reason = "stop" if tokens[-1] in options.stop_token_ids else "length"
            found.append(SimpleNamespace(outputs=[SimpleNamespace(token_ids=tokens, finish_reason=reason)]))
        return found


@pytest.mark.parametrize("decoding", ["plain", "forced-prefix"])
@pytest.mark.parametrize("marks", [True, False])
def test_vllm_is_asked_for_what_transformers_is(
    parent: Path, tmp_path: Path, monkeypatch: Any, decoding: str, marks: bool
) -> None:
    """By a stand-in with the documented interface; vLLM itself has not been run. marks: whether the template has tags
    round the thinking; without them every completion is a trace, which MetaMath's answers rely on."""
    if not marks:
        parent = shutil.copytree(parent, tmp_path / "plain")
        template = parent / "chat_template.jinja"
        template.write_text(template.read_text().replace("<think>", ""))
    stand_in: Any = ModuleType("vllm")
    stand_in.LLM, stand_in.SamplingParams = LLM, lambda **options: SimpleNamespace(**options)
    monkeypatch.setitem(sys.modules, "vllm", stand_in)
    options = replace(OPTIONS, decoding=decoding)
    long = {**QUESTIONS[0], "id": "long", "question": "12 " * 400}
    wanted = list(all_rows(engines.folder_answers(parent, [*QUESTIONS, long], options, 1)))
    assert list(all_rows(engines.vllm_answers(parent, [*QUESTIONS, long], options, 1))) == wanted
    assert {row["finish_reason"] for row in wanted} >= {"prompt_too_long", "length"}
    assert marks or all(row["trace"] == row["completion"].strip() for row in wanted)
