"""Several processes through `accelerate launch` (CPU, gloo) do what one does, and end whole when they are told to."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from studies import ROOT
from tokenizers import Tokenizer
from tokenizers import models as tokenizer_models
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from vernacular.language.prompts import CHAT_TEMPLATE
from vernacular.storage.records import PROMPT, TRAINING, write_rows

pytestmark = pytest.mark.slow
# So few tokens that a model with random weights says them all, and now and then a right answer in the right language.
WORDS = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", "<unk>", "2", "3", "</think>", "\\boxed{5}", "\\boxed{6}"]
PHRASES = ["Nous avons cinq pommes et trois poires.", "Wir haben fünf Äpfel und drei Birnen."]
GROUP, STEPS = 4, 4
GRPO = {
    "recipe": "grpo",
    "threads": 1,
    "prompts": 8,
    "prompt_tokens": None,
    "alignment": {"schedule": "feedback", "form": "multiplicative", "diversity": "cosine", "match": "whole"}
    | {"bonus": 2.0, "floor": 0.1},
    "lora": {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"},
}  # fmt: skip
TRAINING_OPTIONS = {"max_steps": STEPS, "learning_rate": 0.02, "save_steps": STEPS, "lr_scheduler_type": "constant"}
TWO = {"processes": 2, "strategy": "ddp"}


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a dozen tokens with random weights, prompts for GRPO and rows for fine-tuning."""
    folder = tmp_path_factory.mktemp("launch")
    whole = Tokenizer(tokenizer_models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="<unk>"))
    whole.pre_tokenizer = WhitespaceSplit()
    whole.add_tokens([*WORDS[5:], *PHRASES])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=whole, pad_token=WORDS[0], eos_token=WORDS[1], unk_token="<unk>", chat_template=CHAT_TEMPLATE
    )
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=256, pad_token_id=0, eos_token_id=1, bos_token_id=None, initializer_range=0.2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder / "parent")
    tokenizer.save_pretrained(folder / "parent")
    questions = [" ".join(f"{number:03b}".replace("0", "2").replace("1", "3")) for number in range(8)]
    rows = [
        {"id": f"q{i}", "language": ("fr", "de")[i % 2], "question": text, "answer": "5", "correct": 1}
        for i, text in enumerate(questions)
    ]
    write_rows(folder / "prompts.parquet", rows, PROMPT)
    examples = [
        {"id": row["id"], "language": row["language"], "task": "reasoning", "prompt": row["question"],
         "completion": f"{PHRASES[i % 2]} </think> \\boxed{{5}}", "question": row["question"]}
        for i, row in enumerate(rows)
    ]  # fmt: skip
    write_rows(folder / "rows.parquet", examples, TRAINING)
    return folder


def command(script: Path, recipe: dict[str, Any], parent: Path, data: str, out: Path) -> list[str]:
    identifier = {"languages": ["en", "fr", "de"], "model": None, "certainty": 0.5, "min_letters": 5}
    recipe = {**recipe, **({"identifier": identifier} if recipe["recipe"] == "grpo" else {})}
    return [
        # Two processes add gradients in another order. Where a draw lies within a rounding of the border between two
        # tokens, as one does with seed 1, the completions part there.
        *(sys.executable, str(script), "--recipe", json.dumps(recipe), "--code", "test", "--seed", "2"),
        *("--input", f"parent={parent / 'parent'}", f"data={parent / data}"),
        *("--checkpoints", str(out / "checkpoints"), "--out", str(out / "model"), "--costs", str(out / "costs.csv")),
    ]  # fmt: skip


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", **more}


def records(folder: Path) -> dict[int, list[dict[str, Any]]]:
    """Step -> what each process's reward saw, in the order of their ranks."""
    found: dict[int, list[dict[str, Any]]] = {}
    for path in sorted(folder.iterdir()):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            found.setdefault(row["step"], []).append(row)
    return found


def joined(rows: list[dict[str, Any]], key: str) -> list[Any]:
    return [value for row in rows for value in row[key]]


def interrupted(again: list[str], folder: Path) -> None:
    """Run a training of two processes, which SIGTERM ends in the middle, and run it again to its end."""
    run = environment(RECORD=str(folder / "record"))
    log = folder / "log"
    with log.open("w") as file:
        process = subprocess.Popen(again, env=run, stdout=file, stderr=file)
        deadline = time.monotonic() + 600
        while not (folder / "record" / "0").exists():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        assert process.wait(600) != 0
    assert "ended by SIGTERM after step" in log.read_text() and not (folder / "model").exists()
    [checkpoint] = (folder / "checkpoints").glob("*/checkpoint-*")
    assert (checkpoint / "whole").exists() and {"rng_state_0.pth", "rng_state_1.pth"} <= set(os.listdir(checkpoint))
    done = subprocess.run(again, env=run, check=True, capture_output=True, text=True)
    assert done.stdout.count("resumed at step") == 1
    assert not list((folder / "checkpoints").iterdir())


def test_grpo_of_two_processes_is_that_of_one(parent: Path, tmp_path: Path) -> None:
    """The same completions, rewards, groups and nearly the same weights, though SIGTERM ends both in the middle."""
    script = Path(__file__).with_name("recorded_grpo.py")
    options = {**TRAINING_OPTIONS, "num_generations": GROUP, "max_completion_length": 8, "temperature": 1.0}
    options |= {"loss_type": "dr_grpo", "beta": 0.0, "bf16": False}
    one = {**GRPO, "training": {**options, "per_device_train_batch_size": 16}}
    two = {**GRPO, "training": {**options, "per_device_train_batch_size": 8}, "launch": TWO}
    for name in ("one", "two"):
        (tmp_path / name / "record").mkdir(parents=True)
    run = environment(RECORD=str(tmp_path / "one" / "record"))
    subprocess.run(command(script, one, parent, "prompts.parquet", tmp_path / "one"), env=run, check=True)

    interrupted(command(script, two, parent, "prompts.parquet", tmp_path / "two"), tmp_path / "two")

    alone, shared = records(tmp_path / "one" / "record"), records(tmp_path / "two" / "record")
    assert set(alone) == set(shared) == set(range(STEPS))
    for step in alone:
        assert len(alone[step]) == 1 and len(shared[step]) == 2
        for key in ("texts", "languages", "answers", "rewards"):
            assert joined(shared[step], key) == joined(alone[step], key), (step, key)
        for row in shared[step]:
            assert len(row["languages"]) == 2 * GROUP
            groups = [row["languages"][i : i + GROUP] for i in range(0, len(row["languages"]), GROUP)]
            assert all(len(set(group)) == 1 for group in groups)
    rewards = [reward for rows in alone.values() for reward in joined(rows, "rewards")]
    assert len(set(rewards)) > 2 and 0.0 in rewards  # wrong, right, right and in the query's language

    start, weights = (
        load_file(folder / "model.safetensors") for folder in (parent / "parent", tmp_path / "one" / "model")
    )
    others = load_file(tmp_path / "two" / "model" / "model.safetensors")
    moved = sum(float((weights[name] - start[name]).norm()) for name in weights)
    apart = sum(float((weights[name] - others[name]).norm()) for name in weights)
    assert moved > 0.1 and apart < 0.01 * moved
    histories = [list(csv.DictReader((tmp_path / name / "model" / "history.csv").open())) for name in ("one", "two")]
    for key in ("accuracy", "match_rate", "alignment_strength"):
        assert [float(row[key]) for row in histories[0]] == pytest.approx([float(row[key]) for row in histories[1]]), (
            key
        )
    costs = [next(csv.DictReader((tmp_path / name / "costs.csv").open())) for name in ("one", "two")]
    assert costs[0]["tokens"] == costs[1]["tokens"] and costs[0]["optimizer_bytes"] == costs[1]["optimizer_bytes"]


def test_finetune_of_two_processes(parent: Path, tmp_path: Path) -> None:
    """The loss that never calls the model as a whole still shares gradients; a second start finds the work done."""
    script = ROOT / "workflow" / "scripts" / "train_finetune.py"
    shared = {"recipe": "finetune", "threads": 1, "length": 16, "overlong": "truncate", "compile": False}
    options = {**TRAINING_OPTIONS, "max_steps": 2, "save_steps": 2, "logging_steps": 1, "optim": "sgd"}
    one = {**shared, "training": {**options, "per_device_train_batch_size": 8}}
    two = {**shared, "training": {**options, "per_device_train_batch_size": 4}, "launch": TWO}
    for name, recipe in (("one", one), ("two", two)):
        out, into = os.pipe()  # the rules give the workflow's own output under another number than 2
        call = [*command(script, recipe, parent, "rows.parquet", tmp_path / name), "--progress", str(into)]
        subprocess.run(call, env=environment(), check=True, pass_fds=[into])
        os.close(into)
        with os.fdopen(out) as lines:
            assert [line.strip().split(",")[0] for line in lines] == ["model: step 1 of 2", "model: step 2 of 2"]
    start, weights, others = (
        load_file(path / "model.safetensors")
        for path in (parent / "parent", tmp_path / "one/model", tmp_path / "two/model")
    )
    assert sum(float((weights[name] - start[name]).norm()) for name in weights) > 1e-3
    for name in weights:  # each row holds as many labels as the other, so a mean of means is the mean
        torch.testing.assert_close(others[name], weights[name], atol=1e-6, rtol=1e-4)
    again = command(script, two, parent, "rows.parquet", tmp_path / "two")
    done = subprocess.run(again, env=environment(), check=True, capture_output=True, text=True)
    assert done.stdout.count("already finished") == 1


SHARDS = {
    "fsdp2": "optimizer_0/*.distcp",
    "zero2": "global_step2/*optim_states.pt",
    "zero3": "global_step2/*optim_states.pt",
}


@pytest.mark.parametrize("how", SHARDS)
def test_shards_are_saved_resumed_and_gathered(parent: Path, tmp_path: Path, how: str) -> None:
    """By gloo on CPUs: stopped after two steps and resumed, shards end with the weights of whole copies."""
    if how.startswith("zero"):
        pytest.importorskip("deepspeed", reason="DeepSpeed is in the extra gpu")
    whole, shards = ROOT / "workflow" / "scripts" / "train_finetune.py", Path(__file__).with_name("sharded_finetune.py")
    options = {**TRAINING_OPTIONS, "logging_steps": 1, "per_device_train_batch_size": 4}
    recipe = {
        "recipe": "finetune",
        "threads": 1,
        "length": 16,
        "overlong": "truncate",
        "compile": False,
        "training": options,
    }
    calls = {
        name: command(script, {**recipe, "launch": {**TWO, "strategy": name}}, parent, "rows.parquet", tmp_path / name)
        for name, script in (("ddp", whole), (how, shards))
    }
    subprocess.run(calls["ddp"], env=environment(), check=True)
    run = environment(DS_ACCELERATOR="cpu")
    stopped = subprocess.run(calls[how], env={**run, "STOP": "2"}, capture_output=True, text=True)
    assert stopped.returncode != 0 and stopped.stderr.count("ended by SIGTERM after step 2 of 4") == 2, stopped.stderr
    [checkpoint] = (tmp_path / how / "checkpoints").glob("*/checkpoint-2")
    assert (checkpoint / "whole").exists() and len(list(checkpoint.glob(SHARDS[how]))) == 2
    done = subprocess.run(calls[how], env=run, check=True, capture_output=True, text=True)
    assert done.stdout.count("resumed at step 2") == 1
    weights, gathered = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("ddp", how))
    assert set(weights) == set(gathered)
    for name in weights:
        torch.testing.assert_close(gathered[name], weights[name], atol=1e-4, rtol=1e-3)
    costs = {name: next(csv.DictReader((tmp_path / name / "costs.csv").open())) for name in calls}
    assert int(costs[how]["optimizer_bytes"]) < 0.6 * int(costs["ddp"]["optimizer_bytes"])
    assert costs[how]["total_parameters"] == costs["ddp"]["total_parameters"]
