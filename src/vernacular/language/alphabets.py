"""The alphabets of languages that share a script: which letters of a text a language does not write."""

import re
from functools import cache

from vernacular.language.letters import letters_of_script

_LATIN_ALPHABET = "a-zªº"
# The letters that a language of a shared script writes, those of loan words in its dictionaries included.
_ALPHABETS = {
    "en": _LATIN_ALPHABET,
    "sw": _LATIN_ALPHABET,
    "de": _LATIN_ALPHABET + "äöüß",
    "fr": _LATIN_ALPHABET + "àâæçéèêëîïôœùûüÿ",
    "es": _LATIN_ALPHABET + "áéíñóúü",
    "it": _LATIN_ALPHABET + "àèéìíîòóùú",
    "pt": _LATIN_ALPHABET + "áâãàçéêíóôõúü",
    "nl": _LATIN_ALPHABET + "ëïéèêöüáóäíçĳ",
    "pl": _LATIN_ALPHABET + "ąćęłńóśźż",
    "tr": "a-pr-zªºçğıöşüâîû",  # w and x occur in loan words and in mathematics
    "vi": _LATIN_ALPHABET + "àáâãèéêìíòóôõùúýăđĩũơưạ-ỹ",
    "ru": "а-яё",
    "bg": "а-ъьюяѝ",
    "ar": "\u0621-\u063a\u0640-\u064a\u0671",
    "ur": "\u0621-\u063a\u0640-\u064a\u0671پٹچڈڑژکگںۀہۂۃھیےۓە",
    "hi": "\u0904-\u0932\u0935-\u0939\u093d\u0950\u0958-\u0961",
    "bn": "\u0985-\u09ef",
    # and of those outside languages.yaml that are easily taken for one of it
    "uk": "а-щьюяґєії",
    "be": "а-зй-шыьэюяёіў",
    "sr": "а-ик-шђјљњћџ",
    "mk": "а-ик-шѓѕјљњќџ",
    **dict.fromkeys(["id", "ms", "zu", "xh", "sn", "so", "rw", "la", "jv", "ceb"], _LATIN_ALPHABET),
    "tl": _LATIN_ALPHABET + "ñ",
    "af": _LATIN_ALPHABET + "áéèêëîïôöûü",
    "ca": _LATIN_ALPHABET + "àçèéíïòóúü·",
    "gl": _LATIN_ALPHABET + "áéíïñóúü",
    "ast": _LATIN_ALPHABET + "áéíñóúüḥḷ",
    "da": _LATIN_ALPHABET + "æøåé",
    "no": _LATIN_ALPHABET + "æøåéèêóòôü",
    "sv": _LATIN_ALPHABET + "åäöéàü",
    "fi": _LATIN_ALPHABET + "åäöšž",
    "et": _LATIN_ALPHABET + "äöõüšž",
    "hr": _LATIN_ALPHABET + "čćđšž",
    "sl": _LATIN_ALPHABET + "čšž",
    "ro": _LATIN_ALPHABET + "ăâîșțşţ",
    "hu": _LATIN_ALPHABET + "áéíóöőúüű",
    "az": _LATIN_ALPHABET + "əçğıöşü",
    "crh": "a-vy-zªºâçğıñöşü",
}


@cache
def foreign_letters(language: str) -> re.Pattern[str] | None:
    """Finds lower-case letters of the language's script that its alphabet lacks (ї in Russian); None: no such list."""
    if language not in _ALPHABETS:
        return None
    own = re.compile(f"[{_ALPHABETS[language]}]")
    letters = letters_of_script(_ALPHABETS[language][0])
    return re.compile("[" + "".join(x for x in letters if x.isalpha() and x.lower() == x and not own.match(x)) + "]")


def misspelt(letters: str, language: str) -> int:
    """How many letters of a text the language's alphabet lacks, names aside; 0 where we have no alphabet."""
    foreign = None if letters.isascii() else foreign_letters(language)  # nearly every Latin alphabet has a to z
    if not foreign or not foreign.search(letters.lower()):
        return 0
    first, *others = letters.split()
    return sum(len(foreign.findall(word)) for word in (first.lower(), *others) if word == word.lower())
