"""What is known of languages: name, script, endonym. Of 23 `resources/languages.yaml` says it, of all others Babel."""

from functools import cache

from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml

ENGLISH = "en"
LANGUAGES = resource("languages.yaml")
KEYS = ("name", "script", "flores", "endonym")
# What data sets call a language that CLDR knows by another name, or by another code than identifiers do.
_CALLED = {"North Macedonian": "mk", "tgl": "tl", "fil": "tl", "nob": "no", "fuv": "ff", "pbt": "ps"}


@cache
def load_languages() -> dict[str, dict[str, str]]:
    """By ISO 639-1 code: `name` (English), `script` (ISO 15924), `flores` (FLORES-200), `endonym`; in file order.

    Raises ValueError (one line) for an entry that lacks one of them.
    """
    found = read_yaml(LANGUAGES)
    for code, entry in found.items():
        if missing := [key for key in KEYS if not (entry or {}).get(key)]:
            raise ValueError(f"{LANGUAGES}: '{code}': the key '{missing[0]}' is missing; write {', '.join(KEYS)}")
    return found


@cache
def about(code: str) -> dict[str, str]:
    """`name`, `script` and `endonym` of a language, and `flores` where languages.yaml has it.

    Of other languages they come from Unicode's CLDR (Babel): the script is the one that most writers use. Raises
    ValueError (one line) for a code that neither knows.
    """
    if code in load_languages():
        return load_languages()[code]
    # Takes 0.2 s, and most studies need none of it.
    from babel import Locale, UnknownLocaleError
    from babel.core import get_global

    likely, names = get_global("likely_subtags").get(code, ""), Locale("en").languages
    if code not in names or likely.count("_") != 2:
        raise ValueError(f"unknown language '{code}'; give its ISO 639 code, for instance {' '.join(load_languages())}")
    try:
        endonym = Locale(code).language_name
    except UnknownLocaleError:
        endonym = None
    return {"name": names[code], "script": likely.split("_")[1], "endonym": endonym or names[code]}


@cache
def code_of(label: str) -> str | None:
    """The code of the language that a data set calls by its English name (`North Macedonian`), ISO 639-3 (`swa`),
    FLORES-200 (`swh_Latn`), or a code with a country (`pt-br`).

    None where nobody knows it, and for another script than about() gives (`hin_Latn`, `zho_Hant`, `zh-tw`): a study
    has one text in a language.
    """
    for code, entry in load_languages().items():
        if label in (code, entry["name"], entry["flores"]):
            return code
    # Takes 0.2 s, and most studies need none of it.
    from babel import Locale
    from babel.core import get_global

    names = {name: code for code, name in Locale("en").languages.items()}
    known, _, rest = label.replace("-", "_").partition("_")
    code = _CALLED.get(label) or _CALLED.get(known) or names.get(label) or known
    if len(code) > 2 or not is_language(code):
        code = get_global("language_aliases").get(code, code)
    if not is_language(code):
        return None
    script = usual = about(code)["script"]
    if len(rest) == 4:
        # Of ours, languages.yaml names the one variant in FLORES-200 (not `arb_Latn`).
        script = rest if code not in load_languages() else ""
    elif rest:
        script = get_global("likely_subtags").get(f"{code}_{rest.upper()}", f"_{usual}_").split("_")[1]
    return code if script == usual else None


def check_language(code: str) -> str:
    """The code itself; ValueError (one line) where nobody knows it."""
    about(code)
    return code


def is_language(code: str) -> bool:
    try:
        return bool(about(code))
    except ValueError:
        return False


def name_of(code: str) -> str:
    """The English name of a language; the code itself where nobody knows it."""
    return about(code)["name"] if is_language(code) else code
