"""Scoring: generated completions become one row of verdicts each (records.SCORE). No model is needed.

An empty trace, or one without an identified line, fails (language/judge.py).
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from vernacular.answers.compare import Verdict, check_answer, extract_answer
from vernacular.answers.labels import extract_label
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.language.languages import ENGLISH
from vernacular.language.response import response_languages
from vernacular.storage.records import batches


class Gold(NamedTuple):
    """What is right: of one question in one language."""

    kind: str
    answer: str
    options: Sequence[list[str]] = ()  # of a choice, in each language in which they count as an answer
    problem: str | None = None  # that the question is about; None: one of its own


def golds_of(questions: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Gold]:
    """(id, language) -> what is right, from records.QUESTION rows; a choice may be answered in English words too."""
    golds, english = {}, {}
    for row in questions:
        own = [row["choices"]] if row["choices"] is not None else ()
        golds[row["id"], sys.intern(row["language"])] = Gold(
            sys.intern(row["kind"]), row["answer"], own, row.get("problem")
        )
        if row["language"] == ENGLISH and own:
            english[row["id"]] = row["choices"]
    for (identifier, language), gold in golds.items() if english else ():
        if identifier in english:
            golds[identifier, language] = gold._replace(options=[*gold.options, english[identifier]])
    return golds


def score_rows(
    generations: Iterable[dict[str, Any]], golds: dict[tuple[str, str], Gold], identifier: LanguageIdentifier
) -> Iterator[dict[str, Any]]:
    """Yield a records.SCORE row for each records.GENERATION row; `golds`: see `golds_of`."""
    for batch in batches(generations, 2048):
        judged = judge([row["trace"] for row in batch], [row["language"] for row in batch], identifier)
        languages = [row["language"] for row in batch]
        answered = response_languages([row["response"] for row in batch], languages, identifier)
        for row, judgement, answer_language in zip(batch, judged, answered, strict=True):
            language, response = row["language"], row["response"]
            kind, gold, options, problem = golds[row["id"], language]
            label = None if kind == "math" else extract_label(response, kind, options)
            verdict = check_answer(gold, response, language) if kind == "math" else Verdict(label == gold, False)
            yield {
                "id": row["id"],
                "problem": problem,
                "language": language,
                "sample": row["sample"],
                "correct": verdict.correct,
                "answer": extract_answer(response, language) if kind == "math" else label,
                "trace_language": judgement.trace_language,
                "line_pass": judgement.line_pass,
                "word_pass": judgement.word_pass,
                "code_switched": judgement.code_switched,
                "foreign_script": judgement.foreign_script,
                "answer_language": answer_language,
                "given_up": verdict.given_up,
                "metrics_version": METRICS_VERSION,
                "abstained_lines": judgement.abstained_lines,
                "tokens": row["tokens"],
                "characters": len(row["completion"]),
                "finish_reason": row["finish_reason"],
            }
