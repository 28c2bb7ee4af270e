"""What the language identifier is told."""

from dataclasses import dataclass

from vernacular.storage.options import Options


@dataclass(frozen=True)
class IdentifierOptions(Options):
    """Arguments of LanguageIdentifier: candidate languages (ISO 639-1), another fastText model, when to abstain."""

    languages: list[str]
    model: str | None = None
    certainty: float = 0.5
    min_letters: int = 5
