"""Where a model comes from: checksums of its files and of what it read, versions of the packages that made it."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from vernacular.storage.files import file_sha256, read_mapping

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "tokenizers", "numpy")
READ = (".json", ".safetensors", ".bin", ".jinja", ".model", ".txt")  # what Transformers may read of a folder
RECORDS = ("manifest.json", "history.csv")  # how a model came to be, not what it is


def digest(path: str | Path) -> str:
    """SHA-256 of a file, or of all that a model folder loads: weights, configuration, tokenizer, chat template.

    Manifest, history and hidden files are left out (Snakemake puts a timestamp into folders).
    Raises FileNotFoundError for a folder without model files.
    """
    path, total = Path(path), hashlib.sha256()
    files = [path] if path.is_file() else [file for file in visible_files(path) if file.name not in RECORDS]
    if not files:
        raise FileNotFoundError(f"{path}: no model files here; delete the folder and rerun")
    for file in files:
        total.update(file.name.encode())
        with file.open("rb") as handle:
            while chunk := handle.read(1 << 20):
                total.update(chunk)
    return total.hexdigest()


def visible_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")


def checksums(folder: Path) -> dict[str, str]:
    """File -> SHA-256 of its bytes, for all files of a model folder except its manifest and hidden files."""
    found = {}
    for file in visible_files(folder):
        if file.name != "manifest.json":
            found[file.name] = file_sha256(file)
    return found


def check_folder(folder: str | Path) -> None:
    """Compare a model folder with the checksums in its manifest; a folder without them (from a hub, say) passes.

    Raises ValueError (one line with the file) for a file that is missing or not what was written, and for one that was
    added and that a loader might read.
    """
    folder = Path(folder)
    if not (folder / "manifest.json").exists():
        return
    files = read_mapping(folder / "manifest.json").get("files", {})
    if not isinstance(files, dict):
        raise ValueError(f"{folder / 'manifest.json'}: not the manifest of a model; delete the folder and rerun")
    found = checksums(folder) if files else {}
    for name, expected in files.items():
        if found.get(name) != expected:
            what = "changed or cut off since it was written" if name in found else "missing"
            raise ValueError(f"{folder / name}: {what}; delete the folder and rerun")
    if files and (added := sorted(name for name in found.keys() - files.keys() if Path(name).suffix in READ)):
        raise ValueError(
            f"{folder / added[0]}: added since the model was written, so nothing vouches for it; remove it"
        )


def versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}
