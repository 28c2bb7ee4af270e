"""Model folders and connectors that lost something: one line that names the file, whoever loads them."""

import json
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
import torch
from merges import write_parent
from safetensors.torch import load_file, save_file

from vernacular.evaluation.progress import Progress
from vernacular.evaluation.translate import translated
from vernacular.merge.model import MergedModel, build_merge
from vernacular.merge.saved import CONFIG, CONNECTOR
from vernacular.models.encoder import load_encoder
from vernacular.models.folders import load_model
from vernacular.models.provenance import check_folder, checksums
from vernacular.storage.files import write_json

LLAMA = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2)
T5 = dict(d_model=16, d_kv=8, d_ff=32, num_layers=1, num_decoder_layers=1, num_heads=2, decoder_start_token_id=0)
QUESTION = {"id": "q", "language": "fr", "question": "Combien ?", "choices": None}


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    """Two parents and a merge of them, each with the manifest that a training writes."""
    torch.set_num_threads(1)
    folders = {
        "llm": write_parent(tmp_path / "llm", "llama", LLAMA),
        "encoder": write_parent(tmp_path / "encoder", "t5", T5),
        "merge": tmp_path / "merge",
    }
    options = {"gate": "none", "language_embedding": 0, "languages": ["fr"]}
    parents = {name: str(folders[name]) for name in ("encoder", "llm")}
    folders["merge"].mkdir()
    build_merge({**options, **parents}).save_pretrained(folders["merge"])
    for folder in folders.values():
        write_json(folder / "manifest.json", {"files": checksums(folder)})
    return folders


def in_english(folder: str) -> None:
    with TemporaryFile() as file:
        translated([QUESTION], folder, 100, "auto", file, Progress("", None))


LOADERS: dict[str, tuple[str, Any]] = {
    "generate": ("llm", load_model),
    "generate_translated": ("encoder", lambda folder: in_english(str(folder))),
    "the encoder of a merge": ("encoder", lambda folder: load_encoder(folder, torch.float32)),
    "generate_merged": ("merge", MergedModel.from_pretrained),
}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("loader", LOADERS)
def test_a_cut_file_is_one_line(models: dict[str, Path], loader: str) -> None:
    """With the manifest its checksums tell which file it is; without one what the library says becomes one line."""
    name, load = LOADERS[loader]
    load(models[name])
    manifest = json.loads((models[name] / "manifest.json").read_text())
    assert manifest["files"] and "manifest.json" not in manifest["files"]
    for file in sorted(manifest["files"]):
        path = models[name] / file
        whole = path.read_bytes()
        cut(path)
        with pytest.raises(ValueError, match=f"{file}: changed or cut off since it was written") as told:
            load(models[name])
        assert "\n" not in str(told.value)
        path.unlink()
        with pytest.raises(ValueError, match=f"{file}: missing"):
            load(models[name])
        path.write_bytes(whole)
    (models[name] / "manifest.json").unlink()
    weights = models[name] / (CONNECTOR if name == "merge" else "model.safetensors")
    cut(weights)
    with pytest.raises(ValueError, match=f"{models[name]}: the model cannot be loaded") as told:
        load(models[name])
    assert "\n" not in str(told.value)


def test_a_folder_without_a_manifest_of_ours_passes(models: dict[str, Path]) -> None:
    (models["llm"] / "manifest.json").unlink()
    check_folder(models["llm"])
    write_json(models["llm"] / "manifest.json", {"made": "elsewhere"})
    check_folder(models["llm"])
    (models["llm"] / "manifest.json").write_text('{"files": {')
    with pytest.raises(ValueError, match=r"manifest\.json: cannot be read as JSON"):
        load_model(models["llm"])


# --- Connectors -------------------------------------------------------------------------------------------------------


def changed(tensors: dict[str, torch.Tensor], name: str, value: Any) -> dict[str, torch.Tensor]:
    return {**tensors, name: value(tensors[name])}


CONNECTORS: dict[str, tuple[Any, str]] = {
    "missing": (lambda t: {n: v for n, v in t.items() if n != "boundary"}, "'boundary' is missing in its connector"),
    "more": (lambda t: {**t, "gate.weights": torch.zeros(2)}, "'gate.weights' is missing in its connector or in its"),
    "misshapen": (lambda t: changed(t, "boundary", lambda v: v[:-1].clone()), "'boundary' of the connector is"),
    "nan": (lambda t: changed(t, "boundary", lambda v: v + torch.nan), "'boundary' hold NaN or infinite numbers"),
    "int8": (lambda t: changed(t, "boundary", lambda v: v.to(torch.int8)), "'boundary' of the connector holds whole"),
}
OPTIONS: dict[str, tuple[Any, str]] = {
    "a list": (lambda o: [], "'gate' is missing or not str"),
    "null gate": (lambda o: {**o, "gate": None}, "'gate' is missing or not str"),
    "another gate": (lambda o: {**o, "gate": "fixed"}, "'gate.weights' is missing in its connector or in its options"),
    "no such gate": (lambda o: {**o, "gate": "x"}, "'x' is not a gate"),
    "no languages": (lambda o: {**o, "languages": None}, "'languages' is missing or not list"),
    "odd languages": (lambda o: {**o, "languages": [7]}, "'languages' are not names"),
    "no digest": (lambda o: {k: v for k, v in o.items() if k != "llm_digest"}, "'llm_digest' is missing or not str"),
    "a wide mapping": (lambda o: {**o, "mapping_width": 10**9}, "'mapping_width' is 1000000000, which the connector"),
    "an odd mapping": (lambda o: {**o, "mapping_width": "7"}, "'mapping_width' is '7'"),
    "a wide embedding": (lambda o: {**o, "language_embedding": 10**9}, "'language_embedding' is 1000000000"),
    "a weight of nothing": (lambda o: {**o, "encoder_weight": 0}, "'encoder_weight' is not a number above 0"),
    "a weight in words": (lambda o: {**o, "encoder_weight": "2"}, "'encoder_weight' is not a number above 0"),
    "another parent": (lambda o: {**o, "encoder": "../llm"}, "was trained for another encoder"),
    "no parent": (lambda o: {**o, "encoder": "../../x"}, "does not exist"),
}


@pytest.mark.parametrize("case", CONNECTORS)
def test_a_connector_that_is_not_whole_is_refused(models: dict[str, Path], case: str) -> None:
    """Before, what was missing was drawn by chance."""
    change, said = CONNECTORS[case]
    merge = models["merge"]
    (merge / "manifest.json").unlink()
    save_file(change(load_file(merge / CONNECTOR)), merge / CONNECTOR)
    with pytest.raises(ValueError, match=said) as told:
        MergedModel.from_pretrained(merge)
    assert str(merge) in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("case", OPTIONS)
def test_options_of_a_merge_that_are_none_are_refused(models: dict[str, Path], case: str) -> None:
    change, said = OPTIONS[case]
    merge = models["merge"]
    (merge / "manifest.json").unlink()
    write_json(merge / CONFIG, change(json.loads((merge / CONFIG).read_text())))
    with pytest.raises(ValueError, match=said) as told:
        MergedModel.from_pretrained(merge)
    assert "\n" not in str(told.value)
