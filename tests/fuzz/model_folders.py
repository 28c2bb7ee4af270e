"""Model folders that are wrong in every way we know: tiny ones, changed at random, and what must come of each.

`mutate` changes a sound folder and says whether it has to be refused: True, or False where the change may be one that
nobody can tell (a number of the weights, a setting that the model does not use) or is none.
"""

import io
import json
import os
import pickle
import random
import shutil
import socket
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from vernacular.models.contents import WEIGHTS
from vernacular.models.provenance import checksums
from vernacular.storage.files import write_json

PLANTED = "planted-by-a-pickle"
BASES = ("llama", "qwen3", "gpt2", "t5", "xlm-roberta")
CAUSAL = ("llama", "qwen3", "gpt2")
VALUES: list[Any] = [
    None,
    -1,
    0,
    1,
    3,
    10**9,
    10**18,
    -(10**9),
    1e308,
    0.5,
    "x",
    "../x",
    "",
    [],
    {},
    [1, 2],
    {"a": 1},
    True,
]
ODD = ["", "{", "[]", "7", "null", '"x"', "{}", '{"a": NaN}', "\x00", "[" * 100_000, "{" + '"a":{' * 5_000, "\ufeff{}"]


def change_json(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    replace(path, json.dumps(data).encode())


def replace(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)  # it may be a second name of the sound folder's file
    path.write_bytes(data)


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    path = folder / WEIGHTS
    tensors = load_file(path)
    change(tensors)
    path.unlink()
    save_file(tensors, path, {"format": "pt"})


def some(rng: random.Random, tensors: dict[str, torch.Tensor]) -> str:
    return rng.choice(sorted(tensors))


# --- Weights ----------------------------------------------------------------------------------------------------------


def missing(rng: random.Random, folder: Path, text: str) -> bool:
    rewrite(folder, lambda tensors: [tensors.pop(some(rng, tensors)) for _ in range(rng.randint(1, 3))])
    return True


def unexpected(rng: random.Random, folder: Path, text: str) -> bool:
    name = rng.choice(["model.layers.7.self_attn.q_proj.weight", "extra", "head.other", "a.b.c"])
    rewrite(folder, lambda tensors: tensors.update({name: torch.zeros(rng.randint(1, 9), 2)}))
    return True


def renamed(rng: random.Random, folder: Path, text: str) -> bool:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        old = some(rng, tensors)
        tensors[f"{old}_{rng.randint(0, 9)}"] = tensors.pop(old)

    rewrite(folder, change)
    return True


def misshapen(rng: random.Random, folder: Path, text: str) -> bool:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        name = some(rng, tensors)
        old = tensors[name]
        shapes = [old[..., :-1], old[:-1], old.flatten()[:1], torch.cat([old, old]), old[None], torch.zeros(0)]
        tensors[name] = rng.choice([new for new in shapes if new.shape != old.shape]).contiguous().clone()

    rewrite(folder, change)
    return True


def not_finite(rng: random.Random, folder: Path, text: str) -> bool:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        values = tensors[some(rng, tensors)].view(-1)
        values[rng.randrange(len(values))] = rng.choice([torch.nan, torch.inf, -torch.inf])

    rewrite(folder, change)
    return True


def too_large(rng: random.Random, folder: Path, text: str) -> bool:
    """Finite in the file, infinite in the type that is computed in."""

    def change(tensors: dict[str, torch.Tensor]) -> None:
        name = some(rng, tensors)
        tensors[name] = tensors[name].double()
        tensors[name].view(-1)[-1] = 1e300

    rewrite(folder, change)
    return True


def whole_numbers(rng: random.Random, folder: Path, text: str) -> bool:
    kinds = [torch.int8, torch.uint8, torch.int16, torch.int64, torch.bool, torch.float8_e4m3fn]

    def change(tensors: dict[str, torch.Tensor]) -> None:
        kind, chosen = rng.choice(kinds), some(rng, tensors)
        for name in list(tensors) if rng.random() < 0.5 else [chosen]:
            tensors[name] = (tensors[name] * 10).to(kind)

    rewrite(folder, change)
    return True


def cut_weights(rng: random.Random, folder: Path, text: str) -> bool:
    data = (folder / WEIGHTS).read_bytes()
    replace(folder / WEIGHTS, data[: rng.choice([0, 1, 7, 8, 9, rng.randrange(len(data)), len(data) - 1])])
    return True


def changed_header(rng: random.Random, folder: Path, text: str) -> bool:
    data = bytearray((folder / WEIGHTS).read_bytes())
    length = int.from_bytes(data[:8], "little")
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(8 + length)] = rng.randrange(256)
    if rng.random() < 0.2:
        data[:8] = struct.pack("<Q", rng.choice([0, 1, 2**40, 2**63, len(data)]))
    replace(folder / WEIGHTS, bytes(data))
    return False  # it may have hit a blank


class Planted:
    """What a malicious pickle does when it is loaded: it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.path),))


def pickled(rng: random.Random, folder: Path, text: str) -> bool:
    bomb = pickle.dumps({"weight": Planted(folder.parent / PLANTED)}, protocol=2)
    if rng.random() < 0.5:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("archive/data.pkl", bomb)
            file.writestr("archive/version", "3\n")
            file.writestr("archive/byteorder", "little")
        bomb = archive.getvalue()
    name = rng.choice(["pytorch_model.bin", WEIGHTS, "tokenizer.json", "config.json"])
    if name.endswith(".bin"):
        (folder / WEIGHTS).unlink()
    replace(folder / name, bomb)
    return True


def index(rng: random.Random, folder: Path, text: str) -> bool:
    """Shards: sound ones, or those whose index leads elsewhere or says nonsense."""
    tensors = load_file(folder / WEIGHTS)
    names = sorted(tensors)
    files = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    where = {name: files[number % 2] for number, name in enumerate(names)}
    for file in files:
        save_file({name: tensors[name] for name in names if where[name] == file}, folder / file, {"format": "pt"})
    data: Any = {"metadata": {"total_size": 1}, "weight_map": where}
    wrong = rng.random() < 0.9
    if wrong:
        elsewhere = folder.parent / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        shutil.copyfile(folder / files[0], elsewhere / files[0])
        bad = [
            "../elsewhere/" + files[0],
            str(elsewhere / files[0]),
            f"./{files[0]}",
            "none.safetensors",
            "",
            ".",
            "..",
            7,
            None,
            [],
            text[:50] or "/",
        ]
        choice = rng.choice([*bad, "map", "file"])
        if choice == "map":
            data["weight_map"] = rng.choice([None, [], {}, "x", 7])
        elif choice == "file":
            data = rng.choice([[], 7, None, "x", {}, {"metadata": {}}])
        else:
            data["weight_map"] = {name: choice if file == files[0] else file for name, file in where.items()}
    (folder / WEIGHTS).unlink()
    (folder / f"{WEIGHTS}.index.json").write_text(json.dumps(data))
    return wrong


# --- Configurations ---------------------------------------------------------------------------------------------------


def wrong_size(rng: random.Random, folder: Path, text: str) -> bool:
    """More or fewer layers, other widths: nothing that could fit the weights."""
    names = ["num_hidden_layers", "n_layer", "num_layers", "hidden_size", "n_embd", "d_model", "vocab_size"]
    names += ["intermediate_size", "d_ff"]

    def change(data: dict[str, Any]) -> None:
        name = rng.choice([name for name in names if name in data])
        data[name] = rng.choice([data[name] + 1, data[name] - 1, 2 * data[name], 10**9, 10**12, 10**18, 0, -5])

    change_json(folder / "config.json", change)
    return True


def another_architecture(rng: random.Random, folder: Path, text: str) -> bool:
    kinds = ["mistral", "gpt_neox", "mixtral", "gemma", "bart", "bert", "mamba", "clip", "no-such-model", text[:20]]
    change_json(folder / "config.json", lambda data: data.update(model_type=rng.choice(kinds)))
    return True


def from_elsewhere(rng: random.Random, folder: Path, text: str) -> bool:
    kind = rng.choice(["adapter", "weights", "kernel", "shards"])
    if kind == "adapter":
        adapter = {"peft_type": "LORA", "base_model_name_or_path": "/elsewhere"}
        (folder / "adapter_config.json").write_text(json.dumps(adapter))
        if rng.random() < 0.5:
            (folder / "config.json").unlink()
    elif kind == "shards":
        shutil.copyfile(folder / WEIGHTS, folder / "shard-00001-model-00001-of-00001.safetensors")
    else:
        key = {"weights": "transformers_weights", "kernel": rng.choice(["attn_implementation", "_attn_implementation"])}
        change_json(folder / "config.json", lambda data: data.update({key[kind]: "../elsewhere/model.safetensors"}))
    return True


def odd_value(name: str, rng: random.Random, folder: Path, text: str) -> bool:
    """Any key of a file, any value."""

    def change(data: dict[str, Any]) -> None:
        for _ in range(rng.randint(1, 2)):
            data[rng.choice(sorted(data) or ["a"])] = rng.choice([*VALUES, text[:100]])

    path = folder / name
    if path.exists():
        change_json(path, change)
    return False


def odd_file(rng: random.Random, folder: Path, text: str) -> bool:
    name = rng.choice(["config.json", "tokenizer_config.json", "tokenizer.json", "generation_config.json"])
    replace(folder / name, rng.choice([*ODD, text]).encode("utf-8", "surrogatepass"))
    return name in ("config.json", "tokenizer.json")


# --- Tokenizers and templates -----------------------------------------------------------------------------------------


def larger_tokenizer(rng: random.Random, folder: Path, text: str) -> bool:
    def change(data: dict[str, Any]) -> None:
        first = max(data["model"]["vocab"].values()) + 100
        token = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
        size = max([first, *(one["id"] + 1 for one in data["added_tokens"])])
        data["added_tokens"] += [{**token, "id": size + n, "content": f"<{n}>"} for n in range(rng.randint(100, 200))]

    change_json(folder / "tokenizer.json", change)
    return True


def another_tokenizer(rng: random.Random, folder: Path, text: str) -> bool:
    def change(data: dict[str, Any]) -> None:
        data["model"]["vocab"] = {chr(33 + n): n for n in range(rng.randint(0, 20))}
        data["model"]["merges"] = []
        data["added_tokens"] = data["added_tokens"][: rng.randint(0, 4)]

    change_json(folder / "tokenizer.json", change)
    return True


BOMBS = [
    "{{ raise_exception('no') }}",
    "{% for a in range(99999) %}{% for b in range(99999) %}{% set c = a * b %}{% endfor %}{% endfor %}",
    "{{ 'x' * 300000000 }}",
    "{{ 'x' * 30000000000 }}",
    "{{ 9 ** (9 ** 9) }}",
    "{% set ns = namespace(x='x') %}{% for a in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=9) %}{% for a in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
    "{{ messages[0]['content'] ~ 'y' * 3000000 }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% for message in messages %}{{ message['content'] }}",
    "{{ messages | center(10000000000) }}",
    "{{ '%999999999d' | format(7) }}",
    "{{ messages.content }}",
    "{{ messages[7]['content'] }}",
    "{% include '/etc/passwd' %}",
    "{{ ''.__class__.__mro__ }}",
    "{{ cycler.__init__.__globals__.os.system('true') }}",
    "{{ messages[0]['content'] | upper }}",
    "{{ messages[0]['content'][:20] }}",
    "an answer, please",
    "",
    "{{ 1 / 0 }}",
    "{{ undefined_function() }}",
    "(" * 50_000,
    "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
    "{{ " + "-" * 50_000 + "1 }}",
]


def bad_template(rng: random.Random, folder: Path, text: str) -> bool:
    wild = text.encode("utf-8", "replace").decode().replace("content", "")
    replace(folder / "chat_template.jinja", rng.choice([*BOMBS, wild]).encode("utf-8", "replace"))
    return True


def template_of_another_type(rng: random.Random, folder: Path, text: str) -> bool:
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    value = rng.choice([7, [], {}, True, None, ["x"], [{"name": "a", "template": "b"}], {"tool_use": "x"}])
    change_json(folder / "tokenizer_config.json", lambda data: data.update(chat_template=value))
    return True


# --- Manifests and files ----------------------------------------------------------------------------------------------


def manifest_of_another_type(rng: random.Random, folder: Path, text: str) -> bool:
    value = rng.choice([[], 7, "x", None, True, {"files": []}, {"files": 7}, {"files": "x"}, {"files": {"a": None}}])
    replace(folder / "manifest.json", json.dumps(value).encode())
    return True


def against_the_manifest(rng: random.Random, folder: Path, text: str) -> bool:
    """Any byte of any file, a file gone, a file more."""
    write_json(folder / "manifest.json", {"files": checksums(folder)})
    path = rng.choice(sorted(file for file in folder.iterdir() if file.name != "manifest.json"))
    kind = rng.choice(["byte", "gone", "more"])
    if kind == "byte":
        data = bytearray(path.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        replace(path, bytes(data))
    elif kind == "gone":
        path.unlink()
    else:
        shutil.copyfile(path, folder / rng.choice(["more.json", "model.safetensors.index.json", "more.safetensors"]))
    return True


def no_file(rng: random.Random, folder: Path, text: str) -> bool:
    """Something else than a file in the place of one, or beside them."""
    path = folder / rng.choice(["config.json", WEIGHTS, "tokenizer.json", "tokenizer_config.json", "more", ".hidden"])
    path.unlink(missing_ok=True)
    kind = rng.choice(["fifo", "zero", "random", "nowhere", "socket", "loop", "folder"])
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
    else:
        places = {"zero": "/dev/zero", "random": "/dev/urandom", "nowhere": "/no/where", "loop": path, "folder": "/usr"}
        path.symlink_to(places[kind])
    return True


def gone(rng: random.Random, folder: Path, text: str) -> bool:
    name = rng.choice(["config.json", WEIGHTS, "tokenizer.json", "all"])
    if name == "all":
        shutil.rmtree(folder)
    else:
        (folder / name).unlink()
    return True


def untouched(rng: random.Random, folder: Path, text: str) -> bool:
    return False


Mutation = Callable[[random.Random, Path, str], bool]
MUTATIONS: dict[str, Mutation] = {
    mutation.__name__: mutation
    for mutation in (
        *(missing, unexpected, renamed, misshapen, not_finite, too_large, whole_numbers, cut_weights, changed_header),
        *(pickled, index, wrong_size, another_architecture, from_elsewhere, odd_file, larger_tokenizer),
        *(another_tokenizer, manifest_of_another_type, against_the_manifest, no_file, gone, untouched),
    )
} | {
    f"odd_value of {name}": partial(odd_value, name)
    for name in ("config.json", "tokenizer_config.json", "generation_config.json", "tokenizer.json")
}
TEMPLATES: dict[str, Mutation] = {one.__name__: one for one in (bad_template, template_of_another_type)}
