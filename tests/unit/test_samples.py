"""Samples of the page: the question is chosen by a rule, and each line of a trace has its language."""

import pandas as pd
import pytest

from vernacular.evaluation.samples import line_languages, sample_table
from vernacular.language.identify import LanguageIdentifier
from vernacular.report.page_parts import lines_of, samples_of

FRENCH = "D'abord, on ajoute les deux nombres de pommes."
ENGLISH = "Then we add the number of apples to the others."


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    return LanguageIdentifier(languages=["en", "fr"])


def chosen(right: dict[str, list[bool]], native: dict[str, list[bool]], identifier: LanguageIdentifier) -> pd.DataFrame:
    """The table of models that answered the French questions q0, q1, ... so; sample 1 of each is the opposite."""
    generations, scores = {}, {}
    for model in right:
        rows = [(f"q{n}", "fr", sample) for n in range(len(right[model])) for sample in (0, 1)]
        asked = pd.DataFrame(rows, columns=["id", "language", "sample"])
        generations[model] = asked.assign(trace=f"{FRENCH}\n\n{ENGLISH}", response="5")
        scores[model] = asked.assign(
            correct=[value != bool(s) for value in right[model] for s in (0, 1)],
            trace_language=["fr" if value != bool(s) else "en" for value in native[model] for s in (0, 1)],
            answer="5", line_pass=False, word_pass=None, code_switched=False, foreign_script=False,
            answer_language=None, finish_reason="stop", metrics_version=3,
        )  # fmt: skip
    number = len(next(iter(right.values())))
    asked = [{"id": f"q{n}", "language": "fr", "question": f"2 + {n}?", "answer": "5"} for n in range(number)]
    return sample_table(generations, scores, pd.DataFrame(asked), identifier)


@pytest.mark.parametrize(
    ("right", "native", "expected"),
    [
        # On q0 nothing differs and on q1 the language; on q2 and q3 the answer, which goes first.
        (([0, 0, 0, 1], [0, 0, 1, 0]), ([1, 1, 1, 1], [1, 0, 1, 1]), ("q2", "answers")),
        (([0, 0, 0], [0, 0, 0]), ([1, 1, 0], [1, 0, 1]), ("q1", "languages")),
        (([1, 1], [1, 1]), ([1, 1], [1, 1]), ("q0", "")),
    ],
)
def test_the_question_is_the_first_on_which_models_differ(
    right: tuple[list[int], ...],
    native: tuple[list[int], ...],
    expected: tuple[str, str],
    identifier: LanguageIdentifier,
) -> None:
    of = [
        {model: [bool(v) for v in values] for model, values in zip("ab", each, strict=True)} for each in (right, native)
    ]
    table = chosen(*of, identifier)
    assert set(zip(table["id"], table["differ"], strict=True)) == {expected} and list(table["model"]) == ["a", "b"]
    assert set(table["line_languages"]) == {"fr - en"}


def test_one_model_and_no_question_in_common(identifier: LanguageIdentifier) -> None:
    assert chosen({"a": [False, True]}, {"a": [True, True]}, identifier)["id"].tolist() == ["q0"]
    assert sample_table({}, {}, pd.DataFrame(), identifier).empty


def test_a_line_has_its_language_and_a_sum_none(identifier: LanguageIdentifier) -> None:
    trace = f"{FRENCH}\n2 + 3 = 5\n{ENGLISH}"
    assert line_languages(trace, "fr", identifier) == "fr - en"
    assert line_languages("", "fr", identifier) == ""
    shown = lines_of(trace, "fr - en", "fr")
    assert [(line["label"], line["kind"]) for line in shown] == [("fr", "own"), ("", "untold"), ("en", "english")]
    assert [line["text"] for line in shown] == trace.splitlines()
    assert lines_of(ENGLISH, "en", "en")[0]["kind"] == "own" and lines_of("x", "sw", "en")[0]["kind"] == "other"


def test_the_page_opens_on_answers_that_differ_and_keeps_english_for_the_end(identifier: LanguageIdentifier) -> None:
    same = chosen({"a": [True], "b": [True]}, {"a": [True], "b": [True]}, identifier)
    other = chosen({"a": [True], "b": [False]}, {"a": [True], "b": [True]}, identifier)
    table = pd.concat([other.assign(language="en"), same, other.assign(language="ja")])
    assert [sample["language"] for sample in samples_of(table)] == ["ja", "fr", "en"]
