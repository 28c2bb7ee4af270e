"""Experiment trackers: TensorBoard, Trackio and Weights & Biases show a training's history while it runs.

They change no weight, so they are in no recipe, key or manifest. What they write stays on this machine. Imports none of
them: Transformers' callbacks do (`report_to`).
"""

import os
from pathlib import Path
from typing import Any, NamedTuple


class Tracking(NamedTuple):
    tracker: str  # tensorboard, trackio or wandb
    run: str  # study/model/seed-1
    folder: Path  # of all that the study's trackers write


def prepare(tracking: Tracking, key: str) -> None:
    """Tell the tracker by its environment where to write, and to stay offline, where the user's own says nothing else.

    Trackio stays here whatever the environment says, since jobs ask no hub. key: of the training; a run that was killed
    goes on under the same one. To be called before Transformers is imported.
    """
    study, _, rest = tracking.run.partition("/")
    folder = tracking.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if tracking.tracker == "tensorboard":  # one folder for each run
        os.environ["TENSORBOARD_LOGGING_DIR"] = str(
            Path(os.environ.get("TENSORBOARD_LOGGING_DIR") or folder / "tensorboard", rest)
        )
    elif tracking.tracker == "trackio":
        os.environ.pop("TRACKIO_SPACE_ID", None)
        os.environ.setdefault("TRACKIO_DIR", str(folder / "trackio"))
    else:
        ours = {"WANDB_MODE": "offline", "WANDB_DIR": str(folder), "WANDB_PROJECT": study}
        for name, value in (ours | {"WANDB_RUN_ID": key, "WANDB_RESUME": "allow"}).items():
            os.environ.setdefault(name, value)


def reported(tracking: Tracking | None) -> dict[str, Any]:
    """What a Transformers trainer is told; nothing is reported where there is no tracker."""
    if tracking is None:
        return {"report_to": []}
    return {
        "report_to": [tracking.tracker],
        "run_name": tracking.run,
        "project": tracking.run.partition("/")[0],  # read by Trackio alone
    }
