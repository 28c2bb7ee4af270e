"""Options of SLAM's probe and of its choice of layers."""

from dataclasses import dataclass

from vernacular.storage.options import Options

RULES, MEASURES = ("leading", "threshold", "highest", "random", "top"), ("msd", "msd_neurons")


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
    """Layers by number, counted from 0, or the rule that chooses them.

    choose: `leading`, the run of layers from the first on whose MSD is at least `threshold` times the highest;
    `threshold`, every such layer; `highest`, the `count` layers of the highest MSD (ties: the lower layer); and two
    controls of `count` layers, by default as many as `leading` finds: `random` (it may hit layers that another rule
    chooses) and `top`, the uppermost layers. by: `msd` or `msd_neurons`.
    """

    layers: list[int] | None = None
    choose: str = "leading"
    by: str = "msd"
    threshold: float = 0.5
    count: int | None = None


def check_rule(rule: SelectionOptions) -> None:
    """Raises ValueError (the key, and what it may be) for a rule that cannot be followed."""
    choose, count = rule.choose, rule.count
    if choose not in RULES:
        raise ValueError(f"choose: '{choose}' is not a rule; choose from: {', '.join(RULES)}")
    if rule.by not in MEASURES:
        raise ValueError(f"by: '{rule.by}' is not a measure of the probe; choose from: {', '.join(MEASURES)}")
    if not 0 < rule.threshold <= 1:
        raise ValueError(f"threshold: {rule.threshold} must be more than 0 and at most 1 (the highest MSD)")
    if count is None and choose == "highest":
        raise ValueError("count: `highest` needs it; say how many layers to choose")
    if count is not None and choose in ("leading", "threshold"):
        raise ValueError(f"count: `{choose}` chooses by the threshold, not by a number; set count: null")
    if count is not None and not (isinstance(count, int) and count >= 1):
        raise ValueError(f"count: {count} chooses no layer; it must be a whole number of at least 1")
