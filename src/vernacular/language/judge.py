"""The language of a trace, of its lines and of its words: one judgement for scoring, the filter and GRPO's reward.

LPR and WPR (line and word pass) follow arXiv 2406.20052 as AdaMame uses them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from vernacular.language.codeswitch import switches
from vernacular.language.foreign import find_foreign
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import about
from vernacular.language.letters import LATIN, MARK
from vernacular.language.markup import strip_code
from vernacular.language.mathematics import excerpt, strip_latex
from vernacular.language.parts import Parts, chunks, take_apart

LINES = 4_000  # that are examined in a text (our choice: the longest real traces have about as many)
_CHUNK = 1 << 20  # characters judged together: the search for switches goes through all texts at once
_LATIN_RUN = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1e00-\u1eff]{2}")


class Judgement(NamedTuple):
    """What is found out about one trace; labels are ISO 639-1 codes, None where the identifier abstains."""

    language: str  # of the question
    trace_language: str | None  # of the trace as a whole
    lines: list[tuple[str, str | None]]  # its non-empty lines with their labels
    switched_lines: int = 0  # lines of the question's language that hold a clause in another
    word_pass: bool | None = None  # no word of a foreign script; None where line_pass is false or was not asked for
    code_switched: bool | None = None  # passages in two languages; None where not asked for
    foreign_script: bool | None = None  # letters of a script that the language does not use; None where not asked for

    @property
    def native(self) -> bool:
        """Whether the trace as a whole is in the question's language."""
        return self.trace_language == self.language

    @property
    def foreign_line(self) -> bool:
        """Whether any line is identified as another language."""
        return any(label not in (None, self.language) for _, label in self.lines)

    @property
    def line_pass(self) -> bool:
        """Whether at least one line is identified, and every identified line is wholly in the question's language."""
        return (
            not self.foreign_line and not self.switched_lines and any(label == self.language for _, label in self.lines)
        )

    @property
    def abstained_lines(self) -> int:
        return sum(label is None for _, label in self.lines)


def judge(
    traces: Sequence[str],
    languages: Sequence[str],
    identifier: LanguageIdentifier,
    depth: Literal["trace", "lines", "all"] = "all",
) -> list[Judgement]:
    """Judge each trace against the language of its question; LaTeX is stripped from each trace once.

    depth: `trace` identifies whole traces only; `lines` also the lines of native traces (those of others are left
    empty); `all` the lines of every trace, foreign words and code-switching.
    """
    judged: list[Judgement] = []
    for some in chunks(zip(traces, languages, strict=True), lambda one: len(one[0]), _CHUNK):
        judged += _judge([trace for trace, _ in some], [language for _, language in some], identifier, depth)
    return judged


def _judge(
    traces: Sequence[str], languages: Sequence[str], identifier: LanguageIdentifier, depth: str
) -> list[Judgement]:
    lines = [lines_of(strip_code(excerpt(trace))) for trace in traces]
    parts = take_apart([strip_latex(line) for group in lines for line in group])
    whole = parts.joined([len(group) for group in lines])
    names = identifier.identify_parts(whole, [None] * len(traces))
    judged = [Judgement(language, name, []) for language, name in zip(languages, names, strict=True)]
    wanted = [place for place, one in enumerate(judged) if depth == "all" or (depth == "lines" and one.native)]
    starts = np.cumsum([0, *map(len, lines)]).tolist()
    own = parts.some([line for place in wanted for line in range(starts[place], starts[place + 1])])
    labels = iter(identifier.identify_parts(own, [names[place] for place in wanted for _ in lines[place]]))
    found = [judged[place]._replace(lines=list(zip(lines[place], labels, strict=False))) for place in wanted]
    for place, one in zip(wanted, _judge_lines(found, whole.some(wanted), own, identifier), strict=True):
        judged[place] = one
    passing = [place for place, one in enumerate(judged) if depth == "all" and one.line_pass]
    some = whole.some(passing)
    foreign = foreign_script_words(some, [languages[place] for place in passing])
    for place, failed in zip(passing, foreign, strict=True):
        judged[place] = judged[place]._replace(word_pass=not failed)
    return judged


def _judge_lines(
    judged: Sequence[Judgement], traces: Parts, lines: Parts, identifier: LanguageIdentifier
) -> list[Judgement]:
    """The judgements with what is foreign within their lines; lines: those of all traces, in their order."""
    changes = switches(traces, identifier)
    writing = find_foreign(traces, [one.language for one in judged])
    suspects, owners, start = [], [], 0  # lines that may hold a switch which their label does not tell
    for place, one in enumerate(judged):
        if changes[place] or writing[place].clause:
            own = [start + at for at, (_, label) in enumerate(one.lines) if label in (None, one.language)]
            suspects += own
            owners += [place] * len(own)
        start += len(one.lines)
    some = lines.some(suspects)
    foreign = find_foreign(some, [judged[place].language for place in owners])
    within = zip(owners, switches(some, identifier), foreign, strict=True)
    switched = Counter(place for place, change, script in within if script.clause or (change and changes[place]))
    found = []
    for place, one in enumerate(judged):
        labels = {label for _, label in one.lines if label}
        mixed = switched[place] > 0 or (writing[place].clause and one.language in labels) or len(labels) > 1
        found.append(
            one._replace(
                switched_lines=switched[place],
                code_switched=changes[place] or mixed,
                foreign_script=writing[place].run,
            )
        )
    return found


def lines_of(text: str) -> list[str]:
    """The non-empty lines of a text without code, at most LINES of them, evenly spaced."""
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    return lines[:: -(-len(lines) // LINES) or 1]


def foreign_script_words(traces: Parts, languages: Sequence[str]) -> list[bool]:
    """Whether each trace, already without LaTeX, holds a word of a script foreign to its language (WPR).

    Languages of other scripts fail on a run of two or more Latin letters, those of Latin script on any letter that is
    not Latin. Kana and Han are both native to Japanese; Han within Korean passes like any other non-Latin letter.
    """
    scripts = [about(language)["script"] for language in languages]
    other_than_latin = traces.counts[:, MARK + 1 :].sum(axis=1) > traces.counts[:, LATIN]
    return [
        bool(_LATIN_RUN.search(text)) if script != "Latn" else other
        for text, script, other in zip(traces.texts, scripts, other_than_latin.tolist(), strict=True)
    ]
