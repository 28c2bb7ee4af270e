"""Texts without mathematics and code: what is left are the words, by which a language is identified."""

import re

from vernacular.language.markup import strip_code

LONGEST, PIECE = 100_000, 1_000  # characters of a text that are examined; of a longer one, in pieces (our choice)

# \text{words} keeps its words; any other command is removed with those of its arguments that hold no command.
_TEX = re.compile(r"\\(?:text[a-z]*+|mbox)\s*+\{([^{}]*+)\}|\\[a-zA-Z]++\*?+(?:\s*+\{[^{}\\]*+\})*+|\\.")
# Dollars are mathematics only where they hug what they enclose, as in pandoc: `$80 and $50` is money.
_DOLLARS = re.compile(r"\$(?=\S)([^$\n]++)(?<=\S)\$(?!\d)")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_NUMBERS = re.compile(
    r"[\d+*/=<>×÷±^_~|%‰°$€£¥₹฿₫₩₽≈≠≤≥√∑∏∞→⇒⋅∙·•#&@{}()²³¹¼-¾⁰-₉⅐-↋①-⓿\[\]\\−–]+|(?<![^\W\d_])-|-(?![^\W\d_])"
)


def excerpt(text: str) -> str:
    """The text itself; of one longer than LONGEST, evenly spaced pieces of about that length in all, a line each.

    This bounds the time that judging a text takes, whatever a model writes or a file holds.
    """
    if len(text) <= LONGEST:
        return text
    count = LONGEST // PIECE
    starts = [(len(text) - PIECE) * place // (count - 1) for place in range(count)]
    return "\n".join(text[start : start + PIECE] for start in starts)


def strip_math(text: str) -> str:
    r"""The words of a text: no LaTeX, no code, no numbers (in any script), no operators, single spaces; linear time.

    Words inside `\text{}` stay, and so do words between dollar signs, which may be prices.
    """
    return strip_numbers(strip_formal(text))


def strip_formal(text: str) -> str:
    """The text (an excerpt of a very long one) without LaTeX, code, addresses and file names."""
    return strip_latex(strip_code(excerpt(text)))


def strip_latex(text: str) -> str:
    """The text without LaTeX; the words inside `\\text{}` and between dollar signs stay."""
    if "$" in text:
        text = _DOLLARS.sub(lambda match: f" {' '.join(_WORDS.findall(_strip_commands(match[1])))} ", text)
    return _strip_commands(text)


def strip_numbers(text: str) -> str:
    """The text without numbers and operators, with single spaces."""
    return " ".join(_NUMBERS.sub(" ", text).split())


def _strip_commands(text: str) -> str:
    return _TEX.sub(lambda match: f" {match[1] or ''} ", text) if "\\" in text else text
