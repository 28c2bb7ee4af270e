"""What a model was made of: `manifest.json` beside its weights, and the key that its checkpoints are kept under."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

RECORDS = ("manifest.json", "history.csv")  # of how a model came to be, beside what it is
PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "tokenizers", "numpy")


def versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def digest(path: str | Path) -> str:
    """SHA-256 of a file, or of all that a model folder loads: weights, configuration, tokenizer, chat template.

    Its manifest and history are left out, and so are hidden files (Snakemake puts a timestamp into folders).
    """
    path, total = Path(path), hashlib.sha256()
    if path.is_file():
        files = [path]
    else:
        files = sorted(p for p in path.iterdir() if p.is_file() and p.name not in RECORDS and p.name[0] != ".")
    if not files:
        raise FileNotFoundError(f"{path}: no model files here; delete the folder and rerun")
    for file in files:
        total.update(file.name.encode())
        with file.open("rb") as handle:
            while chunk := handle.read(1 << 20):
                total.update(chunk)
    return total.hexdigest()


def training_key(recipe: dict[str, Any], code: str, inputs: dict[str, str], seed: int) -> str:
    """Names a training by all that decides its weights, so that no edit can bring back the weights of another one."""
    whole = json.dumps([recipe, code, inputs, seed, versions()], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
