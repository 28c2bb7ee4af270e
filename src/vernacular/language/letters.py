"""The letters of texts, script by script: they alone identify most languages.

All texts of a batch are examined together, as one array of code points.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Literal

import numpy as np

from vernacular.language.languages import about

# Classes of letters, as ranges of code points. A letter of no class is `Other`; digits, marks and signs are nothing.
# `Urd` are the letters that, of the languages in Arabic script, Urdu alone needs; `Asm`, those of Assamese; `Hans`
# and `Shin`, the characters that only Chinese or only Japanese writes, come from the two countries' character sets.
_RANGES = {
    "Latn": "41-5A 61-7A AA BA C0-D6 D8-F6 F8-2AF 1E00-1EFF FB00-FB06 FF21-FF3A FF41-FF5A",
    "Cyrl": "400-481 48A-52F",
    "Arab": "620-64A 66E-6D3 6D5 6FA-6FF 750-77F FB50-FDFB FE70-FEFC",
    "Beng": "980-9E3 9F0-9FE",
    "Deva": "900-963 971-97F",
    "Telu": "C00-C63 C77-C7F",
    "Thai": "E01-E3A E40-E4E",
    "Grek": "370-37D 386 388-3E1 1F00-1FFC",
    "Hang": "1100-11FF 3131-318E AC00-D7A3",
    "Kana": "3041-3096 309D-309F 30A1-30FA 30FC-30FF 31F0-31FF FF66-FF9D",
    "Han": "3005 3007 3400-4DBF 4E00-9FFF F900-FAFF",
    "Urd": "679 688 691 6BA 6C1 6D2 6D3",
    "Asm": "9F0 9F1",
    # Scripts of languages outside languages.yaml
    "Armn": "531-556 561-587",
    "Hebr": "5D0-5EA 5F0-5F2",
    "Guru": "A05-A39 A59-A5E A72-A74",
    "Gujr": "A85-AB9 AE0 AE1",
    "Orya": "B05-B39 B5C-B61 B71",
    "Taml": "B83-BB9",
    "Knda": "C85-CB9 CDE-CE1",
    "Mlym": "D05-D3A D5F-D61 D7A-D7F",
    "Sinh": "D85-DC6",
    "Laoo": "E81-EB0 EB2-EB3 EBD-EC6 EDC-EDF",
    "Tibt": "F40-F6C",
    "Mymr": "1000-102A 103F 1050-1055",
    "Geor": "10A0-10FA 10FC-10FF 1C90-1CBF",
    "Ethi": "1200-135A",
    "Khmr": "1780-17B3 17DC",
}
CLASSES = ["", "Mark", "Other", *_RANGES, "Hans", "Shin"]
# Scripts in which one language is written, or one far more than others (Hebrew than Yiddish, Amharic than Tigrinya).
_ONLY = {
    "Telu": "te", "Thai": "th", "Grek": "el", "Hang": "ko", "Armn": "hy", "Hebr": "he", "Guru": "pa", "Gujr": "gu",
    "Orya": "or", "Taml": "ta", "Knda": "kn", "Mlym": "ml", "Sinh": "si", "Laoo": "lo", "Tibt": "bo", "Mymr": "my",
    "Geor": "ka", "Ethi": "am", "Khmr": "km",
}  # fmt: skip
# Scripts of several languages: languages.yaml's name -> ours
SHARED = {
    "Latn": "Latn", "Cyrl": "Cyrl", "Arab": "Arab", "Deva": "Deva", "Beng": "Beng", "Hans": "Han", "Jpan": "Han"
}  # fmt: skip
_SCRIPTS = ["Other", *dict.fromkeys(SHARED.values()), *_ONLY]
_PART_OF = {"Urd": "Arab", "Asm": "Beng", "Kana": "Han", "Hans": "Han", "Shin": "Han"}
_MEMBERS = np.array([[_PART_OF.get(name, name) == script for script in _SCRIPTS] for name in CLASSES], dtype=float)
# How much writing a letter stands for: a Han character is worth about three Latin letters, a syllable two.
LATIN, MARK, _HANS = (CLASSES.index(name) for name in ("Latn", "Mark", "Hans"))
WEIGHTS = np.array(
    [{"": 0, "Mark": 0, "Han": 3, "Hans": 3, "Shin": 3, "Kana": 2, "Hang": 2}.get(name, 1) for name in CLASSES]
)
# How much it tells: where a script has one language, or few, a letter tells more.
TELLS = np.array(
    [{"": 0, "Mark": 0}.get(name, 1 if _PART_OF.get(name, name) in ("Latn", "Cyrl", "Arab") else 3) for name in CLASSES]
)
_SHARE = 0.7  # of the writing that a script must hold to decide
_ASTRAL_HAN, _ASTRAL = 0x10000, 0x10001  # the two places of the table for what lies beyond the basic plane
_STOP, _FULL_STOP, _BLANK = 1, 2, 4  # what ends a sentence before a blank, what does anywhere, blanks
# Thai ends a sentence with a blank; so does a Latin sentence that follows, but not a name or a unit.
_THAI_END = re.compile("(?<=[\u0e00-\u0e7f]) (?=[A-Za-zªº\u00c0-\u024f\u1e00-\u1eff]{1,30} [a-zß-ɏ])")
_THAI = CLASSES.index("Thai")
# Texts in which a letter may be written in two ways: with marks, in Hangul, in scripts with marks among their letters.
_COMPOSED = np.array([name not in ("", "Latn", "Cyrl", "Thai", "Kana", "Han", "Hans", "Shin") for name in CLASSES])
_JOINERS = re.compile("(?<![\u0620-\u06ff])[\u200c\u200d]")  # within words; Persian spells with them

_MOST_MARKS = 30  # on one letter: the limit of UAX #15's stream-safe text, which no language comes near
_MARKS = re.compile(rf"([^\x00-\x7f\w\s]{{{_MOST_MARKS}}})[^\x00-\x7f\w\s]+")  # every combining mark, and signs


def normalise(form: Literal["NFC", "NFKC"], text: str) -> str:
    """Unicode's composed form; of a run of over 30 marks or signs the first 30.

    Python sorts the marks on a letter one by one, so 100,000 of them, in no order, would take ten seconds.
    """
    return unicodedata.normalize(form, text if text.isascii() else _MARKS.sub(r"\1", text))


@cache
def _table() -> np.ndarray:
    """Code point -> class."""
    kinds = {"L": "Other", "M": "Mark"}
    names = [kinds.get(unicodedata.category(chr(code))[0], "") for code in range(0x10002)]
    table = np.array([CLASSES.index(name) for name in names], dtype=np.uint8)
    for name, ranges in _RANGES.items():
        for part in ranges.split():
            low, _, high = part.partition("-")
            table[int(low, 16) : int(high or low, 16) + 1] = CLASSES.index(name)
    han = "".join(map(chr, range(0x4E00, 0xA000)))
    chinese, japanese, traditional = (
        set(han.encode(name, "ignore").decode(name)) for name in ("gb2312", "cp932", "big5")
    )
    table[[ord(letter) for letter in chinese - japanese]] = CLASSES.index("Hans")
    table[[ord(letter) for letter in japanese - chinese - traditional]] = CLASSES.index("Shin")
    table[[0x200C, 0x200D]] = CLASSES.index("Mark")  # joiners occur within words
    table[_ASTRAL_HAN], table[_ASTRAL] = CLASSES.index("Han"), 0
    return table


def classify(text: str) -> tuple[np.ndarray, np.ndarray]:
    """(code points, uint32; places in CLASSES, uint8) of a text's characters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    places = codes
    if codes.max(initial=0) > 0xFFFF:
        han = (codes >= 0x20000) & (codes < 0x32000)
        places = np.where(codes > 0xFFFF, np.where(han, _ASTRAL_HAN, _ASTRAL), codes)
    return codes, _table()[places]


def count_letters(texts: Sequence[str], mark_ends: bool = False) -> tuple[np.ndarray, list[str]]:
    """((texts, classes) counts of letters; the letters of the texts).

    Letters are composed (NFC), without the joiners that occur within words. Whatever is not a letter is a blank, and a
    line feed where a sentence ends if `mark_ends`.
    """
    whole = "\0".join(texts)
    codes, classes = classify(whole)
    borders = np.cumsum([len(text) + 1 for text in texts], dtype=np.int64) - 1
    owner = np.repeat(np.arange(len(texts)) * len(CLASSES), np.diff(borders, prepend=-1))[: len(codes)]
    counts = np.bincount(owner + classes, minlength=len(texts) * len(CLASSES)).reshape(len(texts), len(CLASSES))
    letters = np.where(classes == 0, np.uint32(32), codes)
    if mark_ends:
        ends = _ends()[np.minimum(codes, 0xFFFF)]
        letters[:-1][((ends[:-1] & _STOP) > 0) & ((ends[1:] & _BLANK) > 0)] = 10
        letters[(ends & _FULL_STOP) > 0] = 10
        if counts[:, _THAI].any():
            letters[[match.start() for match in _THAI_END.finditer(whole)]] = 10
    letters[borders[:-1]] = 0
    found = letters.tobytes().decode("utf-32-le")
    if "\u200c" in found or "\u200d" in found:
        found = _JOINERS.sub("", found)
    split = found.split("\0") if texts else []
    for place in np.flatnonzero(counts @ _COMPOSED).tolist():
        split[place] = normalise("NFC", split[place])
    return counts.astype(float), split


def letters_of_script(letter: str) -> list[str]:
    """All letters of the script of a letter."""
    script = CLASSES[_table()[ord(letter)]]
    inside = np.isin(_table(), [place for place, name in enumerate(CLASSES) if _PART_OF.get(name, name) == script])
    return [chr(code) for code in np.flatnonzero(inside)]


@cache
def _ends() -> np.ndarray:
    """Code point -> what it does at the end of a sentence."""
    table = np.zeros(0x10000, dtype=np.uint8)
    table[[code for code in range(0x10000) if chr(code).isspace()]] = _BLANK
    table[[ord(sign) for sign in ".!?;:"]] |= _STOP
    table[[ord(sign) for sign in "\n。！？；।۔"]] |= _FULL_STOP
    return table


def unnamed_script(language: str) -> str | None:
    """Why no text in a language is ever named so, by the script that it is written in; None where it can be."""
    script = about(language)["script"]
    ours = SHARED.get(script, {"Kore": "Hang", "Hant": "Han"}.get(script, script))
    others = [_ONLY[ours]] if ours in _ONLY else ["zh", "ja"] if ours == "Han" else []
    if language in others or ours in SHARED.values() and not others:
        return None
    return f"texts in its script are taken for '{others[0]}'" if others else f"its script, {script}, is not known"


def own_classes(script: str) -> np.ndarray:
    """(classes,) bool: the letters of a script of languages.yaml; kana are Japanese alone, simplified ones Chinese."""
    ours = SHARED.get(script, {"Kore": "Hang"}.get(script, script))
    own = np.array([_PART_OF.get(name, name) == ours for name in CLASSES])
    if not own.any():
        own[CLASSES.index("Other")] = True
    if script == "Hans":
        own[CLASSES.index("Kana")] = False
    if script == "Jpan":
        own[_HANS] = False
    return own


def decide_by_script(counts: np.ndarray) -> list[str | None]:
    """From (texts, classes) counts: a language where the letters alone decide, else the shared script (`Latn`, `Cyrl`,
    `Arab`, `Deva`, `Beng`, `Han`) that holds the text, else None: mixed, of no known script, or empty.
    """
    weights = counts * WEIGHTS
    scripts, total = weights @ _MEMBERS, weights.sum(axis=1)
    answers = np.array(_SCRIPTS, dtype=object)[scripts.argmax(axis=1)]
    answers[(scripts.max(axis=1) < _SHARE * total) | (total == 0) | (answers == "Other")] = None
    for script, language in _ONLY.items():
        answers[answers == script] = language
    of = {name: weights[:, place] for place, name in enumerate(CLASSES)}
    # Enough kana makes it Japanese; simplified characters without any kana cannot be.
    answers[(answers == "Han") & (of["Kana"] + of["Shin"] >= 0.1 * total) & (20 * of["Hans"] <= total)] = "ja"
    answers[(answers == "Han") & (of["Kana"] == 0) & (of["Shin"] == 0) & (of["Hans"] > 0)] = "zh"
    answers[(answers == "Arab") & (of["Urd"] > 0) & (20 * of["Urd"] >= total)] = "ur"
    answers[(answers == "Beng") & (of["Asm"] > 0) & (30 * of["Asm"] >= total)] = "as"
    return answers.tolist()


# Words and characters that, in a run without kana, only Chinese has: simplified or not, they are not Japanese.
_CHINESE = re.compile(
    "几|所以|因為|因此|如果|但是|然後|我們|一共|總共|每[個天人次]|等於|剩下|首先|其中|或者|就是|可以|[你您她它們嗎呢吧啊麼這哪很沒讓找錢說个]"
    "|是(?![非正認])|他(?![人方社国國者力界店校県府市町村部局所薬殺愛言動山意種用項])|(?<![終完修満滿魅校未])了(?![解承見知])"
    "|[解求算]得|得[到出]|再[加減乘除]|除以|乘以|乘上|還[有剩是要需]|比.{1,5}[多少][0-9一二三四五六七八九十兩]|答案[是為]|請[你再問先]|怎|那[麼些天個]|里[的有面]|裡|因此|由此|可知|打.{1,2}折|哥哥|姐姐|弟弟|妹妹|爸爸|媽媽|爺爺|奶奶|老師|先[算看把]"
)


def chinese_signs(text: str) -> int:
    """How many words or characters of a text only Chinese writes: 0 for most Japanese, and for headings of either."""
    return len(_CHINESE.findall(text)) + int((classify(text)[1] == _HANS).sum())


def writing_of(words: Sequence[str]) -> list[tuple[str, float]]:
    """For each word its script, and how much writing it is; `Kana`, `Hans` and `Shin` count separately from `Han`."""
    weights = count_letters(words)[0] * WEIGHTS
    total = weights.sum(axis=1)
    telling = np.array([name in ("Kana", "Hans", "Shin") for name in CLASSES])
    most = np.where(telling & (weights > 0), weights + total[:, None], weights).argmax(axis=1).tolist()
    names = [name if telling[place] else _PART_OF.get(name, name) for place, name in enumerate(CLASSES)]
    return [(names[place], weight) for place, weight in zip(most, total.tolist(), strict=True)]
