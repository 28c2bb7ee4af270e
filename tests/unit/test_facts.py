"""Choices: one right option among five places, letters drawn evenly, and the same problem in every language."""

import itertools
import random
import unicodedata
from collections import Counter, defaultdict
from functools import cache
from typing import Any

import pytest
from mini import by_language, mini

from vernacular.answers.labels import extract_label
from vernacular.corpus.facts import ASKED, LETTERS, Choice, draw_choice, render_choices
from vernacular.corpus.miniature import draw_problems, render_completion, split_of
from vernacular.language.languages import load_languages
from vernacular.language.phrasebook import FACTS, FACTS_OF_A_PLACE, fact_forms, load_phrasebook
from vernacular.language.prompts import question_text, split_completion

ALL = list(load_languages())

# Questions that hold their right option, by language: (kind, fact). A Turkish bedroom is a room of beds, "yatak odası".
GIVEN_AWAY = {"tr": {("thing_by_place", 6)}}


def draws(count: int) -> list[Choice]:
    rng = random.Random(1)
    return [draw_choice(rng) for _ in range(count)]


def place_of(fact: int) -> int:
    return fact // FACTS_OF_A_PLACE


# --- What is drawn ----------------------------------------------------------------------------------------------------


def test_options_are_five_facts_of_five_places_and_the_answer_is_one_of_them() -> None:
    for problem in draws(3000):
        assert len(problem.options) == len({place_of(option) for option in problem.options}) == 5
        assert set(problem.options) <= set(range(FACTS))
        assert problem.options[LETTERS.index(problem.answer)] == problem.fact


def test_letters_kinds_and_facts_are_drawn_evenly() -> None:
    problems = draws(3000)
    letters = Counter(problem.answer for problem in problems)
    kinds = Counter(problem.kind for problem in problems)
    facts = Counter(problem.fact for problem in problems)
    wrong = Counter(option for problem in problems for option in problem.options if option != problem.fact)
    assert set(letters) == set("ABCDE") and all(0.17 < count / 3000 < 0.23 for count in letters.values())
    assert set(kinds) == set(ASKED) and all(0.22 < count / 3000 < 0.28 for count in kinds.values())
    assert len(facts) == len(wrong) == FACTS
    assert max(facts.values()) < 2 * min(facts.values()) and max(wrong.values()) < 1.3 * min(wrong.values())


def test_the_order_of_options_makes_no_new_problem() -> None:
    for problem in draws(20):
        orders = [problem._replace(options=order) for order in itertools.permutations(problem.options)]
        assert len({p.key for p in orders}) == len({split_of(p) for p in orders}) == 1
        assert {p.answer for p in orders} == set("ABCDE")
    assert len({problem.key for problem in draws(200)}) > 195


@pytest.mark.parametrize("kind", ASKED)
def test_choices_are_one_problem_where_they_read_the_same(kind: str) -> None:
    """Three facts share a place: asked for places, other facts as wrong options make no new question."""
    book, sibling = load_phrasebook("en"), {0: 1, 1: 2, 2: 0}
    for problem in draws(40):
        problem = problem._replace(kind=kind)
        others = [o if o == problem.fact else o - o % 3 + sibling[o % 3] for o in problem.options]
        other = problem._replace(options=tuple(others))
        same = render_choices(book, problem) == render_choices(book, other)
        assert same == (kind == "place_of_thing")
        assert (problem.key == other.key) == same and (split_of(problem) == split_of(other) or not same)


def test_splits_of_choices() -> None:
    assert len({split_of(problem) for problem in draws(200)}) == 3


# --- What is said -----------------------------------------------------------------------------------------------------


@cache
def meanings(language: str) -> dict[str, set[tuple[str, int]]]:
    """Every question of a language -> what it can ask: kinds and facts. Read off the phrasebook, not off problems."""
    book, found = load_phrasebook(language), defaultdict(set)
    for kind, templates in book["choice"].items():
        for template, fact in itertools.product(templates, range(FACTS)):
            found[template.format(**fact_forms(book, fact))].add((kind, fact))
    return found


@cache
def rows() -> dict[str, dict[str, dict[str, Any]]]:
    return by_language("mini-xcsqa", mini("facts", dev=120))


@cache
def problems() -> dict[str, Choice]:
    drawn = draw_problems(120, "dev", draw_choice, "mini-xcsqa dev 1")
    return {f"mini-xcsqa-dev-{n:05d}": problem for n, problem in enumerate(drawn) if isinstance(problem, Choice)}


@pytest.mark.parametrize("language", ALL)
def test_every_question_asks_for_one_thing_use_or_place(language: str) -> None:
    """Two facts share a question only where it asks for a place's things, of which one is ever among the options."""
    found = meanings(language)
    assert len(found) == 2 * (3 * FACTS + FACTS // FACTS_OF_A_PLACE)
    for text, asked in found.items():
        kinds, facts = {kind for kind, _ in asked}, sorted(fact for _, fact in asked)
        assert len(kinds) == 1 and len({place_of(fact) for fact in facts}) == 1, text
        assert len(facts) == (FACTS_OF_A_PLACE if kinds == {"thing_by_place"} else 1), text


@pytest.mark.parametrize("language", ALL)
def test_exactly_one_option_is_right(language: str) -> None:
    """By the store of facts that the phrasebook tells: who asks for a thing of a place is right with any of it."""
    book = load_phrasebook(language)
    for identifier, translations in rows().items():
        row = translations[language]
        assert row["kind"] == "choice" and len(set(row["choices"])) == 5
        right = {fact_forms(book, fact)[ASKED[kind]] for kind, fact in meanings(language)[row["question"]]}
        assert [LETTERS[n] for n, option in enumerate(row["choices"]) if option in right] == [row["answer"]], identifier
        assert question_text(row["question"], row["choices"]).split("\n")[1:] == [
            f"{letter}) {option}" for letter, option in zip("ABCDE", row["choices"], strict=True)
        ]


@pytest.mark.parametrize("language", ALL)
def test_no_question_holds_its_right_option(language: str) -> None:
    book = load_phrasebook(language)

    def plain(text: str) -> str:
        return unicodedata.normalize("NFC", text).casefold()

    held = {
        (kind, fact)
        for text, asked in meanings(language).items()
        for kind, fact in asked
        if plain(fact_forms(book, fact)[ASKED[kind]]) in plain(text)
    }
    assert held == GIVEN_AWAY.get(language, set())


def test_translations_have_the_same_options_in_the_same_order_and_the_same_answer() -> None:
    assert set(problems()) == set(rows())
    for identifier, translations in rows().items():
        problem = problems()[identifier]
        assert list(translations) == ALL
        for language, row in translations.items():
            book = load_phrasebook(language)
            alone = [fact_forms(book, fact)[ASKED[problem.kind]] for fact in range(FACTS)]
            places = tuple(place_of(option) for option in problem.options)
            if problem.kind == "place_of_thing":  # facts of a place look alike
                assert tuple(place_of(alone.index(option)) for option in row["choices"]) == places
            else:
                assert tuple(alone.index(option) for option in row["choices"]) == problem.options
            assert (problem.kind, problem.fact) in meanings(language)[row["question"]]
            assert row["answer"] == problem.answer


@pytest.mark.parametrize("language", ALL)
def test_traces_tell_the_fact_that_decides_and_answers_name_the_right_option(language: str) -> None:
    book = load_phrasebook(language)
    told = {
        kind: {
            template.format(step=book["steps"][0], **fact_forms(book, fact)): fact
            for template, fact in itertools.product(book["recall"][kind], range(FACTS))
        }
        for kind in ("use", "place")
    }
    assert all(len(lines) == 2 * FACTS for lines in told.values())  # no line tells two facts
    wordings = set()
    for identifier, problem in problems().items():
        trace, response = split_completion(render_completion(language, identifier, problem, 1))
        kind = "place" if problem.kind in ("thing_by_place", "place_of_thing") else "use"
        assert told[kind][trace] == problem.fact
        options = rows()[identifier][language]["choices"]
        assert f"\\boxed{{{options[LETTERS.index(problem.answer)]}}}" in response
        assert extract_label(response, "choice", [options]) == problem.answer
        assert extract_label(response, "choice") is None
        wordings.add((kind, list(told[kind]).index(trace) // FACTS))
    assert len(wordings) == 4
