"""The languages that Vernacular knows: code, name, script, endonym (`resources/languages.yaml`).

Of others that the identifier can name it knows the script alone (`resources/other_scripts.yaml`): their completions can
be judged and scored, but there is no phrasebook to make questions of.
"""

from functools import cache

from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml

ENGLISH = "en"
LANGUAGES = resource("languages.yaml")


@cache
def load_languages() -> dict[str, dict[str, str]]:
    """By ISO 639-1 code: `name` (English), `script` (ISO 15924), `flores` (FLORES-200), `endonym`; in file order."""
    return read_yaml(LANGUAGES)


@cache
def scripts() -> dict[str, str]:
    """The script (ISO 15924) of each language that the identifier can name: languages.yaml's, other_scripts.yaml's."""
    own = {code: about["script"] for code, about in load_languages().items()}
    others = {
        code: script for script, codes in read_yaml(resource("other_scripts.yaml")).items() for code in codes.split()
    }
    return own | others


def check_language(code: str) -> str:
    """The code itself; ValueError (one line) where the identifier cannot name such a language."""
    if code not in scripts():
        raise ValueError(f"unknown language '{code}'; known: {' '.join(scripts())}")
    return code
