"""Model folders: their checksums, and how models are loaded from them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vernacular.storage.files import read_json

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
            with file.open("rb") as handle:
                found[file.name] = hashlib.file_digest(handle, "sha256").hexdigest()
    return found


def check_folder(folder: str | Path) -> None:
    """Compare a model folder with the checksums in its manifest; a folder without them (from a hub, say) passes.

    Raises ValueError (one line with the file) for a file that is missing or not what was written.
    """
    folder = Path(folder)
    if not (folder / "manifest.json").exists():
        return
    found = checksums(folder)
    for name, expected in read_json(folder / "manifest.json").get("files", {}).items():
        if found.get(name) != expected:
            what = "changed or cut off since it was written" if name in found else "missing"
            raise ValueError(f"{folder / name}: {what}; delete the folder and rerun")


def load_model(
    folder: str | Path, dtype: str = "auto", device: str | None = None, quantization_config: Any = None
) -> tuple[Any, Any]:
    """(model in evaluation mode, tokenizer padding on the left). dtype: see `torch_dtype`; errors: see `loading`.

    device: by default a GPU if there is one. A trainer loads to the CPU, since no single GPU may hold all of a model
    that several processes share. quantization_config: of Transformers.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    options = {"quantization_config": quantization_config, "device_map": {"": device}} if quantization_config else {}
    with loading(folder):
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch_dtype(dtype), trust_remote_code=False, **options
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", trust_remote_code=False)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.eval()
    return model if quantization_config else model.to(device), tokenizer


@contextmanager
def loading(folder: str | Path) -> Iterator[None]:
    """Check a model folder, then load it inside this context: a broken one becomes a ValueError of one line."""
    from safetensors import SafetensorError

    check_folder(folder)
    try:
        yield
    except (ValueError, OSError, KeyError, SafetensorError) as error:
        what = " ".join(str(error).split())[:300]
        raise ValueError(f"{folder}: the model cannot be loaded ({what}); make it again") from None


def torch_dtype(name: str) -> Any:
    """`float32`, `bfloat16`, or `auto`: bfloat16 if the processor computes in it, else float32."""
    import torch

    if name == "auto":
        return torch.bfloat16 if computes_bfloat16() else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def computes_bfloat16() -> bool:
    """Whether there is a GPU, or a CPU with instructions for it; others emulate it, ten times slower than float32."""
    import torch

    cpu = torch.cpu.get_capabilities()
    return torch.cuda.is_available() or any(cpu.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
