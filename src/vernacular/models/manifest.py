"""What a model was made of: `manifest.json` beside its weights, and the key that its checkpoints are kept under."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vernacular.storage.files import read_json

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


def checksums(folder: Path) -> dict[str, str]:
    """File -> SHA-256 of its bytes, of all in a model folder but its manifest and hidden files."""
    found = {}
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.name != "manifest.json" and file.name[0] != ".":
            with file.open("rb") as handle:
                found[file.name] = hashlib.file_digest(handle, "sha256").hexdigest()
    return found


def check_folder(folder: str | Path) -> None:
    """Hold a model folder against the checksums in its manifest; a folder that has none passes (a hub's, say).

    Raises ValueError (one line with the file) for a file that is missing or not what was written.
    """
    folder = Path(folder)
    if not (folder / "manifest.json").exists():
        return
    expected = read_json(folder / "manifest.json").get("files", {})
    found = checksums(folder)
    for name in expected:
        if found.get(name) != expected[name]:
            what = "changed or cut off since it was written" if name in found else "missing"
            raise ValueError(f"{folder / name}: {what}; delete the folder and rerun")


def training_key(recipe: dict[str, Any], code: str, inputs: dict[str, str], seed: int) -> str:
    """Names a training by all that decides its weights, so that no edit can bring back the weights of another one."""
    whole = json.dumps([recipe, code, inputs, seed, versions()], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
