"""The weights of a training after some of its steps, kept beside the final ones.

Adapters where there are any, which are small beside the model, else all weights.
"""

import shutil
from pathlib import Path

from vernacular.storage.files import atomic_folder

ADAPTER = "adapter_config.json"


class KeptWeights:
    """Copies the weights of chosen steps out of the checkpoints, of which the trainer keeps the last ones alone.

    A state that checkpoints keep (models/training.py), so that a checkpoint which is whole has been copied.
    """

    def __init__(self, folder: Path, steps: list[int]) -> None:
        self.folder, self.steps = folder, steps

    def save(self, folder: Path) -> None:
        if int(folder.name.split("-")[1]) not in self.steps:
            return
        adapter = folder / ADAPTER
        names = [ADAPTER, "adapter_model.safetensors"] if adapter.exists() else weights_of(folder)
        with atomic_folder(self.folder / folder.name.replace("checkpoint", "step")) as kept:
            for name in names:
                shutil.copyfile(folder / name, kept / name)

    def load(self, folder: Path) -> None:
        """What was kept before stays where it is."""


def weights_of(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("model*.safetensors*"))
