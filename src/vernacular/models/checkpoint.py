"""A model folder of a training's earlier step, from the weights that were kept of it (models/kept.py)."""

from pathlib import Path
from typing import Any

from vernacular.models.kept import ADAPTER, weights_of
from vernacular.models.training import KEPT
from vernacular.storage.files import atomic_folder, link_or_copy


def take_checkpoint(model: Path, parent: Path | None, step: int, out: Path) -> None:
    """Write the model folder that a training would have left after `step`; at step 0 it is `model` itself.

    model: what was trained, with the kept weights in its folder; parent: what it was trained from.
    Raises ValueError where that step was not kept.
    """
    kept = model / KEPT / f"step-{step}"
    if step and not (kept / ADAPTER).exists() and not weights_of(kept):
        raise ValueError(f"{kept}: no weights were kept of this step; delete {model} and train it again")
    with atomic_folder(out) as folder:
        if step and (kept / ADAPTER).exists():
            save_merged(parent, kept, folder)
            return
        for path in sorted(model.iterdir()):
            if path.is_file() and path.name[0] != "." and path.name != "manifest.json":
                link_or_copy(path, folder / path.name)
        if step:
            for name in weights_of(folder):
                (folder / name).unlink()
            for name in weights_of(kept):
                link_or_copy(kept / name, folder / name)


def save_merged(parent: Path | None, adapter: Path, folder: Path) -> None:
    """As at the end of a training (models/lora.py): the adapter is merged with its own scale."""
    from peft import PeftModel

    from vernacular.models.load import load_model

    base, tokenizer = load_model(parent or "", "auto")
    whole: Any = PeftModel.from_pretrained(base, adapter).merge_and_unload()  # type: ignore[operator]
    whole.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
