"""The language of a trace, of its lines and of its words: one judgement for scoring, the filter and GRPO's reward.

LPR and WPR (line and word pass) follow arXiv 2406.20052 as AdaMame uses them.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from vernacular.language.codeswitch import switches
from vernacular.language.foreign import find_foreign
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import check_language, load_languages
from vernacular.language.letters import LATIN, MARK, count_letters
from vernacular.language.markup import strip_code
from vernacular.language.mathematics import excerpt, strip_latex

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
    plain = [strip_code(excerpt(trace)) for trace in traces]
    stripped = [strip_latex(text) for text in plain]
    judged = [
        Judgement(language, name, [])
        for language, name in zip(languages, identifier.identify_stripped(stripped), strict=True)
    ]
    if depth == "trace":
        return judged
    wanted = [place for place, one in enumerate(judged) if depth == "all" or one.native]
    texts = [stripped[place] for place in wanted]
    lines = identifier.identify_plain_lines(
        [plain[place] for place in wanted], [judged[place].trace_language for place in wanted]
    )
    asked = [judged[place]._replace(lines=found) for place, found in zip(wanted, lines, strict=True)]
    for place, one in zip(wanted, _judge_lines(asked, texts, identifier), strict=True):
        judged[place] = one
    if depth == "lines":
        return judged
    passing = [place for place, one in enumerate(judged) if one.line_pass]
    foreign = foreign_script_words([stripped[place] for place in passing], [languages[place] for place in passing])
    for place, found in zip(passing, foreign, strict=True):
        judged[place] = judged[place]._replace(word_pass=not found)
    return judged


def _judge_lines(
    judged: Sequence[Judgement], texts: Sequence[str], identifier: LanguageIdentifier
) -> Iterator[Judgement]:
    """The judgements with what is foreign within their lines; texts: the traces without LaTeX and code."""
    changes = switches(texts, identifier)
    scripts = [find_foreign(text, one.language) for one, text in zip(judged, texts, strict=True)]
    suspects = [change or script.clause for change, script in zip(changes, scripts, strict=True)]
    pieces = [
        [strip_latex(line) for line, label in one.lines if label in (None, one.language)] if suspect else []
        for one, suspect in zip(judged, suspects, strict=True)
    ]
    within = iter(switches([piece for group in pieces for piece in group], identifier))
    for one, change, script, group in zip(judged, changes, scripts, pieces, strict=True):
        found = [next(within) and change or find_foreign(piece, one.language).clause for piece in group]
        labels = {label for _, label in one.lines if label}
        mixed = any(found) or (script.clause and one.language in labels) or len(labels) > 1
        yield one._replace(switched_lines=sum(found), code_switched=change or mixed, foreign_script=script.run)


def foreign_script_words(stripped: Sequence[str], languages: Sequence[str]) -> list[bool]:
    """Whether each text, already without LaTeX, holds a word of a script foreign to its language (WPR).

    Languages of other scripts fail on a run of two or more Latin letters, those of Latin script on any letter that is
    not Latin. Kana and Han are both native to Japanese; Han within Korean passes like any other non-Latin letter.
    """
    scripts = [load_languages()[check_language(language)]["script"] for language in languages]
    counts = count_letters(stripped)[0]
    other_than_latin = counts[:, MARK + 1 :].sum(axis=1) > counts[:, LATIN]
    return [
        bool(_LATIN_RUN.search(text)) if script != "Latn" else other
        for text, script, other in zip(stripped, scripts, other_than_latin.tolist(), strict=True)
    ]
