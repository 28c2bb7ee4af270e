"""Changes of the weights of a model folder: tensors, headers, pickles, shards.

Each takes a random generator, the folder and a wild text, changes the folder and says whether it has to be refused (see
model_folders.py).
"""

import io
import json
import os
import pickle
import random
import shutil
import struct
import zipfile
from pathlib import Path
from typing import Any

import torch
from folder_files import replace, rewrite, some
from safetensors.torch import load_file, save_file

from vernacular.models.contents import WEIGHTS

PLANTED = "planted-by-a-pickle"


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
