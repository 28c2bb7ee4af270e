"""Options of the stages that answer questions and summarise scores."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from vernacular.storage.options import Options


@dataclass(frozen=True)
class GenerationOptions(Options):
    """How questions are answered; temperature 0 decodes greedily. The keys are those of `evaluations`; prompts:
    as language.prompts.prompt_set takes it."""

    languages: list[str]
    max_new_tokens: int
    samples: int = 1
    temperature: float = 0.0
    batch_tokens: int = 32768
    questions: int | None = None
    questions_en: int | None = None
    split: str = "test"
    dtype: str = "auto"
    decoding: str = "plain"
    engine: str | None = None
    prompts: dict[str, Any] | None = None


@dataclass(frozen=True)
class SummaryOptions(Options):
    """What tables and figures need in addition to scores.

    asked: `<label>/<benchmark>` -> {languages, questions, questions_en}: what this summary takes of a score file, which
    may hold more for another one. draws: of the bootstrap.
    """

    asked: dict[str, dict[str, Any]]
    study: str
    scale: str
    draws: int
    in_domain: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ClaimsOptions(Options):
    """draws: of the tests over problems; in_domain: `<label>/<benchmark>` -> languages; chains: model -> the trainings
    that it takes; families: paper -> how many claims the file has of it; evaluated: labels of the whole study, trained:
    those that a training made; complete: whether all its evaluations are summarised here."""

    ordered: ClassVar[bool] = True

    study: str
    draws: int
    in_domain: dict[str, list[str]]
    chains: dict[str, list[str]]
    families: dict[str, int]
    evaluated: list[str]
    trained: list[str]
    complete: bool


@dataclass(frozen=True)
class RegimeOptions(Options):
    """asked: as SummaryOptions has it; in_domain: `<label>/<benchmark>` -> languages."""

    study: str
    asked: dict[str, dict[str, Any]]
    in_domain: dict[str, list[str]]


@dataclass(frozen=True)
class EvidenceOptions(Options):
    """asked: as SummaryOptions has it; config: a hash of the configuration without its seeds and its name."""

    asked: dict[str, dict[str, Any]]
    config: str
