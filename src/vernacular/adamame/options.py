"""Options of the stage that chooses GRPO's prompts."""

from dataclasses import dataclass
from typing import Any

from vernacular.storage.options import Options


@dataclass(frozen=True)
class PromptsOptions(Options):
    """The section `rl` of the configuration: questions of a benchmark whose id hashes into `hash_range` [low, high),
    each in one of `languages`; `candidates` samples of each, decoded as the other keys say. prompt_tokens: the most of
    a prompt (None: no limit); prompts: as language.prompts.prompt_set takes it."""

    benchmark: str
    languages: list[str]
    hash_range: list[float]
    candidates: int
    temperature: float
    max_new_tokens: int
    batch_tokens: int
    engine: str | None = None
    prompt_tokens: int | None = None
    prompts: dict[str, Any] | None = None


@dataclass(frozen=True)
class FunctionsOptions(Options):
    """A GRPO model's own schedule and match (None: a shipped one) and rewards, as `file.py:function`; `steps` of its
    training; `code`: a hash of the files that hold them and of those that they import."""

    schedule: str | None
    match: str | None
    rewards: list[str]
    steps: int
    code: str
