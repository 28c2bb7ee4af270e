"""Answers that are labels: the letter of a choice, or entailment, neutral, contradiction; the same in all languages.

A choice may also be answered in the words of an option, which stand for its letter.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from vernacular.answers.extract import BARE_LENGTH, last_box
from vernacular.language.letters import normalise
from vernacular.language.phrasebook import LABELS

LONGEST = 100_000  # the last characters, which are examined (our choice)

# Not inside a Latin word, but next to other scripts, which set no spaces (C입니다); and not the article of "A knife".
_LATIN = "A-Za-z0-9\u00c0-\u024f\u1e00-\u1eff"
_LETTER = re.compile(rf"(?<![{_LATIN}])(?!\A. [a-zß-ÿ])[A-E](?![{_LATIN}])")
_WORDS = {"choice": _LETTER, "entailment": re.compile("|".join(LABELS))}
_DRESS = re.compile(r"\\(?:text|math)[a-z]*\s*\{([^{}]*)\}")
_TRIM = " \t\n.,:;()[]*$\"'"


def extract_label(text: str, kind: str, options: Iterable[Sequence[str]] = ()) -> str | None:
    """The label that a response gives; None where it gives none. kind: `choice` or `entailment`.

    options: of a choice, its options in the order of their letters, once for each language in which they count as
    an answer: the question's and English, since models reason in English too. They count in a box alone, whole.

    The last box counts; without one a text of at most 80 characters with exactly one label does, so that
    "The answer is (C)." is read as models without boxes write it. Full-width letters count, invisible ones do not.
    """
    text = "".join(c for c in normalise("NFKC", text[-LONGEST:])[-LONGEST:] if unicodedata.category(c) != "Cf")
    box = last_box(text)
    if box is None:
        bare = "" if len(text) > BARE_LENGTH or "\\boxed" in text else text
        found = _WORDS[kind].findall(bare if kind == "choice" else bare.lower())
        return found[0] if len({*found}) == 1 else None
    answer = box
    for _ in range(3):  # wrappers in wrappers
        answer = _DRESS.sub(r"\1", answer)
    answer = answer.strip(_TRIM)
    label = answer.upper() if kind == "choice" else answer.lower()
    return label if _WORDS[kind].fullmatch(label) else _letter_of(answer, options)


def _letter_of(answer: str, options: Iterable[Sequence[str]]) -> str | None:
    """The letter of the option that an answer repeats, with or without that letter; None unless it is exactly one."""
    found = {
        letter
        for translation in options
        for letter, option in zip("ABCDE", translation, strict=False)
        if _plain(answer) in (_plain(option), _plain(letter + option))
    }
    return found.pop() if len(found) == 1 else None


def _plain(text: str) -> str:
    """Only letters, their marks and digits, case-folded."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] in "LMN")
