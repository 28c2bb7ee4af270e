"""Languages in the names of tasks: `mgsm_native_cot_bn`, `afrimgsm_direct_amh`, `mgsm:fr`, `belebele_amh_Ethi`."""

import re
from functools import cache

from vernacular.language.detectors import short_codes
from vernacular.language.languages import load_languages
from vernacular.language.nameable import known_codes

_BETWEEN = re.compile(r"[\W_]+")


@cache
def _names() -> dict[str, str]:
    """Code of two or three letters, or English name -> the code of a language that the identifier can name."""
    known = known_codes()
    found = {code: code for code in known}
    found |= {name: code for name, code in short_codes().items() if code in known and len(name) == 3}
    for code, about in load_languages().items():
        found |= dict.fromkeys((about["flores"][:3], about["name"].casefold()), code)
    return found


def language_in(name: str) -> str | None:
    """The language that a task's name names last; None where it names none."""
    parts = [part.casefold() for part in _BETWEEN.split(name)]
    return next((_names()[part] for part in reversed(parts) if part in _names()), None)


def without_language(name: str) -> str:
    """The name of a task without its language, which the tasks of a benchmark share."""
    parts = _BETWEEN.split(name)
    place = next((at for at in reversed(range(len(parts))) if parts[at].casefold() in _names()), None)
    if place is None:
        return name
    is_script = place + 1 < len(parts) and re.fullmatch("[A-Z][a-z]{3}", parts[place + 1])
    return "_".join(parts[:place] + parts[place + (2 if is_script else 1) :])
