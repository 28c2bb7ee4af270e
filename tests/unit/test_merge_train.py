"""Training a merge: the two stages as jobs on tiny parents; what moves, what is kept, and what a kill leaves."""

import argparse
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mini import mini
from safetensors.torch import load_file
from transformers import TrainingArguments

from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.merge.model import MergedModel
from vernacular.merge.saved import CONFIG, CONNECTOR
from vernacular.merge.train import collate, dev_and_train, encode_rows, sample_rows, train_mapping, train_merge
from vernacular.models import loop
from vernacular.models.job import training_job
from vernacular.models.packing import IGNORED
from vernacular.models.pretrain import build_model, train_tokenizer
from vernacular.models.provenance import digest
from vernacular.models.translator import build_translator

BENCHMARKS = {"mini-mgsm": mini(train=8)}
LANGUAGES = ["en", "fr", "ja"]
T5 = {"model_type": "t5", "d_model": 12, "d_kv": 6, "d_ff": 24, "num_layers": 2, "num_heads": 2}
LLAMA = {
    "model_type": "llama", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "max_position_embeddings": 512, "initializer_range": 0.2,
}  # fmt: skip
STEPS = {"max_steps": 6, "per_device_train_batch_size": 4, "learning_rate": 1e-2, "logging_steps": 1, "save_steps": 2}
SIMPLEST = {"threads": 1, "anchor": 0, "mapping_width": 0, "overlong": "truncate"}
GATED = {"gate": "cross-attention", "language_embedding": 4}


def rows_of(task: str) -> list[dict[str, Any]]:
    part = {"task": task, "benchmarks": {"mini-mgsm": [0.0, 1.0]}, "languages": LANGUAGES, "english_trace_share": 1.0}
    return list(training_rows(TrainingDataOptions([{**part, "translated": ["questions"]}], 1, BENCHMARKS)))


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("parents")
    tokenizer = train_tokenizer((row["prompt"] + row["completion"] for row in rows_of("reasoning")), 500)
    torch.manual_seed(1)
    for name, model in (("encoder", build_translator(T5, tokenizer)), ("llm", build_model(LLAMA, tokenizer))):
        model.save_pretrained(root / name)
        tokenizer.save_pretrained(root / name)
    (root / "data").write_text("rows")
    return root


Train = Callable[..., Path]


@pytest.fixture
def train(parents: Path, tmp_path: Path) -> Train:
    """Run one training and give its folder; what it changes of the recipe are its keywords."""

    def run(
        name: str,
        rows: list[dict[str, Any]],
        parent: Path | None = None,
        steps: dict[str, Any] | None = None,
        **recipe: Any,
    ) -> Path:
        inputs = {"encoder": parents / "encoder", "llm": parents / "llm", "data": parents / "data"}
        if "gate" in recipe:
            inputs["parent"] = parent or parents / "llm"
        args = argparse.Namespace(
            recipe={**SIMPLEST, "training": {**STEPS, **(steps or {})}, **recipe},
            code="c", seed=1,
            input=list(inputs.items()), out=tmp_path / "models" / name,
            costs=tmp_path / f"{name}.csv", checkpoints=tmp_path / "checkpoints", progress=2, track=None,
        )  # fmt: skip
        with training_job(args) as job:
            assert job is not None
            (train_merge if "gate" in recipe else train_mapping)(job, rows)
        return args.out

    return run


def connector(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / CONNECTOR)


def history(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "history.csv").open()))


def test_the_mapping_learns_and_its_parents_stay(parents: Path, train: Train) -> None:
    before = {name: digest(parents / name) for name in ("encoder", "llm")}
    start = connector(train("start", rows_of("pairs"), steps={"learning_rate": 0.0, "max_steps": 1}))
    folder = train("mapping", rows_of("pairs"), steps={"max_steps": 12})
    names = {f"mapping.{n}.{part}" for n in (0, 2) for part in ("weight", "bias")} | {"boundary"}
    assert start.keys() == names
    assert {name for name, tensor in connector(folder).items() if not torch.equal(tensor, start[name])} == names
    assert {name: digest(parents / name) for name in before} == before
    losses = [float(row["loss"]) for row in history(folder)]
    assert [row["step"] for row in history(folder)] == [str(n) for n in range(1, 13)]
    assert sum(losses[-3:]) < sum(losses[:3]) - 0.3
    options = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    assert (options["gate"], options["language_embedding"], options["languages"]) == ("none", 0, LANGUAGES)


@pytest.mark.parametrize("gate", ["cross-attention", "vector", "attention-bias"])
def test_folder_manifest_and_costs(parents: Path, train: Train, tmp_path: Path, gate: str) -> None:
    """The connector alone is trained and saved; the tokenizer stands beside it, the parents' weights do not."""
    folder = train("st-merge", rows_of("reasoning"), steps={"bf16": True}, **{**GATED, "gate": gate})
    assert {path.name for path in folder.iterdir()} == {
        CONFIG, CONNECTOR, "manifest.json", "history.csv", "tokenizer.json", "tokenizer_config.json",
        "chat_template.jinja",
    }  # fmt: skip
    size = sum(tensor.numel() for tensor in connector(folder).values())
    model = MergedModel.from_pretrained(folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["trainable_parameters"] == size == sum(p.numel() for p in model.connector.parameters())
    assert manifest["total_parameters"] == sum(p.numel() for p in model.parameters()) > size
    assert manifest["inputs"] == {
        **{name: digest(parents / name) for name in ("encoder", "llm", "data")},
        "parent": digest(parents / "llm"),
    }
    (costs,) = csv.DictReader((tmp_path / "st-merge.csv").open())
    count = len(connector(folder))
    assert int(costs["optimizer_bytes"]) == size * 8 + 4 * count  # Adam's moments and its step counts: no parent's
    assert int(costs["tokens"]) > 0 and int(costs["trainable_parameters"]) == size
    moved = model.connector.gate.out.bias.abs().unflatten(0, (2, -1))  # type: ignore[union-attr, operator]
    assert moved.mean(1).min() > 1e-3  # of each source; one of a vector's dimensions may come back to 0


@pytest.mark.parametrize(("bf16", "dtype"), [(True, torch.bfloat16), (False, torch.float32), (None, torch.float32)])
def test_parents_are_in_the_precision_of_the_recipe(
    bf16: bool | None, dtype: torch.dtype, train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine with bfloat16 too; what the connector then learns is float32 all the same."""
    models: list[MergedModel] = []
    monkeypatch.setattr("vernacular.merge.train.computes_bfloat16", lambda: True)
    monkeypatch.setattr("vernacular.merge.train.fit", lambda model, rows, job: models.append(model))
    train("mapping", rows_of("pairs"), steps={} if bf16 is None else {"bf16": bf16})
    train("st-merge", rows_of("reasoning"), steps={} if bf16 is None else {"bf16": bf16}, **GATED)
    for model in models:
        assert {model.llm.dtype, model.encoder.dtype} == {dtype}
        assert {tensor.dtype for tensor in model.connector.parameters()} == {torch.float32}
    assert len(models) == 2


@pytest.mark.parametrize("stage", ["mapping", "merge"])
def test_a_killed_training_ends_with_the_same_connector(
    stage: str, train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    rows, recipe = rows_of("pairs" if stage == "mapping" else "reasoning"), {} if stage == "mapping" else GATED
    whole = train("whole", rows, **recipe)
    report = loop.report_progress

    def killed(name: str, step: int, *rest: Any) -> None:
        report(name, step, *rest)
        if step == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "report_progress", killed)
    with pytest.raises(KeyboardInterrupt):
        train("resumed", rows, **recipe)
    (checkpoints,) = (tmp_path / "checkpoints").iterdir()
    assert {path.name for path in checkpoints.glob("checkpoint-*")} == {"checkpoint-2", "checkpoint-4"}
    saved = load_file(checkpoints / "checkpoint-4" / "model.safetensors")
    assert saved.keys() == {f"connector.{name}" for name in connector(whole)}  # no parent's tensors
    assert not (tmp_path / "models" / "resumed").exists()
    monkeypatch.setattr(loop, "report_progress", report)
    capsys.readouterr()
    resumed = train("resumed", rows, **recipe)
    assert "resumed: resumed at step 4" in capsys.readouterr().out
    assert connector(resumed).keys() == connector(whole).keys()
    assert all(torch.equal(connector(resumed)[name], tensor) for name, tensor in connector(whole).items())
    assert any(not torch.equal(saved[f"connector.{name}"], tensor) for name, tensor in connector(whole).items())
    for name in ("history.csv", CONFIG, CONNECTOR):
        assert (resumed / name).read_bytes() == (whole / name).read_bytes()


def test_a_merge_starts_from_the_mapping_of_its_parent(train: Train) -> None:
    mapping = train("mapping", rows_of("pairs"))
    still = {"learning_rate": 0.0, "max_steps": 1}
    gated = connector(train("gated", rows_of("reasoning"), mapping, still, **GATED))
    assert {name for name in gated if "gate" not in name} == connector(mapping).keys()
    assert all(torch.equal(gated[name], tensor) for name, tensor in connector(mapping).items())
    assert not gated["gate.out.weight"].any()
    fresh = connector(train("fresh", rows_of("reasoning"), None, still, **GATED))  # its parent is the LLM itself
    assert not torch.equal(fresh["mapping.0.weight"], gated["mapping.0.weight"])
    moved = connector(train("moved", rows_of("reasoning"), mapping, None, **GATED))
    assert all(not torch.equal(moved[name], gated[name]) for name in gated)


def test_a_merge_has_the_width_of_its_parents_mapping(train: Train) -> None:
    mapping = train("mapping", rows_of("pairs"), mapping_width=40)
    gated = train("gated", rows_of("reasoning"), mapping, {"learning_rate": 0.0, "max_steps": 1}, **GATED)
    shapes = [connector(gated)[f"mapping.{n}.weight"].shape for n in (0, 2)]
    assert shapes == [(40, 12), (16, 40)]
    assert all(torch.equal(connector(gated)[name], tensor) for name, tensor in connector(mapping).items())
    loaded = MergedModel.from_pretrained(gated).connector.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in connector(gated).items())


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The examples that trainings put into batches."""
    found: list[dict[str, Any]] = []

    def watched(examples: list[dict[str, Any]], *pads: int) -> dict[str, torch.Tensor]:
        found.extend(examples)
        return collate(examples, *pads)

    monkeypatch.setattr("vernacular.merge.train.collate", watched)
    return found


def test_a_fixed_weight_is_kept_with_the_model(train: Train) -> None:
    prompt = {"gate": "none", "language_embedding": 0}
    light = MergedModel.from_pretrained(train("light", rows_of("reasoning"), **prompt, encoder_weight=0.25))
    plain = MergedModel.from_pretrained(train("plain", rows_of("reasoning"), **prompt))
    for model, weight in ((light, 0.25), (plain, 1.0)):
        features = torch.ones(2, 3, model.llm.config.hidden_size)
        assert model.gates(features, None, None, None, None).squeeze(-1).tolist() == [[weight, 1.0]] * 2
    assert not torch.equal(light.connector.boundary, plain.connector.boundary)  # it trained with its weight


def test_langbridge_trains_without_the_question_in_the_prompt(train: Train, seen: list[dict[str, Any]]) -> None:
    """What the LLM is trained to read is what generation gives it: the template and nothing else."""
    rows = rows_of("reasoning")
    folder = train("langbridge", rows, gate="prefix-only", language_embedding=0)
    model = MergedModel.from_pretrained(folder)
    decode = model.tokenizer.decode
    assert {decode(one["input_ids"][: one["prompt"]]) for one in seen} == {"<|user|><|assistant|><think>\n"}
    encoded = {decode(one["encoder_input_ids"]) for one in seen}
    assert len(encoded) > 10 and encoded <= {row["question"] for row in rows}
    assert connector(folder).keys() == {"mapping.weight", "mapping.bias", "boundary"}


@pytest.mark.parametrize(("task", "recipe"), [("translation", {}), ("translation", GATED), ("text", GATED)])
def test_rows_without_a_question_are_refused(task: str, recipe: dict[str, Any], train: Train, tmp_path: Path) -> None:
    part = {"task": task, "benchmarks": {"mini-mgsm": [0.0, 1.0]}, "languages": LANGUAGES, "bilingual": 0.0}
    rows = list(training_rows(TrainingDataOptions([{**part, "translated": ["questions"]}], 1, BENCHMARKS)))
    with pytest.raises(ValueError, match=f"a row of the task '{task}' has no question for the encoder") as error:
        train("wrong", rows, **recipe)
    assert "\n" not in str(error.value) and not (tmp_path / "models").exists()


@pytest.mark.parametrize(("steps", "read"), [(3, 24), (100, 200), (-1, 200)])
def test_only_rows_that_the_steps_will_read_are_encoded(steps: int, read: int, tmp_path: Path) -> None:
    rows = [{"id": str(n)} for n in range(200)]
    arguments = TrainingArguments(
        output_dir=str(tmp_path), use_cpu=True, seed=7, max_steps=steps, per_device_train_batch_size=4,
        gradient_accumulation_steps=2,
    )  # fmt: skip
    some = sample_rows(rows, arguments)
    assert len({row["id"] for row in some}) == len(some) == read
    assert sample_rows(rows, arguments) == some and all(row in rows for row in some)
    arguments.seed = 8
    assert (sample_rows(rows, arguments) == some) == (read == 200)


def test_an_example_is_question_prompt_and_target(train: Train) -> None:
    rows = rows_of("reasoning")
    model = MergedModel.from_pretrained(train("st-merge", rows, None, {"max_steps": 1}, **GATED))
    examples, _ = encode_rows(model, rows)
    for row, one in zip(rows, examples, strict=True):
        text, prompt = model.tokenizer.decode(one["input_ids"]), one["prompt"]
        assert model.encoder_tokenizer.decode(one["encoder_input_ids"]) == row["question"]
        assert text == f"<|user|>{row['prompt']}<|assistant|>{row['completion']}<|end|>"
        assert model.tokenizer.decode(one["input_ids"][:prompt]).endswith("<|assistant|><think>\n")
        assert one["language"] == LANGUAGES.index(row["language"])
    batch = collate(examples[:5], 90, 91)
    for n, one in enumerate(examples[:5]):
        size, asked, prompt = len(one["input_ids"]), len(one["encoder_input_ids"]), one["prompt"]
        pads = batch["input_ids"].shape[1] - size
        assert batch["input_ids"][n].tolist() == one["input_ids"] + [91] * pads
        assert batch["labels"][n].tolist() == [IGNORED] * prompt + one["input_ids"][prompt:] + [IGNORED] * pads
        assert batch["attention_mask"][n].tolist() == [1] * size + [0] * pads
        assert batch["prompt_mask"][n].tolist() == [1] * prompt + [0] * (size - prompt + pads)
        rest = batch["encoder_input_ids"].shape[1] - asked
        assert batch["encoder_input_ids"][n].tolist() == one["encoder_input_ids"] + [90] * rest
        assert batch["encoder_attention_mask"][n].tolist() == [1] * asked + [0] * rest
    assert batch["language"].tolist() == [one["language"] for one in examples[:5]]


def test_the_mapping_stage_reads_the_features_alone(train: Train, seen: list[dict[str, Any]]) -> None:
    """Its LLM sees no question, in whatever language: [features; boundary] and then the English."""
    rows = rows_of("pairs")
    model = MergedModel.from_pretrained(train("mapping", rows, steps={"max_steps": 12}))
    decode = model.tokenizer.decode
    assert {one["prompt"] for one in seen} == {0}
    found = {(decode(one["encoder_input_ids"]), decode(one["input_ids"])) for one in seen}
    assert found == {(row["question"], f"{row['completion']}<|end|>") for row in rows} and len(found) > 20
    one = seen[0]
    batch = collate([one], 0, 0)
    embeddings, mask, place, _ = model.inputs(**{k: v for k, v in batch.items() if k != "labels"})
    size = len(one["encoder_input_ids"])
    assert embeddings.shape[1] == int(mask.sum()) == size + 1 + len(one["input_ids"])
    assert place[0, 0] == size + 1 and torch.equal(embeddings[0, size], model.connector.boundary)


def test_the_weights_of_the_lowest_dev_loss_are_kept(train: Train) -> None:
    """A rate that grows until weight decay throws the connector about; an earlier checkpoint is kept, to the bit."""
    rows = rows_of("pairs")
    steps = {"max_steps": 24, "save_steps": 3, "learning_rate": 0.03, "weight_decay": 100.0, "warmup_steps": 24}
    last = train("last", rows, steps=steps, dev_rows=4)
    best = train("best", rows, steps=steps, dev_rows=4, keep="best")
    measured = {int(row["step"]): float(row["eval_loss"]) for row in history(last) if row["eval_loss"]}
    assert sorted(measured) == list(range(3, 25, 3))
    assert measured == {int(row["step"]): float(row["eval_loss"]) for row in history(best) if row["eval_loss"]}
    lowest = min(measured, key=lambda step: measured[step])
    assert lowest < 24 and measured[lowest] < measured[24]
    short = train("short", rows, steps={**steps, "max_steps": lowest}, dev_rows=4)
    ends = [connector(folder) for folder in (last, best, short)]
    assert all(torch.equal(ends[1][name], ends[2][name]) for name in ends[1])
    assert any(not torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
    [note] = json.loads((best / "manifest.json").read_text(encoding="utf-8"))["notes"]
    assert note.startswith(f"Kept are the weights after step {lowest}, of the lowest perplexity")


def test_dev_rows_are_not_trained_on() -> None:
    rows = [{"n": n} for n in range(50)]
    dev, rest = dev_and_train(rows, 12, 1)
    assert len(dev) == 12 and sorted([*dev, *rest], key=lambda row: row["n"]) == rows
    assert dev_and_train(rows, 12, 1) == (dev, rest) != dev_and_train(rows, 12, 2)
    assert dev_and_train(rows, 0, 1) == ([], rows)
    with pytest.raises(ValueError, match="`dev_rows` takes 50 of 50 rows"):
        dev_and_train(rows, 50, 1)
