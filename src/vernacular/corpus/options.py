"""Options of the stages that make the corpus. `benchmarks`, `data` and `sources` are as in the configuration."""

from dataclasses import dataclass, field
from typing import Any

from vernacular.storage.options import Options


@dataclass(frozen=True)
class QuestionsOptions(Options):
    """Benchmarks whose questions are written, in which languages; sources: name -> {format, folder}, and of the format
    `questions` kind, split and columns, where they are set."""

    benchmarks: dict[str, dict[str, Any]]
    languages: list[str]
    seed: int
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingDataOptions(Options):
    """Parts of one training set, the benchmarks and sources that they draw from, and how they ask."""

    data: list[dict[str, Any]]
    seed: int
    benchmarks: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    prompts: dict[str, Any] | None = None


@dataclass(frozen=True)
class TracesOptions(Options):
    """Real traces: `format` and `languages`. The miniature's: from the training questions of `benchmark`, one of
    `benchmarks`, whose id hashes into `hash_range` [low, high); `flaws`: flaw -> share of the traces; `restate` and
    `check`: shares of longer ones."""

    languages: list[str]
    seed: int
    format: str | None = None
    benchmark: str | None = None
    benchmarks: dict[str, dict[str, Any]] = field(default_factory=dict)
    hash_range: list[float] = field(default_factory=lambda: [0.0, 1.0])
    flaws: dict[str, float] = field(default_factory=dict)
    restate: float = 0.0
    check: float = 0.0


@dataclass(frozen=True)
class FilterOptions(Options):
    """The fewest and the most characters of a trace."""

    shortest: int
    longest: int


@dataclass(frozen=True)
class LeaksOptions(Options):
    """Phrasebook benchmarks that training draws from, benchmarks that are evaluated, and in which splits."""

    benchmarks: dict[str, dict[str, Any]]
    evaluated: list[str]
    splits: list[str]
    seed: int
