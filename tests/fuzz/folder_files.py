"""How the files of a model folder are changed, links and all."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from vernacular.models.contents import WEIGHTS


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
