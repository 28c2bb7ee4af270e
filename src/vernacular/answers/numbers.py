"""Answers: found in a response, read as exact numbers in the writing of 23 languages, compared with the gold answer.

A plain number is compared exactly here, in microseconds; math-verify (in a worker that can be killed) decides only
where either side is not a plain number. Its own reading of numbers is English: it takes a German 1.250 for 1.25 and a
French 1 250 for 251, and rejects the digits of other scripts, so it would fail answers that are right.
"""

import re
import unicodedata
from collections import deque
from fractions import Fraction
from functools import lru_cache
from itertools import islice

from vernacular.answers.verify_worker import verify

BARE_LENGTH = 80  # characters: a longer text without a box is not an answer (our choice)
BOX_LENGTH = 1000  # characters: anything longer is not a number, and never reaches math-verify (our choice)
DIGITS = 100  # a number with more is refused (our choice)

# Languages whose full stop separates thousands, and those with a comma for decimals and a space for thousands. In all
# others, and where the language is unknown, the comma separates thousands and the stop decimals (Unicode CLDR).
STOP_THOUSANDS = {"de", "el", "es", "id", "it", "nl", "pt", "tr", "vi"}
SPACE_THOUSANDS = {"bg", "fr", "pl", "ru"}

_BOX = re.compile(r"\\boxed\s*\{")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)  # an escaped brace is text

_INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]")
_VARIANTS = str.maketrans("．﹒，﹐،：－−﹣‐‑–＋％﹪٪／⁄（）’＇", "..,,,:------+%%%//()''")
_CURRENCY = r"[$¢£¤¥৲৳฿៛\u20a0-\u20cf﷼﹩＄￠￡￥￦]"
_CURRENCY_SIGN = re.compile(rf"(?<!\d){_CURRENCY}|{_CURRENCY}(?!\d)")  # 5€20 is left alone
_LATEX = [
    (re.compile(r"\\(?:text|math)(?:bf|it|rm|sf|tt|up|normal)?\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\(?:mbox|operatorname|boldsymbol)\s*\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\{([.,])\}"), r"\1"),  # 1{,}250
    (re.compile(r"\^\s*\{?\s*\\(?:circ|degree)\b\s*\}?"), "°"),
    (re.compile(r"\\(?:left|right|displaystyle)(?![A-Za-z])|\\[!()\[\]]"), ""),
    (re.compile(r"\\[,;: ]|\\q?quad(?![A-Za-z])|~"), " "),
    (re.compile(r"\\([$%#&])"), r"\1"),
    (re.compile(r"(?<!\d)\\[dtc]?frac\s*(?:\{([^{}]*)\}\s*\{([^{}]*)\}|(\d)\s*(\d))"), r"\1\3/\2\4"),
]

_RUN = r"(?:(?<![^\s(+:-])\.)?\d(?:[\d.,'٫٬ ]*\d)?"  # digits with separators; .5 too, but Rs.5 is 5
_NUMBER = re.compile(rf"({_RUN})(?:\s*/\s*({_RUN}))?")
_PLAIN = re.compile(rf"[0-9]{{1,{DIGITS}}}")
_GROUPS = re.compile(r"\d+|[1-9]\d{0,2}([.,'٬ ])\d{3}(?:\1\d{3})*|[1-9]\d?(?:,\d\d)+,\d{3}")
_GOLD = re.compile(r"([-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,100})(?:\.[0-9]{1,100})?)(?:/([0-9]{1,100}))?")
_WORD = re.compile(r"[^\W\d_]{3}")
_COMMAND = re.compile(r"\\(?:text|math)[a-z]*\s*\{[^{}]*\}|\\[A-Za-z]+")

# Words after a number that multiply it, in the 23 languages: (power of ten, pattern).
_SCALES = [
    (power, re.compile(unicodedata.normalize("NFC", rf"\s*(?:{words})(?![^\W\d_])")))
    for power, words in [
        (3, r"thousands?|tausend|mille|mila|mil|duizend|tys\.?|tysiąc|tysiące|tysięcy|тыс\.?|тысяч[аи]?|хиляд[аи]|bin"),
        (3, "χίλια|χιλιάδες|nghìn|ngàn|ribu|elfu|हज़ार|हजार|হাজার|వేలు?|ہزار|ألف|آلاف"),
        (6, "millions?|millionen|millón|millones|milhão|milhões|milion[eiy]?|milionów|milioni|miljoen|milyon|mln|juta"),
        (6, "млн|миллион(?:а|ов)?|милиона?|εκατομμύρι[οα]|triệu|مليون|ملايين"),
        (9, "billions?|milliarden?|milliards?|miliard[oiy]?|miljard|milyar|tỷ|tỉ"),
        (9, "млрд|миллиард(?:а|ов)?|милиарда?|مليار"),
        (5, "lakhs?|laki|लाख|লাখ|লক্ষ|లక్షలు?|لاکھ"),
        (7, "crores?|करोड़|কোটি|కోట్లు?|کروڑ"),
    ]
] + [  # written without a space before what follows
    (power, re.compile(rf"\s*(?:{words})"))
    for power, words in [
        (2, r"百(?!分)|(?<=\d)백(?=[만억원명개]|[^가-힣]|$)|ร้อย(?!ละ)"),
        (3, r"千(?![克米瓦卡])|(?<=[\d백])천(?=[만억원명개]|[^가-힣]|$)|พัน(?!ธ)"),
        (4, r"[万萬]|(?<=[\d백천])만(?=[원명개]|[^가-힣]|$)|หมื่น"),
        (5, "แสน"),
        (6, "ล้าน"),
        (8, r"[億亿]|(?<=[\d백천])억(?=[원명개]|[^가-힣]|$)"),
    ]
]
_SCALE_BEFORE = re.compile(r"(?<![^\W\d_])(?:(elfu)|(laki)|(milioni))\s*$")  # Swahili: elfu 5 is 5,000
_NEGATIVE = re.compile(
    r"(?:(?<![^\W\d_])(?:minus|negative|moins|menos|meno|eksi|минус|μείον|âm|hasi)|マイナス|[负負]|마이너스|ลบ|माइनस"
    r"|ऋणात्मक|মাইনাস|ঋণাত্মক|మైనస్|سالب|منفی|ناقص)\s*$"
)
# Words that change a number in a way that is not read here, or belong to a formula.
_REFUSED = frozenset(
    re.findall(
        r"\S+",
        "half demi demie halb halbe einhalb mezzo mezza buçuk rưỡi nusu نصف hundred hundreds hundert honderd yüz trăm"
        " dozen dozens dutzend dozijn douzaine douzaines docena docenas dúzia dúzias dozzina dozzine tuzin tuziny"
        " tuzinów дюжина дюжины дюжин düzine pi sqrt sin cos tan log ln exp mod",
    )
)
_UNIT_LETTERS = frozenset("mglhstdwкгмлтчср")  # single letters that are units rather than variables
_VARIABLE = re.compile(r"[\s/(·•.]*([a-zα-ωа-я])(?![^\W\d_])")
_PUNCTUATION = frozenset(".,;:!?\"'%-/&()\t\n\r")


def last_box(text: str) -> str | None:
    """What the last `\\boxed{...}` holds; None where there is none or the last never closes.

    Linear in the text. A box with over a million braces and escapes counts as one that never closes (our choice).
    """
    last = deque(_BOX.finditer(text), maxlen=1)
    if not last:
        return None
    opening, depth = last[0], 1
    for token in islice(_BRACE.finditer(text, opening.end()), 1_000_000):
        if token[0] == "{":
            depth += 1
        elif token[0] == "}":
            depth -= 1
            if depth == 0:
                return text[opening.end() : token.start()]
    return None


def parse_number(text: str, language: str | None) -> Fraction | None:
    """The exact value of a text with one number; None where it has none, several, a formula or over 100 digits.

    Digits of any script, signs, separators by `language` (ISO 639-1; a thousands separator that cannot be one is a
    decimal separator: the German 1.25), a/b and \\frac{a}{b}, LaTeX wrappers, and words, units and currencies around
    it. A percent sign is a unit: 50% is 50. Words such as million, 万 or करोड़ multiply.
    """
    text = text.strip()
    return _parse(text, language) if 0 < len(text) <= BOX_LENGTH else None


@lru_cache(maxsize=8192)
def _parse(text: str, language: str | None) -> Fraction | None:
    if _PLAIN.fullmatch(text):
        return Fraction(int(text))
    text = _normalise(text)
    numbers = list(islice(_NUMBER.finditer(text), 2))
    if len(numbers) != 1:
        return None
    number = numbers[0]
    value = _value(number[1], language)
    if value is not None and number[2]:
        below = _value(number[2], language)
        value = value / below if below else None
    if value is None:
        return None
    before, sign = _sign(text[: number.start()])
    after = re.sub(r"^(?:,[-—]+|/[-=]+)", "", text[number.end() :])  # 5,- and the shilling's 5/=
    if before is None or before.rstrip().endswith("/") or after.startswith("!") or _names_variable(before, after):
        return None
    if scale := _SCALE_BEFORE.search(before):
        sign, before = sign * 10 ** (3, 5, 6)[int(scale.lastindex or 1) - 1], before[: scale.start()]
    start = number.end()
    for _ in range(2):  # mil millones
        for power, pattern in _SCALES:
            if found := pattern.match(text, start):
                value, start = value * 10**power, found.end()
                after = text[start:]
                break
    return sign * value if _is_wording(before) and _is_wording(after) else None


def _ascii(text: str) -> str:
    """The text with ASCII digits, spaces, signs and separators, and without invisible characters."""
    text = unicodedata.normalize("NFC", text)
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text).translate(_VARIANTS)
    return re.sub(r"\d", lambda digit: str(unicodedata.decimal(digit[0])), re.sub(r"[^\S\n]", " ", text))


def _normalise(text: str) -> str:
    """`_ascii` in lower case, without LaTeX wrappers, currency signs and what encloses the whole."""
    text = _ascii(text)
    if "\\" in text or "{" in text or "~" in text:
        for _ in range(3):  # wrappers in wrappers
            for pattern, replacement in _LATEX:
                text = pattern.sub(replacement, text)
    text = re.sub(r"(?<=[A-Za-z])(?:\^\{?[23]\}?|[²³])", "", _CURRENCY_SIGN.sub("", text))  # cm^2
    return text.strip(" \t\n\r*_{}").lower()


def _value(run: str, language: str | None) -> Fraction | None:
    """The value of digits with separators."""
    decimal = _decimal_separator(run, language)
    whole, _, decimals = run.rpartition(decimal) if decimal else (run, "", "")
    if not (_GROUPS.fullmatch(whole) or (run[0] == "." and not whole)) or (decimals and not decimals.isdecimal()):
        return None
    digits = re.sub(r"\D", "", whole) + decimals
    return Fraction(int(digits), 10 ** len(decimals)) if len(digits) <= DIGITS else None


def _decimal_separator(run: str, language: str | None) -> str | None:
    marks = re.findall(r"[.,٫]", run)
    if not marks:
        return None
    last = marks[-1]
    if len(set(marks)) > 1 or last == "٫" or run[0] == ".":
        return last
    if len(marks) > 1:
        return None
    if language in SPACE_THOUSANDS or last == ("," if language in STOP_THOUSANDS else "."):
        return last
    return None if re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", run) else last


def _sign(before: str) -> tuple[str | None, int]:
    """(the text before a number without its sign, 1 or -1); (None, 1) where a dash may be a hyphen or a minus."""
    words = before.rstrip()
    if words.endswith(("+", "-")):
        sign, rest = (-1 if words[-1] == "-" else 1), words[:-1]
        apart = rest.strip() and words != before  # "answer - 5"
        return (None, 1) if apart or re.search(r"[a-zß-ɏͰ-ԯ)+-]$", rest) else (rest, sign)
    if negative := _NEGATIVE.search(words):
        return words[: negative.start()], -1
    return before, 1


def _names_variable(before: str, after: str) -> bool:
    """Whether a letter next to the number makes it a product, as in 5x, rather than a quantity, as in 5 m."""
    follows = _VARIABLE.match(after)
    if follows and follows[1] not in _UNIT_LETTERS:
        return True
    precedes = re.search(r"(?<![^\W\d_])([a-zα-ω])\(?$", before)
    return bool(precedes and precedes[1] != "r")


def _is_wording(text: str) -> bool:
    """Whether a text next to a number is only words, units and punctuation: no operator, relation, second quantity."""
    if any(word.strip(".,;:!?()") in _REFUSED for word in text.split()):
        return False
    if re.search(r"-(?![^\W\d_])|(?<![^\W\d_])-$", text):  # a dash that is not a hyphen
        return False
    return all(c in _PUNCTUATION or _wording_character(c) for c in set(text))


@lru_cache(maxsize=4096)
def _wording_character(character: str) -> bool:
    category = unicodedata.category(character)
    if category in ("Po", "Ps", "Pe"):
        return character > "\x7f"
    return category[0] in "LMZ" or category in ("So", "Pi", "Pf")  # So: the degree sign, kg in one character


def _answer(text: str) -> str | None:
    """What counts as the answer in a response or bare answer: the last box, or a short text with one number."""
    box = last_box(text)
    if box is not None:
        return box.strip() or None
    bare = text.strip()
    if not 0 < len(bare) <= BARE_LENGTH or "\\boxed" in bare:
        return None
    return bare if len(_NUMBER.findall(_normalise(bare))) == 1 else None


@lru_cache(maxsize=8192)
def gold_number(gold: str) -> Fraction | None:
    number = _GOLD.fullmatch(gold.strip())
    if not number or (number[2] and not int(number[2])):
        return None
    return Fraction(number[1].replace(",", "")) / int(number[2] or 1)


def is_correct(gold: str, text: str, language: str | None) -> bool:
    """Whether a response, or a bare answer, in `language` gives the gold answer (ASCII digits, English separators).

    The last box counts; without one a text of at most 80 characters that holds exactly one number does. Two numbers are
    compared exactly. Raises RuntimeError where math-verify is needed and cannot start.
    """
    answer = _answer(text)
    if answer is None or not gold.strip():
        return False
    number, target = parse_number(answer, language), gold_number(gold)
    if number is not None and target is not None:
        return number == target
    if number is None and len(answer) > BOX_LENGTH:
        return False
    candidate = _ascii(answer).replace("٫", ".").replace("٬", "") if number is None else str(number)
    if target is not None and (not re.search(r"\d", candidate) or _WORD.search(_COMMAND.sub(" ", candidate))):
        return False  # prose is not a number
    return verify(gold, candidate)


def extract_answer(text: str, language: str | None) -> str | None:
    """The answer for the record; None where nothing counts.

    Its number as 1250, as -3.5 or, where written as a fraction or unending, as 5/2; else what the box holds (at most
    1,000 characters, as valid Unicode).
    """
    answer = _answer(text)
    if answer is None:
        return None
    number = parse_number(answer, language)
    if number is None:
        return answer[:BOX_LENGTH].encode("utf-8", "replace").decode()
    places = next((n for n in range(2 * DIGITS) if 10**n % number.denominator == 0), None)
    if not places or "frac" in answer or re.search(r"\d\s*[/⁄／]\s*\d", answer):
        return str(number)
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    return f"{'-' if number < 0 else ''}{digits[:-places]}.{digits[-places:]}"
