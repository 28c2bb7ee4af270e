"""Answers that are labels: the letter of a choice, or entailment, neutral, contradiction; the same in all languages.

A choice may also be answered in the words of an option, which stand for its letter.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from vernacular.answers.answer_words import denial, joiner, label_words, words_after
from vernacular.answers.extract import BARE_LENGTH, find_answer
from vernacular.language.letters import normalise
from vernacular.language.phrasebook import LABELS

LONGEST = 100_000  # the last characters, which are examined (our choice)

# Letters of other scripts that nobody can tell from A to E by their look; a keyboard in use types them.
_LOOK_ALIKES = str.maketrans("АВСЕΑΒΕϹ", "ABCEABEC")
_OTHER_SCRIPT = re.compile(r"[АВСЕΑΒΕϹ]")
# Not inside a word, but next to scripts that set no spaces (C입니다).
_WORDLIKE = "A-Za-z0-9\u00c0-\u024f\u1e00-\u1eff\u0370-\u03ff\u0400-\u052f"
_LETTER = re.compile(rf"(?<![{_WORDLIKE}])[A-EАВСЕΑΒΕϹ](?![{_WORDLIKE}])")
_MARKED = re.compile(r"\A[АВСЕΑΒΕϹ](?=\s*[.):])")  # "В. школа"
_ARTICLE = re.compile(r"\A[AE] (?=[a-zß-ÿ])")  # "A knife"
_AT_THE_END = re.compile(r"[\s.)。）:*\]}$]*(?:$|[.)])")
_LABEL = re.compile("|".join(LABELS))
_DRESS = re.compile(r"\\(?:text|math)[a-z]*\s*\{([^{}]*)\}|\\(?:underline|emph|boldsymbol)\s*\{([^{}]*)\}")
_TRIM = " \t\n.,:;()[]*_`$\"'“”«»「」。"


def extract_label(text: str, kind: str, options: Iterable[Sequence[str]] = ()) -> str | None:
    """The label that a response gives; None where it gives none. kind: `choice` or `entailment`.

    options: of a choice, its options in the order of their letters, once for each language in which they count as
    an answer: the question's and English, since models reason in English too. They count in a box alone, whole.

    `find_answer` says what counts: a box or another mark, or a short text with exactly one label, so that "The answer
    is (C)." is read as models without boxes write it. Full-width letters count, and those of other scripts that look
    the same; invisible ones do not. A label that is denied, or one of two, does not count.
    """
    text = "".join(c for c in normalise("NFKC", text[-LONGEST:])[-LONGEST:] if unicodedata.category(c) != "Cf")
    found = find_answer(text)
    if found is None:
        return None
    answer, marked = found
    if not marked:
        return _bare_letter(answer) if kind == "choice" else _bare_label(answer)
    for _ in range(3):  # wrappers in wrappers
        answer = _DRESS.sub(r"\1\2", answer)
    answer = _MARKED.sub(lambda letter: letter[0].translate(_LOOK_ALIKES), answer.strip(_TRIM))
    if kind == "entailment":
        label = _without_label_words(answer.lower())
        return label if label in LABELS else None
    for letter in (answer, _without_label_words(answer)):
        if _LETTER.fullmatch(letter.upper().translate(_LOOK_ALIKES)) and len(letter) == 1:
            return letter.upper().translate(_LOOK_ALIKES)
    return _letter_of(answer, options) or _letter_of(_without_label_words(answer), options)


def _without_label_words(answer: str) -> str:
    """An answer without "Option", "Answer:" before it, and "is correct" behind it."""
    if len(answer) > BARE_LENGTH or len(answer.lower()) != len(answer):
        return answer
    if words := label_words().fullmatch(answer.lower()):
        answer = answer[words.start(1) :].strip(_TRIM)
    if words := words_after().search(answer.lower()):
        answer = answer[: words.start()].strip(_TRIM)
    return answer


def _bare_letter(text: str) -> str | None:
    """The one letter of a short text; one of another script, which may be a word, at the end alone or before a full
    stop or bracket."""
    if denial().search(text.lower()):
        return None
    letters = list(_LETTER.finditer(text))
    article = _ARTICLE.match(text)
    if letters and article and letters[0].start() == 0 and not joiner().match(text.lower(), article.end()):
        letters = letters[1:]
    if len({letter[0].translate(_LOOK_ALIKES) for letter in letters}) != 1:
        return None
    last = letters[-1]
    if _OTHER_SCRIPT.match(last[0]) and not _AT_THE_END.match(text, last.end()):
        return None
    return last[0].translate(_LOOK_ALIKES)


def _bare_label(text: str) -> str | None:
    labels = {*_LABEL.findall(text.lower())}
    return labels.pop() if len(labels) == 1 and not denial().search(text.lower()) else None


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
