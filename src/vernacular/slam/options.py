"""Options of SLAM's probe and of its choice of layers."""

from dataclasses import dataclass

from vernacular.storage.options import Options


@dataclass(frozen=True)
class ProbeOptions(Options):
    """Which questions a model reads (`questions`: how many; null for all), and when a neuron counts as active."""

    benchmark: str
    languages: list[str]
    questions: int | None = None
    threshold: float = 0.0
    active_share: float = 0.5
    batch_size: int = 64


@dataclass(frozen=True)
class SelectionOptions(Options):
    """Layers by number, counted from 0, or the rule that chooses them (`choose`, `by`, `threshold`, `count`)."""

    layers: list[int] | None = None
    choose: str = "leading"
    by: str = "msd"
    threshold: float = 0.5
    count: int | None = None
