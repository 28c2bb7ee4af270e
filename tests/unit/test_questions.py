"""Which questions are asked: the same first ones in every language; and what decodings make of them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.questions import chosen_questions, mixed, with_english

LANGUAGES = ["en", "fr", "ja"]
OPTIONS = GenerationOptions(LANGUAGES, max_new_tokens=8)


def row(number: int, language: str, benchmark: str = "mini-xnli") -> dict[str, Any]:
    text = f"premise {number} in {language}\nhypothesis {number} in {language}"
    key = {"id": f"{benchmark}-{number:03d}", "benchmark": benchmark, "language": language}
    return {**key, "kind": "entailment", "question": text, "choices": None, "answer": "A"}


ROWS = [row(n, language) for language in LANGUAGES for n in range(10)]
OTHERS = [row(n, language, "mini-xcsqa") for language in [*LANGUAGES, "de"] for n in range(4)]


def keys(rows: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(row["language"], int(row["id"][-3:])) for row in rows}


def chosen(rows: list[dict[str, Any]] = ROWS, **changes: Any) -> list[dict[str, Any]]:
    return chosen_questions(rows, "mini-xnli", replace(OPTIONS, **changes), "questions.parquet")


@given(
    st.integers(1, 12), st.none() | st.integers(1, 12), st.permutations(ROWS + OTHERS), st.sets(st.sampled_from("fj"))
)
def test_each_language_gets_the_same_first_ids(
    count: int, english: int | None, rows: list[dict[str, Any]], left_out: set[str]
) -> None:
    """Whatever the order of the file, the other benchmarks in it, and the other languages that are asked."""
    languages = [language for language in LANGUAGES if language[0] not in left_out]
    found = chosen(rows, questions=count, questions_en=english, languages=languages)
    many = {language: count for language in languages} | {"en": english or count}
    expected = {(language, n) for language in languages for n in range(min(many[language], 10))}
    assert keys(found) == expected and len(found) == len(expected)
    assert {one["benchmark"] for one in found} == {"mini-xnli"}


def test_all_are_asked_where_no_count_is_given() -> None:
    assert chosen(ROWS + OTHERS) == ROWS
    assert keys(chosen(questions_en=3)) == {(c, n) for c in ("fr", "ja") for n in range(10)} | {
        ("en", n) for n in range(3)
    }


def test_english_alone_is_asked_more_often() -> None:
    """English is answered in a table of its own, with more questions; the first of them are the others' too."""
    found = keys(chosen(questions=2, questions_en=6))
    assert found == {(language, n) for language in LANGUAGES for n in range(2)} | {("en", n) for n in range(2, 6)}


def test_english_is_asked_only_where_it_is_named() -> None:
    assert {one["language"] for one in chosen(languages=["fr"], questions=2, questions_en=5)} == {"fr"}


def test_ids_that_a_language_lacks_move_no_others() -> None:
    rows = [one for one in ROWS if not (one["language"] == "fr" and one["id"].endswith("001"))]
    found = keys(chosen(rows, questions=3))
    assert found == {(language, n) for language in LANGUAGES for n in range(3)} - {("fr", 1)}


def test_languages_without_questions_are_named() -> None:
    wanted = (
        "questions.parquet: no 'mini-xnli' questions in de, sw, only in en, fr, ja; set `languages` of its evaluation"
    )
    with pytest.raises(ValueError, match=f"^{wanted}$"):
        chosen(ROWS + OTHERS, languages=["en", "sw", "de"])  # German has questions of another benchmark alone
    with pytest.raises(ValueError, match="no 'mini-xnli' questions in en"):
        chosen([one for one in ROWS if one["language"] != "en"])


def test_mixed_keeps_the_first_line_and_takes_the_rest_in_english() -> None:
    choices = {"fr": ["un puits", "un moulin"], "en": ["a well", "a mill"]}
    rows = [{**row(1, language), "choices": choices[language]} for language in ("fr", "en")]
    rows[1]["question"] += "\nthird line"
    french, english = mixed(rows)
    assert french == {
        **rows[0],
        "question": "premise 1 in fr\nhypothesis 1 in en\nthird line",
        "choices": ["a well", "a mill"],
    }
    assert english == rows[1]
    assert rows[0]["choices"] == choices["fr"] and rows[0]["question"].endswith("in fr")  # these are left as they were


def test_mixed_needs_the_english_of_every_question() -> None:
    with pytest.raises(ValueError, match="^mini-xnli-002: no English version to mix with 'fr'; see benchmarks$"):
        mixed([row(1, "en"), row(1, "fr"), row(2, "fr")])


def test_mixed_questions_are_chosen_alike() -> None:
    """English is read for them even where it is not asked."""
    for languages in (LANGUAGES, ["fr", "ja"]):
        plain = chosen(languages=languages, questions=4, questions_en=6)
        found = chosen(languages=languages, questions=4, questions_en=6, decoding="mixed-en")
        assert keys(found) == keys(plain)
        for one in found:
            first, second = one["question"].split("\n")
            assert first.endswith(f"in {one['language']}") and second.endswith("in en")


def test_english_context_is_the_english_question_with_its_options() -> None:
    choices = {"fr": ["un puits", "un moulin"], "en": ["a well", "a mill"]}
    rows = [{**row(1, language), "choices": choices[language]} for language in ("fr", "en")]
    found = with_english(rows)
    context = "premise 1 in en\nhypothesis 1 in en\nA) a well\nB) a mill"
    assert found == [{**one, "context": context} for one in rows]
    french = chosen(languages=["fr"], questions=2, decoding="english-context")
    assert [one["context"][:14] for one in french] == ["premise 0 in e", "premise 1 in e"]
    with pytest.raises(ValueError, match="^mini-xnli-002: no English version to put before 'fr'; see benchmarks$"):
        with_english([row(1, "en"), row(1, "fr"), row(2, "fr")])
