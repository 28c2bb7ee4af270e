"""The languages that Vernacular knows: code, name, script, endonym (`resources/languages.yaml`)."""

from functools import cache

from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml

ENGLISH = "en"
LANGUAGES = resource("languages.yaml")


@cache
def load_languages() -> dict[str, dict[str, str]]:
    """By ISO 639-1 code: `name` (English), `script` (ISO 15924), `flores` (FLORES-200), `endonym`; in file order."""
    return read_yaml(LANGUAGES)


def check_language(code: str) -> str:
    """The code itself; ValueError (one line) where Vernacular does not know it."""
    if code not in load_languages():
        raise ValueError(f"unknown language '{code}'; known: {' '.join(load_languages())} (resources/languages.yaml)")
    return code
