"""The key `track`: whether the package that it needs is there."""

from importlib.util import find_spec
from typing import Any

from vernacular.study.schema import StudyError

PACKAGES = {"tensorboard": ("tensorboard", "tensorboardX"), "trackio": ("trackio",), "wandb": ("wandb",)}


def check_tracker(study: dict[str, Any]) -> None:
    """Raises StudyError where no package of the tracker can be imported."""
    tracker = study.get("track")
    if tracker and not any(find_spec(package) for package in PACKAGES[tracker]):
        raise StudyError(f"track: '{tracker}' is not installed here; pip install {tracker}, or leave `track` out")
