"""Answers that are labels: the letter of a choice, or entailment, neutral, contradiction; the same in all languages."""

import re
import unicodedata

from vernacular.answers import last_box
from vernacular.corpus.phrasebook import LABELS
from vernacular.letters import normalise

BARE_LENGTH = 80  # characters: a longer text without a box is no answer, as for numbers (our choice)
LONGEST = 100_000  # characters, the last ones, that are looked at (our choice)

# Not inside a Latin word, but beside other scripts, which set no blanks (C입니다); and no article: "A knife" has none.
_LATIN = "A-Za-z0-9\u00c0-\u024f\u1e00-\u1eff"
_LETTER = re.compile(rf"(?<![{_LATIN}])(?!\A. [a-zß-ÿ])[A-E](?![{_LATIN}])")
_WORDS = {"choice": _LETTER, "entailment": re.compile("|".join(LABELS))}
_DRESS = re.compile(r"\\(?:text|math)[a-z]*\s*\{([^{}]*)\}")
_TRIM = " \t\n.,:;()[]*$\"'"


def extract_label(text: str, kind: str) -> str | None:
    """The label that a response gives; None where it gives none. kind: `choice` or `entailment`.

    The last box counts; without one a text of at most 80 characters that holds exactly one label does, so that
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
    answer = answer.upper() if kind == "choice" else answer.lower()
    return answer if _WORDS[kind].fullmatch(answer) else None
