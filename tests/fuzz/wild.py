"""Wild text for tests and fuzzing: what a model, a file or a user may write and no reader may fall over.

One set of pieces feeds both a hypothesis strategy (`WILD`, which shrinks) and a seeded generator (`wild_text`, which is
fast enough for a hundred thousand inputs). `bombs` are the known bad texts at a size of one's choice.
"""

import random

from hypothesis import strategies as st

PIECES = [
    # directions, invisible characters, marks, halves of pairs, the ends of the code space
    *("\u202e", "\u202d", "\u2066", "\u2069", "\u200e", "\u200f"),
    *("\u061c", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"),
    *("\u0301", "\u0316", "\u0e49", "\u20dd", "\u034f", "\ufe0f"),
    *("\U000e0041", "\ud800", "\udfff", "\ud83d\udc4d", "\U0010ffff"),
    *("\0", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\r\n", "\x0b", "\n", "\t", " ", "\u00a0", "\u3000"),
    # answers as models write them, and as they do not
    *(r"\boxed{", r"\boxed", r"\boxed {", "\\fbox{", "}", "{", "{}"),
    *(r"\{", r"\}", r"\frac{", r"\frac12", r"\text{", "^{", "_{"),
    *("$", "$$", r"\(", r"\[", r"\\", "\\", r"\left(", r"\,", "~"),
    *("%", "#", "&", "!", "!!", "/", "=", "+", "-", "−", "±", "^"),
    *("9^9^9^9", "9^{9^{9^{9}}}", "10**10**10", "1e999999999"),
    *("(x+1)^{9999}", "99999!", r"\sqrt{", r"\sum_{i=1}^{10^9} i"),
    *("0", "7", "1.250", "1,250", "1 250", "1'250", "0x7", "1e5"),
    *("-7", "٧", "۷", "७", "৭", "๗", "７", "𝟕", "Ⅶ", "七", "½", "∞"),
    *("NaN", "null", "None", "million", "万", "करोड़", "minus", "€", "₹", "٫", "٬", ",", ".", ":"),
    # markup, shells, formats
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>"),
    *("&lt;", "]]>", "<!--", "{{7*7}}", "${IFS}", "%s", "{0}", "{a}"),
    *("$(id)", "`id`", "; rm -rf /", "| cat", "&& x", "'", '"'),
    *("''", "\\x00", "../../x", "--out", "*", "~root", "\\u0000"),
    *("</thinking>", "[/THINK]", "<|channel|>final<|message|>", "<answer>"),
    *("<think>", "</think>", "<|user|>", "<|assistant|>", "<|end|>", "</s>", "```", "**", "- "),
    # writing
    *("the answer is", "la réponse est", "die Antwort lautet", "答えは"),
    *("答案是", "คำตอบคือ", "উত্তর", "సమాధానం", "उत्तर", "الجواب"),
    *("ответ", "отговорът", "απάντηση", "정답은", "jibu ni", "respuesta"),
    *("cevap", "đáp án là", "odpowiedź", "جواب", "ǅ", "ß", "İ", "ﷺ"),
    *("entailment", "neutral", "contradiction", "A", "C", "(C)", "Ｃ", "B.", "A, C"),
]  # fmt: skip
LANGUAGES = ["en", "de", "fr", "bn", "ar", "ja", "sw", "th", "xx", None]

WILD = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.text(max_size=8),
        st.text(st.characters(min_codepoint=0xD7F0, max_codepoint=0xE010), max_size=3),
        st.text(st.characters(categories=["Nd", "No", "Mn", "Cf", "Sc", "Co"]), max_size=6),
    ),
    max_size=24,
).map("".join)


def wild_text(rng: random.Random, most: int = 24) -> str:
    """At most `most` pieces and characters of any kind; one text in four repeats a piece."""
    parts = [
        rng.choice(PIECES) if rng.random() < 0.7 else chr(rng.randrange(0x110000)) for _ in range(rng.randint(0, most))
    ]
    if parts and rng.random() < 0.25:
        parts.insert(rng.randrange(len(parts)), rng.choice(parts) * rng.choice([2, 9, 90, 900]))
    return "".join(parts)


def long_text(rng: random.Random, size: int) -> str:
    """A text of about `size` characters: one bomb, or a short wild text again and again."""
    if rng.random() < 0.5:
        return rng.choice(list(BOMBS.values()))(size)
    short = wild_text(rng) or "x"
    return short * (size // len(short) + 1)


def _random_words(letters: str):
    def words(size: int) -> str:
        block = "".join(random.Random(size).choices(letters, k=min(size, 50_000)))
        return block * (size // len(block))

    return words


def _thousand_lines(number: int) -> str:
    return "".join(f"{number}{n:03d} word\n" for n in range(1000))


# Name -> a text of about `size` characters.
BOMBS = {
    "one letter": lambda size: "a" * size,
    "digits": lambda size: "7" * size,
    "blanks": lambda size: " " * size,
    "NULs": lambda size: "\0" * size,
    "lone surrogates": lambda size: "\ud800" * size,
    "marks in no order": lambda size: "a" + "\u0301\u0316" * (size // 2),
    "marks in a box": lambda size: r"\boxed{5" + "\u0301\u0316" * (size // 2) + "}",
    "zero width": lambda size: "\u200b\u200d\u2060" * (size // 3),
    "right to left": lambda size: "\u202eا" * (size // 2),
    "one character that is eighteen": lambda size: "\ufdfa" * size,
    "box without end": lambda size: r"\boxed{" + "x" * size,
    "boxes without end": lambda size: r"\boxed{" * (size // 7),
    "boxes without braces": lambda size: r"\boxed" * (size // 6),
    "nested boxes": lambda size: r"\boxed{" * (size // 8) + "5" + "}" * (size // 8),
    "nested braces": lambda size: r"\boxed{" + "{" * (size // 2) + "}" * (size // 2) + "}",
    "nested commands": lambda size: r"\text{" * (size // 7) + "5" + "}" * (size // 7),
    "nested fractions": lambda size: r"\boxed{" + r"\frac{1}{" * (size // 10) + "2" + "}" * (size // 10) + "}",
    "commands without end": lambda size: r"\frac{" * (size // 6),
    "text without end": lambda size: r"\text{a" * (size // 7),
    "backslashes": lambda size: "\\" * size,
    "dollars": lambda size: "$" * size,
    "spaced dollars": lambda size: "$ " * (size // 2),
    "hugged dollars": lambda size: "$x" * (size // 2),
    "tower": lambda size: r"\boxed{9" + "^9" * (size // 2) + "}",
    "braced tower": lambda size: r"\boxed{9" + "^{9" * (size // 4) + "}" * (size // 4) + "}",
    "factorials": lambda size: r"\boxed{9" + "!" * size + "}",
    "digits in a box": lambda size: r"\boxed{" + "9" * size + "}",
    "separators in a box": lambda size: r"\boxed{1" + ",." * (size // 2) + "}",
    "starts of thinking": lambda size: "<think>" * (size // 7),
    "ends of thinking": lambda size: "</think>" * (size // 8),
    "ends that are spoken of": lambda size: "a </think> b " * (size // 13),
    "tags that do not end": lambda size: "<" * size,
    "tokens that end a turn": lambda size: "</s>" * (size // 4),
    "nested brackets": lambda size: "[" * size,
    "nested objects": lambda size: '{"a":' * (size // 5),
    "short lines": lambda size: "".join(map(_thousand_lines, range(size // 12_000))),
    "empty lines": lambda size: "\n" * size,
    "words of no language": _random_words("abcdefghijklmnopqrstuvwxyz     "),
    "lines of no language": _random_words("abcdefghijklmnopqrstuvwxyz\n\n\n\n"),
    "Cyrillic lines of no language": _random_words("абвгдежзийклмнопрстуфхц\n\n\n\n"),
    "characters of no language": _random_words("漢字かな的了龘가각ا ب"),
    "capitals in another script": lambda size: "aA" * (size // 4) + "я" * (size // 2),
    "script tags": lambda size: "<script>" * (size // 8),
    "emoji": lambda size: "👍" * size,
}
