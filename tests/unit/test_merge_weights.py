"""Merges of weights: each method's arithmetic by hand, on models that Transformers saved; and what cannot be merged."""

from pathlib import Path

import pytest
import torch
from hub_folders import write_model
from safetensors.torch import load_file, save_file
from scripts import run_script
from transformers import AutoModelForCausalLM

from vernacular.merge.options import WeightsOptions

Tensors = dict[str, torch.Tensor]


def weights_of(folder: Path) -> Tensors:
    return load_file(folder / "model.safetensors")


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    """A base and two models that differ from it by chance."""
    found = {}
    for number, name in enumerate(("base", "one", "two")):
        folder = tmp_path / name
        write_model(folder, "qwen3", "")
        if number:
            choice = torch.Generator().manual_seed(number)
            tensors = {
                key: value + 0.1 * torch.randn(value.shape, generator=choice)
                for key, value in weights_of(folder).items()
            }
            save_file(tensors, folder / "model.safetensors", {"format": "pt"})
        found[name] = folder
    return found


def merge(models: dict[str, Path], out: Path, options: WeightsOptions, others: tuple[str, ...] = ("one", "two")) -> int:
    return run_script(
        "merge_weights", "--parent", models["base"], "--models", *(models[name] for name in others),
        "--options", options.to_json(), "--chosen", "--seed", 1, "--out", out,
    )  # fmt: skip


def close(found: Tensors, wanted: Tensors) -> None:
    assert found.keys() == wanted.keys()
    for name in wanted:
        torch.testing.assert_close(found[name], wanted[name], atol=1e-6, rtol=1e-5)


def test_linear_is_the_weighted_mean(models: dict[str, Path], tmp_path: Path) -> None:
    assert merge(models, tmp_path / "out", WeightsOptions("linear", [0.25, 0.75])) == 0
    one, two = weights_of(models["one"]), weights_of(models["two"])
    close(weights_of(tmp_path / "out"), {name: 0.25 * one[name] + 0.75 * two[name] for name in one})
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert merge(models, tmp_path / "same", WeightsOptions("linear", [0.0, 0.0])) == 0
    close(weights_of(tmp_path / "same"), weights_of(models["base"]))


def test_ties_keeps_the_largest_that_agree_in_sign(models: dict[str, Path], tmp_path: Path) -> None:
    assert merge(models, tmp_path / "out", WeightsOptions("ties", [1.0, 1.0], 0.5)) == 0
    base, found = weights_of(models["base"]), weights_of(tmp_path / "out")
    for name, start in base.items():
        vectors = []
        for other in ("one", "two"):
            vector = weights_of(models[other])[name] - start
            least = vector.abs().flatten().sort(descending=True).values[int(0.5 * vector.numel()) - 1]
            vectors.append(torch.where(vector.abs() >= least, vector, 0))
        stacked = torch.stack(vectors)
        sign = torch.where(stacked.sum(0) >= 0, 1, -1)
        agreeing = torch.where(stacked.sign() == sign, stacked, 0)
        mean = agreeing.sum(0) / (agreeing != 0).sum(0).clamp(min=1)
        torch.testing.assert_close(found[name], start + mean, atol=1e-5, rtol=1e-4)


def test_dare_drops_and_rescales_the_same_on_every_run(models: dict[str, Path], tmp_path: Path) -> None:
    for out in ("out", "again"):
        assert merge(models, tmp_path / out, WeightsOptions("dare", [1.0], 0.25), others=("one",)) == 0
    assert (tmp_path / "out/model.safetensors").read_bytes() == (tmp_path / "again/model.safetensors").read_bytes()
    base, one, found = weights_of(models["base"]), weights_of(models["one"]), weights_of(tmp_path / "out")
    kept = total = 0
    for name, start in base.items():
        changed = (found[name] - start).abs() > 1e-6
        torch.testing.assert_close(
            (found[name] - start)[changed], 4 * (one[name] - start)[changed], atol=1e-4, rtol=1e-3
        )
        kept, total = kept + int(changed.sum()), total + changed.numel()
    assert abs(kept / total - 0.25) < 0.02


def test_layer_swap_takes_whole_layers(models: dict[str, Path], tmp_path: Path) -> None:
    assert merge(models, tmp_path / "out", WeightsOptions("layer-swap", layers=[1]), others=("one",)) == 0
    base, one = weights_of(models["base"]), weights_of(models["one"])
    close(weights_of(tmp_path / "out"), {name: (one if ".layers.1." in name else base)[name] for name in base})


def test_a_merge_keeps_the_precision_of_its_parent(models: dict[str, Path], tmp_path: Path) -> None:
    AutoModelForCausalLM.from_pretrained(models["base"]).to(torch.bfloat16).save_pretrained(models["base"])
    assert merge(models, tmp_path / "out", WeightsOptions("linear", [0.5, 0.5])) == 0
    assert {tensor.dtype for tensor in weights_of(tmp_path / "out").values()} == {torch.bfloat16}


def test_what_cannot_be_merged_is_one_line(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert merge(models, tmp_path / "out", WeightsOptions("layer-swap", layers=[7]), others=("one",)) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "has 2 layers, so no layer 7" in said
    write_model(models["two"], "llama", "")
    assert merge(models, tmp_path / "out", WeightsOptions("linear", [0.5, 0.5])) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert str(models["two"]) in said and "one architecture" in said
    assert not (tmp_path / "out").exists()
