"""Phrasebooks: the identifier names the language of what each says, they are parallel, and what lacks is named."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from vernacular.answers.compare import is_correct
from vernacular.corpus.facts import draw_choice
from vernacular.corpus.miniature import (
    Shape,
    draw_problem,
    draw_problems,
    render_completion,
    render_options,
    render_question,
)
from vernacular.corpus.statements import draw_entailment
from vernacular.language import phrasebook
from vernacular.language.codeswitch import code_switched
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import load_languages
from vernacular.language.phrasebook import (
    FACTS,
    INSTRUCTIONS,
    OF_FACTS,
    SECTIONS,
    PhrasebookError,
    fact_forms,
    load_phrasebook,
)
from vernacular.language.prompts import question_text, split_completion
from vernacular.language.response import without_boxes

NUMBERS = {"opening": [2, 60], "term": [2, 40], "factor": [2, 9], "result": [2, 300]}
IDENTIFIER = LanguageIdentifier(list(load_languages()))
DRAWS = {
    "story": lambda rng: draw_problem(rng, 2, NUMBERS),
    "frame": lambda rng: draw_problem(rng, 1, NUMBERS),
    "facts": draw_choice,
    "statements": lambda rng: draw_entailment(rng, NUMBERS["opening"]),
}
PROBLEMS = {setting: draw_problems(150, "train", draw, setting) for setting, draw in DRAWS.items()}


def texts(language: str, settings: tuple[str, ...]) -> dict[str, list[str]]:
    """Everything that is said about the problems, by kind of text."""
    said: dict[str, list[str]] = {"questions": [], "question lines": [], "traces": [], "lines": [], "responses": []}
    for setting in settings:
        for number, problem in enumerate(PROBLEMS[setting]):
            identifier = f"{setting}-{number}"
            question: Any = render_question(language, identifier, problem, setting, seed=0)
            said["questions"].append(question_text(question, render_options(language, problem)))
            said["question lines"] += question.split("\n")
            trace, response = split_completion(render_completion(language, identifier, problem, seed=0))
            said["traces"].append(trace)
            said["lines"] += trace.split("\n")
            said["responses"].append(response)
    return said


@pytest.mark.parametrize("settings, least", [(("story", "frame"), 0.99), (("facts",), 0.97), (("statements",), 0.99)])
@pytest.mark.parametrize("language", load_languages())
def test_questions_and_traces_are_identified(language: str, settings: tuple[str, ...], least: float) -> None:
    said = texts(language, settings)
    for kind, lines in said.items():
        # Lines and responses are judged within their trace and for their question.
        context = language if kind in ("lines", "responses") else None
        found = IDENTIFIER.identify_within([without_boxes(line) for line in lines], [context] * len(lines))
        wrong = {(text, name) for text, name in zip(lines, found, strict=True) if name != language}
        share = sum(name == language for name in found) / len(lines)
        assert share >= least, f"{kind} of '{language}': {share:.3f} identified, {sorted(wrong, key=str)[:5]}"
    # Without the options, whose letters pass for words of other languages.
    switched = code_switched(said["question lines"] + [text.split(" A) ")[0] for text in said["traces"]], IDENTIFIER)
    assert sum(switched) <= 0.01 * len(switched)


@pytest.mark.parametrize("language", load_languages())
def test_longer_traces_are_identified_and_answered_right(language: str) -> None:
    traces, lines = [], []
    for setting in ("story", "frame"):
        for number, problem in enumerate(PROBLEMS[setting][:60]):
            shape = Shape(setting if number % 3 else None, check=number % 2 == 0 or number % 3 == 0)
            completion = render_completion(language, f"{setting}-{number}", problem, 0, shape)
            trace, response = split_completion(completion)
            assert is_correct(str(problem.answer), response, language), completion
            traces.append(trace)
            lines += trace.split("\n")
    found = IDENTIFIER.identify(traces) + IDENTIFIER.identify_within(lines, [language] * len(lines))
    wrong = {(text, name) for text, name in zip([*traces, *lines], found, strict=True) if name != language}
    assert not wrong and not any(code_switched(traces, IDENTIFIER))


@pytest.mark.parametrize("language", [code for code in load_languages() if code != "en"])
def test_a_line_in_english_is_noticed(language: str) -> None:
    shapes = [Shape(None, False, "en"), Shape("story", True, "en")]
    traces = [
        split_completion(render_completion(language, f"q{number}", problem, 0, shapes[number % 2]))[0]
        for number, problem in enumerate(PROBLEMS["story"][:40])
    ]
    assert all(code_switched(traces, IDENTIFIER))


# --- What a phrasebook must hold --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", load_languages())
def test_phrasebook_is_parallel_to_english_and_says_everything(language: str) -> None:
    book, english = load_phrasebook(language), load_phrasebook("en")
    for key in ("names", "things", "steps", "places", "facts"):
        assert len(book[key]) == len(english[key])
    assert all("\\boxed{}" in book[key] for key in INSTRUCTIONS) and len({book[key] for key in INSTRUCTIONS}) == 3
    values = {"step": book["steps"][0], "n": 21, "m": 9, "a": 23, "b": 5, "x": 24, "y": 6, "z": 4, "sign": ">"}
    persons = [{"name": name, "other": other} for name, other in itertools.permutations(book["names"], 2)]
    facts = [fact_forms(book, number) for number in range(FACTS)]
    for section, kinds in SECTIONS.items():
        for kind in kinds:
            assert len(book[section][kind]) == len(english[section][kind])
            named = persons if section in ("story", "statement") else [{}]
            for forms, who in itertools.product(facts if section in OF_FACTS else book["things"], named):
                texts = [template.format(**values, **forms, **who) for template in book[section][kind]]
                assert len(set(texts)) == len(texts) and not any(
                    re.search(r"[{}]|\bNone\b(?! of)", text) for text in texts
                )


def broken(tmp_path: Path, old: str, new: str, language: str = "en") -> str:
    """What load_phrasebook says of a copy in which `old` is replaced."""
    text = (phrasebook.PHRASEBOOKS / "en.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "en.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PhrasebookError) as caught:
        load_phrasebook(language, tmp_path)
    assert str(tmp_path) in str(caught.value) and f"'{language}'" in str(caught.value) and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "old, new, what",
    [
        ("{plural: coins}", "{single: coin}", "thing 4 (coin) lacks the form 'plural'"),
        ("has {n} {plural}.'", "has {plural}.'", "'story.opening' template 1 lacks {n}"),
        ("    - '{name} has {n} {plural}.'\n", "", "'story.opening' needs at least 4 templates, has 3"),
        ("{x} ÷ {y} = {z}", "{x} : {y} = {z}", "'trace.share' template 1 lacks '{x} ÷ {y} = {z}'"),
        ("{name} has {n}", "{name} has {n", "'story.opening' template 1: "),
        ("is {answer}.", "is {result}.", "'answer' lacks the placeholder {answer}"),
        ("instruction:", "instructions:", "'instruction' is missing"),
        ("[Anna, Maria, Sara, Nina]", "[Anna, Maria]", "'names' needs at least 4 entries, has 2"),
        ("language: en", "language: fr", "the key 'language' must be 'en'"),
        ("language: en", "language: [en", "not valid YAML"),
        ("language: en", "language: en\nlanguage: fr", "the key 'language' is repeated"),
        ("'{step}", "'{name} {step}", "lacks the form 'name'"),  # only stories and statements know a person
        ("choice_instruction:", "choices:", "'choice_instruction' is missing"),
        ("neutral or contradiction in", "neutral or contradictory in", "does not name the label 'contradiction'"),
        ("'Premise: {premise}'", "'Premise: {hypothesis}'", "'premise' lacks the placeholder {premise} or has another"),
        ("  - {place: in the office}\n", "", "'places' needs at least 10 entries, has 9"),
        ("  - {thing: a drum, use: to beat the rhythm}\n", "", "'facts' needs at least 30 entries, has 29"),
        ("use: to cook soup", "usage: to cook soup", "'facts' entry 2 lacks the form 'use'"),
        ("- {place: in the office}", "- in the office", "'places' entry 6 lacks the form 'place'"),
        ("use: to cut wood", "use: to cut bread", "two entries with the same 'use': to cut bread"),
        ("'What is {thing} used for?'", "'What is it used for?'", "'choice.use_of_thing' template 1 speaks of nothing"),
        ("Some of the {plural}", "Some", "'statement.some' template 1 speaks of nothing: a form of the thing"),
        ("'{name} has more than {n}", "'{name} has more than some", "'statement.more' template 1 lacks {n}"),
        ("{plural}: {x} {sign} {y}.", "{plural}: {x}{sign}{y}.", "'judge.compare' template 1 lacks '{x} {sign} {y}'"),
        (
            "again: {x} {sign} {y} = {z}.",
            "again: {x}{sign}{y} = {z}.",
            "'check.backwards' template 2 lacks '{x} {sign}",
        ),
        ("What do people need in", "What do {plural} need in", "fact 1 (in the kitchen, a knife, to cut bread) lacks"),
    ],
)
def test_broken_phrasebooks_are_named(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert what in broken(tmp_path, old, new)


def test_missing_phrasebook_names_those_there(tmp_path: Path) -> None:
    assert "there are: en" in broken(tmp_path, "language: en", "language: en", language="fr")
