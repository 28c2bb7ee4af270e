"""Options of merges of weights."""

from dataclasses import dataclass

from vernacular.storage.options import Options


@dataclass(frozen=True)
class WeightsOptions(Options):
    """method: `linear`, `ties`, `dare` or `layer-swap` (merge.weights). weights: of the task vectors, one for each
    of the models. density: the share of a task vector that `ties` and `dare` keep. layers: those that are swapped,
    counted from 0."""

    method: str
    weights: list[float] | None = None
    density: float | None = None
    layers: list[int] | None = None
