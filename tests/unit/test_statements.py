"""Entailments: labels that are true in every world there is, drawn evenly, and said alike in all languages."""

import itertools
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from mini import by_language, mini

from vernacular.answers.labels import extract_label
from vernacular.corpus.miniature import draw_problems, render_completion, split_of
from vernacular.corpus.statements import Entailment, Statement, draw_entailment, label_of, render_entailment
from vernacular.language.languages import load_languages
from vernacular.language.phrasebook import LABELS, load_phrasebook
from vernacular.language.prompts import split_completion

ALL = list(load_languages())
NUMBERS = {"opening": [2, 40], "term": [2, 14], "factor": [2, 4], "result": [2, 36]}
SETS, COUNTED = ("all", "some", "none"), ("exact", "more", "fewer")
World = dict[tuple[int, ...], Any]


# --- The labels, by looking at every world ----------------------------------------------------------------------------


def holds(statement: Statement, world: World) -> bool:
    """Whether a statement is true where (name, thing) has so many, and the items of (thing,) are in the box or not."""
    box = world.get((statement.thing,), ())
    mine = world.get((statement.name, statement.thing), 0)
    others = world.get((statement.other, statement.thing), 0)
    return {
        "exact": mine == statement.n,
        "more": mine > statement.n,
        "fewer": mine < statement.n,
        "pair": (mine, others) == (statement.n, statement.m),
        "more_than": mine > others,
        "fewer_than": mine < others,
        "all": box and box.count(True) == len(box),
        "some": box.count(True) > 0,
        "none": box and box.count(True) == 0,
    }[statement.kind]


def worlds(statements: tuple[Statement, Statement], most: int) -> Iterator[World]:
    """Every count from 0 to `most` of what the statements speak of; boxes of one to three items."""
    if statements[0].kind in SETS:
        places: list[tuple[int, ...]] = sorted({(s.thing,) for s in statements})
        states: list[Any] = [box for size in (1, 2, 3) for box in itertools.product((True, False), repeat=size)]
    else:
        of_two = statements[0].kind == "pair"
        places = sorted({(name, s.thing) for s in statements for name in ((s.name, s.other) if of_two else (s.name,))})
        states = list(range(most + 1))
    for chosen in itertools.product(states, repeat=len(places)):
        yield dict(zip(places, chosen, strict=True))


def label_in_all_worlds(premise: Statement, hypothesis: Statement, most: int) -> str:
    found = {bool(holds(hypothesis, w)) for w in worlds((premise, hypothesis), most) if holds(premise, w)}
    assert found, "the premise is true nowhere"
    return "neutral" if len(found) == 2 else "entailment" if found == {True} else "contradiction"


def every_problem(numbers: range) -> Iterator[Entailment]:
    """Every form that a problem can have: of one number each, of two persons, of sets; of the same matter or not."""
    for (kind, n), (other_kind, m) in itertools.product(itertools.product(COUNTED, numbers), repeat=2):
        for name, thing in ((0, 0), (1, 0), (0, 1)):
            yield Entailment(Statement(kind, 0, 0, n=n), Statement(other_kind, thing, name, n=m))
    for n, m in itertools.permutations(numbers, 2):
        for kind, thing in itertools.product(("more_than", "fewer_than"), (0, 1)):
            yield Entailment(Statement("pair", 0, 0, 1, n, m), Statement(kind, thing, 0, 1))
    for (kind, other_kind), thing in itertools.product(itertools.product(SETS, repeat=2), (0, 1)):
        yield Entailment(Statement(kind, 0), Statement(other_kind, thing))


def form_of(problem: Entailment) -> tuple:
    """What a problem is up to the names of things and persons, for numbers by their order alone."""
    premise, hypothesis = problem
    numbers = (premise.n > premise.m) if premise.kind == "pair" else (premise.n > hypothesis.n)
    same = (premise.thing == hypothesis.thing, premise.name == hypothesis.name, premise.other == hypothesis.other)
    return premise.kind, hypothesis.kind, numbers, same


def test_labels_are_what_every_world_says() -> None:
    labels: Counter[str] = Counter()
    for problem in every_problem(range(2, 6)):
        truth = label_in_all_worlds(*problem, most=7)
        assert label_of(*problem) == problem.answer == truth, problem
        labels[truth] += 1
    assert min(labels[label] for label in LABELS) > 50


def test_only_such_problems_are_drawn() -> None:
    """And what is drawn has the true label itself, in worlds of its own numbers."""
    rng, forms = random.Random(1), {form_of(problem) for problem in every_problem(range(2, 6))}
    found: Counter[tuple] = Counter()
    for _ in range(1500):
        problem = draw_entailment(rng, [2, 5])
        assert form_of(problem) in forms
        assert problem.answer == label_in_all_worlds(*problem, most=6), problem
        assert {*problem.premise[4:], *problem.hypothesis[4:]} <= {0, 2, 3, 4, 5}
        found[problem.premise.kind, problem.hypothesis.kind, problem.answer] += 1
    assert len(found) == 30 and {label for _, _, label in found} == set(LABELS)


# --- What is drawn ----------------------------------------------------------------------------------------------------


def draws(count: int, seed: int = 2) -> list[Entailment]:
    rng = random.Random(seed)
    return [draw_entailment(rng, NUMBERS["opening"]) for _ in range(count)]


def test_labels_and_families_are_drawn_evenly() -> None:
    problems = draws(3000)
    labels = Counter(problem.answer for problem in problems)
    assert set(labels) == set(LABELS)
    assert all(0.28 < count / 3000 < 0.39 for count in labels.values())
    families = Counter("set" if p.premise.kind in SETS else "pair" if p.premise.kind == "pair" else p for p in problems)
    assert 0.22 < families["set"] / 3000 < 0.28 and 0.14 < families["pair"] / 3000 < 0.20
    assert all(premise[1:3] == hypothesis[1:3] for premise, hypothesis in problems)
    for kind in (*SETS, *COUNTED, "more_than", "fewer_than"):  # no kind of hypothesis gives its label away
        of_kind = Counter(p.answer for p in problems if p.hypothesis.kind == kind)
        assert max(of_kind.values()) < 0.7 * of_kind.total(), (kind, of_kind)


@pytest.mark.parametrize("split", ["train", "test"])
def test_labels_of_a_split_are_even(split: str) -> None:
    """Nearly: every problem comes once here, and there are few about sets whose label is not neutral."""
    problems = draw_problems(1000, split, lambda rng: draw_entailment(rng, NUMBERS["opening"]), "x")
    labels = Counter(problem.answer for problem in problems)
    assert len(problems) == 1000 and all(0.25 < labels[label] / 1000 < 0.42 for label in LABELS)


def test_whom_and_what_it_is_about_makes_a_problem() -> None:
    problem = Entailment(Statement("more", 3, 1, n=5), Statement("more", 3, 1, n=9))
    others = [Entailment(*(s._replace(**change) for s in problem)) for change in ({"thing": 4}, {"name": 2}, {"n": 7})]
    assert len({p.key for p in [problem, *others, Entailment(*problem[::-1])]}) == 5
    assert len({split_of(p) for p in draws(200)}) == 3


# --- What is said -----------------------------------------------------------------------------------------------------


@cache
def rows() -> dict[str, dict[str, dict[str, Any]]]:
    return by_language("mini-xnli", {**mini("statements", dev=150), "numbers": NUMBERS})


@cache
def problems() -> dict[str, Entailment]:
    drawn = draw_problems(150, "dev", lambda rng: draw_entailment(rng, NUMBERS["opening"]), "mini-xnli dev 1")
    return {f"mini-xnli-dev-{n:05d}": problem for n, problem in enumerate(drawn) if isinstance(problem, Entailment)}


def sayings(language: str) -> dict[str, set[tuple]]:
    """Every sentence about two names, all things and two numbers -> the statements that it can stand for."""
    book, found = load_phrasebook(language), defaultdict(set)
    for kind, templates in book["statement"].items():
        for template, (thing, forms), (name, other) in itertools.product(
            templates, enumerate(book["things"]), itertools.permutations(range(4), 2)
        ):
            for n, m in ((13, 25), (25, 13)):
                text = template.format(name=book["names"][name], other=book["names"][other], n=n, m=m, **forms)
                fields = {"name": name, "other": other, "n": n, "m": m}
                said = tuple(fields[key] for key in fields if f"{{{key}}}" in template)
                found[text].add((kind, thing, *said))
    return found


@pytest.mark.parametrize("language", ALL)
def test_no_sentence_says_two_things(language: str) -> None:
    found = sayings(language)
    assert len(found) > 9 * 2 * 10 and all(len(meanings) == 1 for meanings in found.values())


def test_translations_say_the_same_and_have_the_same_answer() -> None:
    assert set(problems()) == set(rows())
    for identifier, translations in rows().items():
        problem = problems()[identifier]
        premise, hypothesis = problem
        numbers = [[premise.n, premise.m], [hypothesis.n, hypothesis.m]]
        for language, row in translations.items():
            assert row["kind"] == "entailment" and row["choices"] is None and row["answer"] == problem.answer
            book, lines = load_phrasebook(language), row["question"].split("\n")
            starts = [book[part].split("{")[0] for part in ("premise", "hypothesis")]
            for statement, line, start, there in zip(problem, lines, starts, numbers, strict=True):
                assert line.startswith(start) and [int(n) for n in re.findall(r"\d+", line)] == [n for n in there if n]
                named = {"exact": 1, "more": 1, "fewer": 1, "pair": 2, "more_than": 2, "fewer_than": 2}
                said = [book["names"][statement.name], book["names"][statement.other]][: named.get(statement.kind, 0)]
                assert all(name in line for name in said)


@pytest.mark.parametrize("language", ALL)
def test_traces_compare_the_numbers_and_end_with_the_label(language: str) -> None:
    book, compared = load_phrasebook(language), 0
    for identifier, problem in problems().items():
        trace, response = split_completion(render_completion(language, identifier, problem, 1))
        assert extract_label(response, "entailment") == problem.answer
        premise, hypothesis, *comparison, verdict = trace.split("\n")
        plain = render_entailment(book, problem, None).split("\n")  # in the first wording of each, whatever was asked
        assert [premise, hypothesis] == plain
        assert [re.findall(r"\d+", line) for line in plain] == [
            re.findall(r"\d+", line) for line in rows()[identifier][language]["question"].split("\n")
        ]
        said = {
            label: {t.format(step=step, **thing) for t in book["judge"][label] for step in book["steps"]
                    for thing in book["things"]}
            for label in LABELS
        }  # fmt: skip
        assert [label for label in LABELS if verdict in said[label]] == [problem.answer]
        numbers = [int(n) for n in re.findall(r"\d+", rows()[identifier][language]["question"])]
        assert len(comparison) == (len(numbers) == 2)
        for line in comparison:
            ((first, x, sign, second, y),) = re.findall(r"(?:\(([<>=]))?(\d+)\)? ([<>]) (?:\(([<>=]))?(\d+)\)?", line)
            assert [int(x), int(y)] == numbers and (int(x) < int(y)) == (sign == "<")
            meant = {"exact": "=", "more": ">", "fewer": "<"}
            assert [first, second] == [meant.get(statement.kind, "") for statement in problem]
            compared += 1
    assert compared > 40
