"""Which languages the identifier can name at all."""

from collections.abc import Container, Iterable

from vernacular.language.detectors import bundled_model, load_fasttext
from vernacular.language.languages import about, load_languages
from vernacular.language.letters import unnamed_script
from vernacular.language.words import PLACES


def cannot_name(code: str) -> str:
    """What an error says of a language that no text would be told to be in."""
    return f"the identifier cannot name '{code}' ({about(code)['name']}), so every trace in it would fail"


def has_name(code: str, labels: Container[str]) -> bool:
    """Whether a fastText model of these labels names a language, or the common words one outside languages.yaml."""
    return code in labels or (code in PLACES and code not in load_languages())


def known_codes() -> set[str]:
    """The languages that lid.176.ftz or the common words name."""
    return {*load_fasttext(str(bundled_model()))[1].values(), *(code for code in PLACES if "-" not in code)}


def check_named(languages: Iterable[str]) -> None:
    """Raises ValueError (one line) for a language that nothing names, or whose script tells another."""
    labels = {*load_fasttext(str(bundled_model()))[1].values()}
    for code in languages:
        reason = unnamed_script(code) or (None if has_name(code, labels) else "lid.176.ftz has no label for it")
        if reason:
            raise ValueError(f"{cannot_name(code)}: {reason}")
