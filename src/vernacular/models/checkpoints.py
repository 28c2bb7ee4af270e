"""Weights of a training after chosen steps: saved while it runs, and turned into model folders afterwards.

Adapters where there are any, since they are small next to the model; else all weights.
"""

import shutil
from pathlib import Path
from typing import Any

from vernacular.models.folders import load_model, visible_files
from vernacular.models.job import CHECKPOINTS
from vernacular.storage.files import atomic_folder, link_or_copy

ADAPTER = "adapter_config.json"


class CheckpointWeights:
    """Copies the weights of chosen steps out of the checkpoints, of which the trainer keeps only the last ones.

    A loop.Stateful: a checkpoint that is marked whole has been copied.
    """

    def __init__(self, folder: Path, steps: list[int]) -> None:
        self.folder, self.steps = folder, steps

    def save(self, folder: Path) -> None:
        if int(folder.name.split("-")[1]) not in self.steps:
            return
        adapter = folder / ADAPTER
        names = [ADAPTER, "adapter_model.safetensors"] if adapter.exists() else weight_files(folder)
        with atomic_folder(self.folder / folder.name.replace("checkpoint", "step")) as copies:
            for name in names:
                shutil.copyfile(folder / name, copies / name)

    def load(self, folder: Path) -> None:
        """Copies made before a kill stay where they are."""


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
            save_merged(parent, weights, folder)
            return
        replaced = weight_files(model) if step else []
        for path in visible_files(model):
            if path.name not in ("manifest.json", *replaced):
                link_or_copy(path, folder / path.name)
        for name in weight_files(weights) if step else []:
            link_or_copy(weights / name, folder / name)


def save_merged(parent: Path | None, adapter: Path, folder: Path) -> None:
    """As at the end of a training (parents.merged): the adapter is merged with its own scale."""
    from peft import PeftModel

    base, tokenizer = load_model(parent or "", "auto")
    whole: Any = PeftModel.from_pretrained(base, adapter).merge_and_unload()  # type: ignore[operator]
    whole.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
