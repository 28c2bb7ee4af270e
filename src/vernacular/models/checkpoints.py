"""Weights of a training after chosen steps: saved while it runs, and turned into model folders afterwards.

Adapters where there are any, since they are small next to the model; else all weights.
"""

import shutil
from pathlib import Path
from typing import Any

from vernacular.models.folders import load_model
from vernacular.models.job import CHECKPOINTS
from vernacular.models.provenance import visible_files
from vernacular.models.sound import check_weights
from vernacular.storage.files import atomic_folder, link_or_copy

ADAPTER = "adapter_config.json"


def copy_weights(checkpoint: Path, folder: Path) -> None:
    """Copy the weights out of a checkpoint, since the trainer keeps only the last ones."""
    is_adapter = (checkpoint / ADAPTER).exists()
    with atomic_folder(folder / checkpoint.name.replace("checkpoint", "step")) as copies:
        for name in [ADAPTER, "adapter_model.safetensors"] if is_adapter else weight_files(checkpoint):
            shutil.copyfile(checkpoint / name, copies / name)


def weight_files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("model*.safetensors*"))


def take_checkpoint(model: Path, parent: Path | None, step: int, out: Path) -> None:
    """Write the model folder that a training would have left after `step`; at step 0 it is `model` itself.

    model: the trained model, with the weights of that step in its folder; parent: the model it was trained from.
    Raises ValueError if the weights of that step were not saved.
    """
    weights = model / CHECKPOINTS / f"step-{step}"
    is_adapter = (weights / ADAPTER).exists()
    if step and not is_adapter and not weight_files(weights):
        raise ValueError(f"{weights}: the weights of this step were not saved; delete {model} and train it again")
    with atomic_folder(out) as folder:
        if step and is_adapter:
            from peft import PeftModel

            # As at the end of a training (parents.train_and_save): the adapter is merged with its own scale.
            base, tokenizer = load_model(parent or "", "auto")
            whole: Any = PeftModel.from_pretrained(base, weights).merge_and_unload()  # type: ignore[operator]
            check_weights(weights, whole.named_parameters())
            whole.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
            return
        left_out = ["manifest.json", *(weight_files(model) if step else [])]
        files = [path for path in visible_files(model) if path.name not in left_out]
        for path in [*files, *(weights / name for name in weight_files(weights) if step)]:
            link_or_copy(path, folder / path.name)
