"""Models in GGUF files: a tiny one that the package gguf writes, as llama.cpp would, and what cannot be read."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scripts import run_script
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from vernacular.models import gguf_files
from vernacular.models.folders import load_model
from vernacular.models.gguf_files import write_model
from vernacular.models.pretrain import train_tokenizer
from vernacular.storage.files import file_sha256

gguf = pytest.importorskip("gguf", reason="the package gguf is not installed (pip install '.[gguf]')")
TEXT = "Combien font 12 et 30 ? Réponse : 42."
HEADS = 2
NORMAL, CONTROL = 1, 3  # kinds of tokens


@pytest.fixture(scope="module")
def llama() -> tuple[Any, Any]:
    """(model, tokenizer) with weights drawn by chance."""
    torch.manual_seed(1)
    tokenizer = train_tokenizer([TEXT] * 3, 300)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=HEADS,
        num_key_value_heads=1, max_position_embeddings=128, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=None, tie_word_embeddings=False, initializer_range=0.2,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval(), tokenizer


def rotated(weight: np.ndarray, heads: int) -> np.ndarray:
    """Of queries and keys: llama.cpp has the two halves of a head's dimensions side by side."""
    return weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)


NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
    "model.layers": "blk",
}  # fmt: skip


def write_gguf(path: Path, model: Any, tokenizer: Any, architecture: str = "llama") -> Path:
    """The model as llama.cpp writes it, its feed-forward matrices in blocks of eight bits."""
    config, writer = model.config, gguf.GGUFWriter(path, architecture)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(config.vocab_size)
    words = json.loads(tokenizer.backend_tokenizer.to_str())
    vocabulary = {**words["model"]["vocab"], **{one["content"]: one["id"] for one in words["added_tokens"]}}
    special = {one["content"] for one in words["added_tokens"] if one["special"]}
    tokens = sorted(vocabulary, key=lambda token: vocabulary[token])
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL if token in special else NORMAL for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in words["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template(tokenizer.chat_template)
    for name, tensor in model.state_dict().items():
        weight, place = tensor.float().numpy(), name
        for theirs, ours in NAMES.items():
            place = place.replace(theirs, ours)
        if "_q." in place or "_k." in place:
            weight = rotated(weight, HEADS if "_q." in place else config.num_key_value_heads)
        if "ffn_" in place and "norm" not in place:
            eight = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(place, gguf.quants.quantize(weight, eight), raw_dtype=eight)
        else:
            writer.add_tensor(place, weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file_becomes_the_same_model(llama: tuple[Any, Any], tmp_path: Path) -> None:
    """To the rounding of eight bits and bfloat16: it says the same, and its tokens are the same."""
    model, tokenizer = llama
    file = write_gguf(tmp_path / "tiny.gguf", model, tokenizer)
    (tmp_path / "blobs").mkdir()
    blob = file.rename(tmp_path / "blobs" / "sha256-0a1b")  # without an ending, as Ollama keeps it
    write_model(blob, tmp_path / "model")
    read, words = load_model(tmp_path / "model", "float32")
    ids = words(TEXT, add_special_tokens=False)["input_ids"]
    assert words.decode(ids) == TEXT and words.eos_token_id == tokenizer.eos_token_id
    assert words.chat_template == tokenizer.chat_template
    with torch.no_grad():
        wanted, found = model(torch.tensor([ids])).logits, read(torch.tensor([ids])).logits
    assert (found - wanted).abs().max() < 0.15 * wanted.std()
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "model").dtype == torch.bfloat16


def taken(file: Path, out: Path, *more: str) -> int:
    return run_script("fetch_folder", "--source", file, "--record", "--chat-template", *more, "--out", out)


def test_the_script_takes_a_file_or_that_of_a_repository(llama: tuple[Any, Any], tmp_path: Path) -> None:
    """What was made of it is written down; a repository's other files are not looked at."""
    file = write_gguf(tmp_path / "tiny.gguf", *llama)
    assert taken(file, tmp_path / "one") == taken(tmp_path, tmp_path / "two", "--gguf", "tiny.gguf") == 0
    for name in ("one", "two"):
        manifest = json.loads((tmp_path / name / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["gguf"] == "tiny.gguf" and manifest["sha256"] == file_sha256(file)
        assert manifest["files"].keys() >= {"config.json", "model.safetensors", "tokenizer.json"}
        assert AutoTokenizer.from_pretrained(tmp_path / name).chat_template


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5000])


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "there is no such file"),
    "no GGUF file": (lambda file: file.write_bytes(b"PK\x03\x04" * 100), "not a GGUF file"),
    "cut off": (cut, "Transformers cannot read this GGUF file"),
    "empty": (lambda file: file.write_bytes(b""), "not a GGUF file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_one_line(
    name: str, llama: tuple[Any, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, said = WRONG[name]
    change(file := write_gguf(tmp_path / "tiny.gguf", *llama))
    assert taken(tmp_path, tmp_path / "out", "--gguf", "tiny.gguf") == 1
    told = capsys.readouterr().err
    assert said in told and str(file) in told and told.count("\n") == 1 and not (tmp_path / "out").exists()


def test_an_architecture_that_transformers_does_not_read(
    llama: tuple[Any, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", *llama, architecture="brontosaurus")
    assert taken(file, tmp_path / "out") == 1
    told = capsys.readouterr().err
    assert "brontosaurus" in told and "take the model's folder with safetensors" in told and told.count("\n") == 1


def test_without_the_package_the_line_says_what_to_install(
    llama: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_gguf(tmp_path / "tiny.gguf", *llama)
    monkeypatch.setattr(gguf_files, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"tiny.gguf: a GGUF file needs the package gguf: pip install '.\[gguf\]'"):
        write_model(file, tmp_path / "out")


REAL = sorted(Path(os.getenv("VERNACULAR_REAL_MODELS") or "/nowhere").glob("**/*.gguf"))


@pytest.mark.skipif(not REAL, reason="VERNACULAR_REAL_MODELS names no folder with a GGUF file")
@pytest.mark.parametrize("file", REAL, ids=lambda file: file.stem)
def test_real_files(file: Path, tmp_path: Path) -> None:
    """A text is likelier than the same words in disorder: what was read is a language model."""
    write_model(file, tmp_path / "model")
    model, tokenizer = load_model(tmp_path / "model", "float32")

    def loss(text: str) -> float:
        ids = torch.tensor([tokenizer(text)["input_ids"]])
        with torch.no_grad():
            return float(model(ids, labels=ids).loss)

    told = "The capital of France is Paris, and the capital of Italy is Rome."
    assert loss(told) < 4 and loss(told) < loss(" ".join(sorted(told.split())))
