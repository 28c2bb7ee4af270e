"""How answers are written: digits, signs and spaces of any script, LaTeX and Markdown around them, made plain."""

import re
import unicodedata

from vernacular.language.letters import normalise

_INVISIBLE = re.compile("[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff]|[\u200c\u200d]")
_VARIANTS = str.maketrans(
    "．﹒，﹐،؛：－−﹣‐‑‒–—―＋％﹪٪／⁄（）’＇＝﹦＊＜＞［］｛｝！", "..,,,;:---------+%%%//()''==*<>[]{}!"
)
_VULGAR = re.compile("(\\d?)\\s*([¼-¾⅐-⅞])")  # one character: ½
_MATHEMATICAL = re.compile("[\uff21-\uff3a\uff41-\uff5a]")  # full-width letters

_CURRENCY = r"[$¢£¤¥৲৳฿៛\u20a0-\u20cf﷼﹩＄￠￡￥￦]"
_MONEY = [
    (re.compile(r"(?<=\d)(\s*)M(?![^\W_])"), r"\1million "),  # $5M, 5 M€; 5 m stays
    (re.compile(rf"({_CURRENCY}\s*\d[\d.,]*\s*)B(?![^\W_])"), r"\1bn "),  # $5B; 5 B may be bytes
    (re.compile(r"(?<=\d)(\s*)[TK](?=€)"), r"\1k "),
    (re.compile(r"([¥￥]\s*\d[\d,]*)-+(?!\d)"), r"\1"),
    (re.compile(r"(?<![^\W_])(?<!\d\s)[A-Za-z]{1,3}(?=[$£₵])"), ""),  # US$, C$, R$, but not 5 k$
    (re.compile(r"(?<![^\W\d_])[SB]/\.?\s*(?=\d)"), ""),  # soles, balboas
    (re.compile(rf"(?<!\d){_CURRENCY}|{_CURRENCY}(?!\d)"), ""),  # 5€20 is left alone
    (re.compile(r"(?<=\d)(?:[.,]\s*(?:-{1,2}|=)|/[-=]+)(?!\d)"), ""),  # 5,- 5,= 18.-, the shilling's 5/=
]
_WHOLE_AND_CENTS = re.compile(r"(\d)[€$£](\d\d)(?!\d)")  # 18€50, where the decimal sign is a comma
# $1,250 and 1.250 €: no price has three decimals.
_THOUSANDS = re.compile(
    rf"({_CURRENCY}\s*[1-9]\d?\d?)[.,](?=\d{{3}}(?![\d.,]))|(?<![\d.,])([1-9]\d?\d?)\.(?=\d{{3}}\s*{_CURRENCY})"
)

_UNITS = r"\\(?:text|textrm|textup|textsf|textnormal|mathrm|mathsf|mbox|hbox|unit|si)\s*"
_UNIT_LETTER = re.compile(rf"{_UNITS}\{{\s*[A-LN-WYZa-jl-w]\.?\s*\}}")  # except k and M
_COLOURED = re.compile(
    r"\\(?:textcolou?r|f?colou?rbox|colou?red)\s*(?:\[\w*\])?(?:\{[^{}]*\}){1,2}(?=\s*\{)"
    r"|\\colou?r\s*(?:\[\w*\])?\{[^{}]*\}|\\bbox\s*(?:\[[^\[\]{}]*\])?(?=\s*\{)"
)
_WRAPPER = re.compile(
    r"\\(?:text[a-z]*|math(?:bf|it|rm|sf|tt|up|normal|bb|cal|ord)?|mbox|hbox|fbox|boxed|operatorname|boldsymbol|bm|pmb"
    r"|emph|underline|underbar|uline|ul|ensuremath|unit|si|hl|mathstrut)\s*\{([^{}]*)\}"
)
_NEEDLESS = re.compile(r"\{([.,+-])\}|(?<![A-Za-z0-9\\}\]_^])\{([^{}\\]*)\}")  # 1{,}250, {-}5, {{5}}
_SWITCH = re.compile(
    r"\\(?:left|right|displaystyle|textstyle|bf|it|rm|sf|tt|sl|em|bfseries|itshape|tiny|small|footnotesize|normalsize"
    r"|[lL]arge|LARGE|[hH]uge|[bB]igg?[lrm]?|boldmath|limits|nolimits|centering|strut)(?![A-Za-z])|\\[!()\[\]]"
)
_SPACE = re.compile(
    r"\\[,;:> ]|\\q?quad(?![A-Za-z])|\\[hv]space\*?\{[^{}]*\}|~|\\\\|\\(?:thin|med|thick)?space(?![A-Za-z])|\\\s*\Z"
)
_DEGREE = re.compile(r"\^\s*\{?\s*\\(?:circ|degree)\b\s*\}?|\\(?:degree|circ)(?![A-Za-z])")
_SIGNS = [
    (re.compile(r"\\(?:text)?(?:euro|EUR|pounds|sterling|yen|dollar)(?![A-Za-z])"), "$"),
    (re.compile(r"\\Omega(?![A-Za-z])"), "Ω"),
    (re.compile(r"\\mu\s*(?=[A-Za-z\\])"), "µ"),
]
_FRACTION = re.compile(
    r"(?:(\d)\s*)?\\(?:[dtc]?|nice|s)frac\s*(?:\{([^{}]*)\}\s*\{([^{}]*)\}|\s*(\d)\s*(\d|\{[^{}]*\})|\{([^{}]*)\}\s*(\d))"
)
_POWER_OF_UNIT = re.compile(r"(?<=[^\W\d_]|[°\u0900-\u0e7f])(?:\^\s*\{?\s*-?[123]\s*\}?|[²³])")  # cm^2

_FENCE = re.compile(r"^\s*```[A-Za-z]*\s*\n|```")
_TAG = re.compile(
    r"</?(?:b|i|u|em|strong|code|p|br|span|div|h[1-6]|mark|sub|center|big|font|pre|kbd|solution|output|response|result"
    r"|final_answer|final)(?:\s[^<>]{0,80})?\s*/?>|<[|｜][^<>|｜\s]{1,40}[|｜]>",  # <|im_end|>
    re.IGNORECASE,
)
_LINE_MARK = re.compile(r"^[ \t]*(?:[>#]+[ \t]*|[*•◦▪·‣∙+-][ \t]+)*", re.MULTILINE)
_STARRED = re.compile(r"(?<![\d*])\*(?=[^\s*])([^*\n]*)(?<=[^\s*])\*(?![\d*])")
# Not the signs of 9 * 2 and 2**3.
_EMPHASIS = re.compile(
    r"(?<!\d)\*{2,}|\*{2,}(?!\d)|(?<=[^\s*])\*(?=[^\w*]|$)|(?<![\w*])\*(?=[^\s*])|__+|`+|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)"
)


def plain(text: str) -> str:
    """The text with ASCII digits, spaces, signs and separators, without invisible characters; ½ as 1/2."""
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", normalise("NFC", text)).translate(_VARIANTS)
    text = _VULGAR.sub(_spelled, text)
    text = _MATHEMATICAL.sub(lambda letter: unicodedata.normalize("NFKC", letter[0]), text)
    return re.sub(r"\d", lambda digit: str(unicodedata.decimal(digit[0])), re.sub(r"[^\S\n]", " ", text))


def _spelled(found: re.Match[str]) -> str:
    before = f"{found[1]} " if found[1] else found[0][: -len(found[2])]
    return before + unicodedata.normalize("NFKC", found[2]).replace("\u2044", "/")


def undress(text: str) -> str:
    """Plain text without LaTeX that only dresses: wrappers, sizes, colours, spaces; \\frac{a}{b} as a/b."""
    if "\\" in text or "{" in text or "~" in text:
        for pattern, sign in _SIGNS:
            text = pattern.sub(sign, text)
        text = _UNIT_LETTER.sub(" °", text)
        text = _SPACE.sub(" ", _SWITCH.sub("", text))
        text = _DEGREE.sub("°", text)
        for _ in range(3):  # wrappers in wrappers
            text = _WRAPPER.sub(r"\1", _COLOURED.sub("", text))
            text = _NEEDLESS.sub(r"\1\2", text)
            text = _FRACTION.sub(_as_ratio, text)
        text = re.sub(r"\\([$%#&€£])", r"\1", text)
    return text


def _as_ratio(found: re.Match[str]) -> str:
    above = found[2] if found[2] is not None else found[4] or found[6]
    below = found[3] if found[3] is not None else found[5] or found[7]
    return f"{found[1] + ' ' if found[1] else ''}{above.strip()}/{below.strip('{} ')}"


def without_money(text: str, decimal_comma: bool) -> str:
    """Without currency signs, and without dashes that mean no cents."""
    if decimal_comma:
        text = _WHOLE_AND_CENTS.sub(r"\1,\2", _THOUSANDS.sub(r"\1\2", text))
    for pattern, replacement in _MONEY:
        text = pattern.sub(replacement, text)
    return _POWER_OF_UNIT.sub("", text)


def without_markdown(text: str) -> str:
    """A short response without Markdown, HTML and the marks of lists, headings and quotations."""
    text = _TAG.sub(" ", _FENCE.sub(" ", text))
    text = text.replace("\\(", " ").replace("\\)", " ").replace("\\[", " ").replace("\\]", " ")
    return _EMPHASIS.sub("", _STARRED.sub(r"\1", _LINE_MARK.sub("", text))).strip()
