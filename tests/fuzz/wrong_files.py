"""Changes of the other files of a model folder: configurations, tokenizers, templates, manifests, no files at all.

Each takes a random generator, the folder and a wild text, changes the folder and says whether it has to be refused (see
model_folders.py).
"""

import json
import os
import random
import shutil
import socket
from pathlib import Path
from typing import Any

from folder_files import change_json, replace

from vernacular.models.contents import WEIGHTS
from vernacular.models.provenance import checksums
from vernacular.storage.files import write_json

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
