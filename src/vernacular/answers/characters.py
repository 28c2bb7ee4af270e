"""Numbers in Chinese characters alone: 三万五千, 四分之三, 百分之五十, 两个半."""

import re

_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8, "兆": 10**12}
_RUN = re.compile(f"[{''.join([*_DIGITS, *_SMALL, *_LARGE])}]+")
_PERCENT = re.compile("百分[之の]|パーセント")
# What may precede and follow: 三角形 and 一样 are words.
_BEFORE = re.compile(r"(?:^|[\s:=是为為は共有又之のと负負(（「“])$")
_AFTER = re.compile(
    r"\s*(?:$|[\s.,。!)」”]|(?:[元円圆块塊個个人名只隻本枚歳岁年月日天时時小分秒米里斤克吨頭头匹台回次番倍杯冊册张張件条條公美ドで]|です"
    r"|箱|瓶|颗|棵|头|つ)|分[之の]|[又と半])"
)


def with_digits(text: str) -> str:
    """A text without digits with its numbers in characters as digits; unchanged where one of them may be a word."""
    text = _PERCENT.sub("", text)
    runs = list(_RUN.finditer(text))
    if any(character.isdecimal() for character in text) or not all(
        _BEFORE.search(text[: run.start()]) and _AFTER.match(text, run.end()) for run in runs
    ):
        return text
    for run in reversed(runs):
        value = _value(run[0])
        if value is None:
            return text
        text = f"{text[: run.start()]}{value}{text[run.end() :]}"
    return text


def _value(run: str) -> int | None:
    """The number that characters write; None where they write it in no order (五三百) or colloquially (三万五)."""
    if all(character in _DIGITS for character in run):
        return int("".join(str(_DIGITS[character]) for character in run))
    total, section, digit, last = 0, 0, None, 0
    for character in run:
        if character in _DIGITS:
            if digit:
                return None
            digit, last = _DIGITS[character], (1 if digit == 0 or _DIGITS[character] == 0 else last)
        elif unit := _SMALL.get(character):
            section, digit, last = section + (1 if digit is None else digit) * unit, None, unit
        else:
            section += digit or 0
            total = total * _LARGE[character] if not section else total + section * _LARGE[character]
            section, digit, last = 0, None, _LARGE[character]
    return None if digit and last > 10 else total + section + (digit or 0)
