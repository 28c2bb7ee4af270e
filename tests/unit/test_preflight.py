"""The preflight: what the papers' options become in the libraries' own arguments, and what it says of a study that
would fail."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml
from studies import ROOT
from tiny_papers import HIDDEN, PAPERS, SIZES, paper

from vernacular.models.launch import launch_command
from vernacular.planning import preflight
from vernacular.planning.rehearsal import one_step, training_job
from vernacular.study.compile import Study, compile_study


def compiled(config: dict[str, Any]) -> Study:
    return compile_study(config, "paper.yaml", ROOT / "config" / "claims.yaml")


@pytest.mark.parametrize("name", PAPERS)
def test_options_arrive_in_the_trainers_arguments(name: str, tmp_path: Path) -> None:
    """All of a recipe's `training`, those that tiny models hide as well, as the library's own class holds them."""
    study = compiled(paper(name))
    for model, about in study.models.items():
        if about.trained:
            arguments = preflight.trainer_arguments(training_job(study, model, tmp_path))
            for key, value in about.options["training"].items():
                held = getattr(arguments, key)
                held = getattr(held, "value", held)  # of an enumeration
                if key == "bf16":  # a CPU without such arithmetic trains in float32
                    continue
                assert held == value, (model, key)


def test_rollouts_by_vllm_are_as_the_authors(tmp_path: Path) -> None:
    """What TRL takes for its engine and its loss, of each GRPO model of the papers' configurations."""
    from trl.generation.vllm_generation import VLLMGeneration

    engine = inspect.signature(VLLMGeneration.__init__).parameters
    for name in ("adamame-distill-1.5b", "adamame-qwen3-4b"):
        study = compiled(paper(name))
        for model in ("grpo", "adamame", "adamame-diversity"):
            arguments = preflight.trainer_arguments(training_job(study, model, tmp_path))
            assert arguments.use_vllm and arguments.vllm_mode == "colocate"
            # TRL's default drops whole sequences; verl's loss has neither that nor a ratio on KL.
            default = type(arguments).__dataclass_fields__["vllm_importance_sampling_mode"].default
            assert default == "sequence_mask" and type(arguments).__dataclass_fields__["use_bias_correction_kl"].default
            assert not arguments.vllm_importance_sampling_correction and not arguments.use_bias_correction_kl
            # A generation batch is two steps, so that TRL computes the trainer's own old probabilities, as verl does.
            assert arguments.steps_per_generation == 2 * arguments.gradient_accumulation_steps
            assert arguments.generation_batch_size == 512 * arguments.num_generations
            prompt = study.models[model].options["prompt_tokens"]
            assert arguments.vllm_max_model_length == prompt + arguments.max_completion_length
            assert (arguments.loss_type, arguments.beta) == ("dr_grpo", 0.001)
            set_here = {key.removeprefix("vllm_") for key in study.models[model].options["training"] if "vllm_" in key}
            loss = {"importance_sampling_correction"}
            assert {option.replace("enable_sleep_mode", "enable_sleep_mode") for option in set_here - loss} <= set(
                engine
            )


@pytest.mark.parametrize("name", PAPERS)
def test_processes_are_what_accelerate_takes(name: str) -> None:
    """The strategy, which tiny models hide: accelerate's own parser reads the command of every recipe with `launch`."""
    from accelerate.commands.launch import launch_command_parser

    for about in compiled(paper(name)).models.values():
        if about.options.get("launch"):
            command = launch_command({"threads": 1, **about.options}, ["train.py", "--seed", "1"])
            place = command.index("accelerate.commands.launch") + 1
            parsed = launch_command_parser().parse_args(command[place:])
            assert parsed.num_processes == about.options["launch"]["processes"]
            kind = about.options["launch"]["strategy"]
            flags = (parsed.multi_gpu, parsed.use_fsdp, parsed.use_deepspeed and parsed.zero_stage)
            expected = {"ddp": (True, False, False), "fsdp2": (False, True, False)}
            assert flags == expected.get(kind, (False, False, int(kind[-1]) if kind[-1].isdigit() else 0))


def test_what_tiny_models_hide_is_what_only_gpus_have() -> None:
    hidden = {key for name in PAPERS for model in paper(name)["models"].values() for key in model.get("training", {})}
    assert "use_vllm" in hidden & HIDDEN and not {key for key in hidden if "vllm_" in key} & (SIZES | HIDDEN)


def test_a_paper_study_without_a_gpu(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert preflight.main([str(ROOT / "config/paper/adamame-distill-1.5b.yaml")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 14 and all(": ok, " in line and " GB (weights " in line for line in lines)
    [grpo] = [line for line in lines if line.startswith("train_grpo grpo:")]
    assert "activations " in grpo and "engine 56.0" in grpo


WRONG = {
    "a longer context": (
        {"models": {"grpo": {"training": {"vllm_max_model_length": 4096}}}},
        "train_grpo grpo: wrong: prompt and completion take 4,608 tokens: raise training.vllm_max_model_length to that",
    ),
    "no room for an answer": (
        {"evaluations": [{"benchmarks": ["mgsm-rev2"], "models": ["lrm"], "languages": ["en"], "target": "adamame",
                          "max_new_tokens": 131072, "batch_tokens": 131272, "samples": 1, "resources": {"gpu": 1}}]},
        "wrong: question and answer take 131,272 tokens, the context has 131,072: lower max_new_tokens",
    ),
    "a rollout in one call": (
        {"models": {"grpo": {"training": {"use_vllm": False}}}},
        "GB do not fit the GPU of 80: set training.use_vllm, or batch_tokens",
    ),
    "a value that TRL refuses": (
        {"models": {"grpo": {"training": {"vllm_importance_sampling_clip_min": 5.0}}}},
        "train_grpo grpo: wrong: vllm_importance_sampling_clip_min (5.0) must be less than",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_would_fail_is_said(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    overlay, said = WRONG[name]
    (tmp_path / "overlay.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    whole = str(ROOT / "config/paper/adamame-distill-1.5b.yaml")
    status = preflight.main([whole, str(tmp_path / "overlay.yaml")])
    captured = capsys.readouterr()
    assert status == 1 and said in captured.out
    assert "would fail or do not fit; see above" in captured.err and len(captured.err.splitlines()) == 1


def test_a_template_that_drops_traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SFT would learn from nothing; a template without the question is wrong for all."""
    study = compiled(paper("adamame-distill-1.5b"))
    monkeypatch.setattr(preflight, "TEMPLATES", tmp_path)
    last = "{% for m in messages %}{{ m.content.split('</think>')[-1] }}{% endfor %}"
    (tmp_path / "deepseek-r1.jinja").write_text(last, encoding="utf-8")
    with pytest.raises(ValueError, match="deepseek-r1: drops the trace that SFT is to learn"):
        preflight.check_template(study, "sft")
    preflight.check_template(study, "grpo")
    (tmp_path / "deepseek-r1.jinja").write_text("Hello", encoding="utf-8")
    with pytest.raises(ValueError, match="the question is not in the prompt"):
        preflight.check_template(study, "grpo")


def test_a_step_is_short_but_as_wide(tmp_path: Path) -> None:
    study = compiled(paper("adamame-qwen3-4b"))
    whole = training_job(study, "grpo", tmp_path)
    short = one_step(whole).recipe["training"]
    assert short["max_steps"] == short["gradient_accumulation_steps"] == 1 and "steps_per_generation" not in short
    kept = {"per_device_train_batch_size", "max_completion_length", "num_generations", "loss_type", "use_vllm"}
    assert {key: short[key] for key in kept} == {key: whole.recipe["training"][key] for key in kept}
    assert whole.recipe["training"]["steps_per_generation"] == 512
