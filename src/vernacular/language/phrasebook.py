"""Phrasebooks: the words of the miniature's problems, one YAML file a language, parallel across languages.

Template 3 of a kind means the same in every language, as do name 2 and thing 7, so two renderings of one problem are
translations of each other. The format is ours; `resources/phrasebook/en.yaml` documents it.
"""

import random
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import YamlError, read_yaml

PHRASEBOOKS = resource("phrasebook")
OPERATIONS = ("add", "subtract", "multiply", "share")

LABELS = ("entailment", "neutral", "contradiction")
STATEMENTS: dict[str, set[str]] = {
    **dict.fromkeys(("exact", "more", "fewer"), {"name", "n"}),
    "pair": {"name", "other", "n", "m"},
    **dict.fromkeys(("more_than", "fewer_than"), {"name", "other"}),
    **dict.fromkeys(("all", "some", "none"), set()),
}
FACTS, FACTS_OF_A_PLACE = 30, 3
LEAST = {"names": 4, "things": 10, "steps": 2, "places": FACTS // FACTS_OF_A_PLACE, "facts": FACTS}  # entries of lists

# Section -> kind -> (how many templates, placeholders that each must hold). The forms of things are allowed too, or
# those of a fact and its place where a template speaks of these.
SECTIONS: dict[str, dict[str, tuple[int, set[str]]]] = {
    "story": {kind: (4, {"n"}) for kind in ("opening", *OPERATIONS)} | {"closing": (4, set())},
    "frame": {kind: (4, {"a", "b"}) for kind in OPERATIONS},
    "trace": {kind: (3, {"step", "x", "y", "z"}) for kind in OPERATIONS},
    "check": {"backwards": (2, {"x", "sign", "y", "z"})},
    "choice": {kind: (2, set()) for kind in ("thing_by_use", "thing_by_place", "use_of_thing", "place_of_thing")},
    "recall": {kind: (2, {"step"}) for kind in ("use", "place")},
    "statement": {kind: (2, fields) for kind, fields in STATEMENTS.items()},
    "judge": {"compare": (2, {"step", "x", "sign", "y"})} | {label: (2, {"step"}) for label in LABELS},
}
OF_FACTS = ("choice", "recall")
INSTRUCTIONS = ("instruction", "choice_instruction", "entailment_instruction")  # these are not templates
FRAMES = ("answer", "premise", "hypothesis")  # each holds the placeholder of its name, and no other
SIGNS = {"add": "+", "subtract": "-", "multiply": "×", "share": "÷"}
INVERSE = {"add": "subtract", "subtract": "add", "multiply": "share", "share": "multiply"}


class PhrasebookError(ValueError):
    """A phrasebook that lacks something; the message names the file, the language and the form."""


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@cache
def has_phrasebook(language: str) -> bool:
    return (PHRASEBOOKS / f"{language}.yaml").exists()


@cache
def load_phrasebook(language: str, folder: Path = PHRASEBOOKS) -> dict[str, Any]:
    """Read and check one phrasebook.

    Raises PhrasebookError (one line: file, language, what is missing) for a missing file, section or form.
    """
    path = folder / f"{language}.yaml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
        raise PhrasebookError(f"{path}: no phrasebook for language '{language}'; there are: {known}")
    try:
        book = read_yaml(path, f"{path}: language '{language}'")
    except YamlError as error:
        raise PhrasebookError(str(error)) from None
    check_phrasebook(book, language, path)
    return book


def check_phrasebook(book: Any, language: str, path: Path) -> None:
    def fail(what: str) -> None:
        raise PhrasebookError(f"{path}: language '{language}': {what}")

    def fields(template: str, what: str) -> set[str]:
        try:
            return placeholders(template)
        except ValueError as error:  # a brace that is not closed
            raise PhrasebookError(f"{path}: language '{language}': {what}: {error}") from None

    if not isinstance(book, dict) or book.get("language") != language:
        fail(f"the key 'language' must be '{language}'")
    for key, least in LEAST.items():
        if len(book.get(key) or []) < least:
            fail(f"'{key}' needs at least {least} entries, has {len(book.get(key) or [])}")
    for key in (*INSTRUCTIONS, *FRAMES):
        if not book.get(key):
            fail(f"'{key}' is missing")
        if key in FRAMES and fields(book[key], f"'{key}'") != {key}:
            fail(f"'{key}' lacks the placeholder {{{key}}} or has another")
    if missing := [label for label in LABELS if label not in book["entailment_instruction"]]:
        fail(f"'entailment_instruction' does not name the label '{missing[0]}'")
    for key, form in (("places", "place"), ("facts", "thing"), ("facts", "use")):
        for number, entry in enumerate(book[key], 1):
            if not isinstance(entry, dict) or form not in entry:
                fail(f"'{key}' entry {number} lacks the form '{form}'")
        alone = [entry[form] for entry in book[key]]
        if len({*alone}) < len(alone):
            fail(f"'{key}' has two entries with the same '{form}': {next(x for x in alone if alone.count(x) > 1)}")
    used: dict[str, set[str]] = {"thing": set(), "fact": set()}
    for section, kinds in SECTIONS.items():
        for kind, (least, required) in kinds.items():
            templates = (book.get(section) or {}).get(kind) or []
            if len(templates) < least:
                fail(f"'{section}.{kind}' needs at least {least} templates, has {len(templates)}")
            for number, template in enumerate(templates, 1):
                found = fields(template, f"'{section}.{kind}' template {number}")
                if missing := sorted(required - found):
                    fail(f"'{section}.{kind}' template {number} lacks {{{missing[0]}}}")
                if section == "trace" and f"{{x}} {SIGNS[kind]} {{y}} = {{z}}" not in template:
                    fail(f"'trace.{kind}' template {number} lacks '{{x}} {SIGNS[kind]} {{y}} = {{z}}'")
                if kind == "backwards" and "{x} {sign} {y} = {z}" not in template:
                    fail(f"'check.backwards' template {number} lacks '{{x}} {{sign}} {{y}} = {{z}}'")
                if kind == "compare" and "{x} {sign} {y}" not in template:
                    fail(f"'judge.compare' template {number} lacks '{{x}} {{sign}} {{y}}'")
                forms = found - required - ({"name"} if section == "story" else set())  # only stories have a person
                if not forms and section in ("choice", "recall", "statement"):
                    fail(f"'{section}.{kind}' template {number} speaks of nothing: a form of the thing is missing")
                used["fact" if section in OF_FACTS else "thing"] |= forms
    entries = {"thing": book["things"], "fact": [fact_forms(book, n) for n in range(FACTS)]}
    for what, forms in used.items():
        for number, entry in enumerate(entries[what], 1):
            if missing := sorted(forms - entry.keys()):
                fail(f"{what} {number} ({', '.join(map(str, entry.values()))}) lacks the form '{missing[0]}'")


def fact_forms(book: dict[str, Any], number: int) -> dict[str, str]:
    """The forms of fact `number` (from 0) and of the place that it belongs to."""
    return {**book["places"][number // FACTS_OF_A_PLACE], **book["facts"][number]}


def render_story(book: dict[str, Any], operations: list[str], operands: list[int], choice: random.Random) -> str:
    """An opening, one event for each operation, a closing question; `choice` picks name, thing and templates.

    `operands` holds the opening number and one number for each operation. The draws do not depend on the language, so
    the same seed gives the translation in another one.
    """
    name, thing = choice.choice(book["names"]), choice.choice(book["things"])
    kinds = ["opening", *operations]
    parts = [
        choice.choice(book["story"][kind]).format(name=name, n=n, **thing)
        for kind, n in zip(kinds, operands, strict=True)
    ]
    parts.append(choice.choice(book["story"]["closing"]).format(name=name, **thing))
    return join_sentences(parts, book["language"])


def render_frame(book: dict[str, Any], operation: str, a: int, b: int, choice: random.Random) -> str:
    """A one-step question in another setting than the stories."""
    choice.choice(book["names"])  # keeps the draw of the thing where the story and the trace have it
    thing = choice.choice(book["things"])
    return choice.choice(book["frame"][operation]).format(a=a, b=b, **thing)


def render_trace(
    book: dict[str, Any],
    steps: list[tuple[str, int, int, int]],
    choice: random.Random,
    wording: random.Random,
    check: bool = False,
) -> list[str]:
    """One line for each step (operation, x, y, z); with `check` one more for each, backwards to the opening number.

    `choice` is seeded as for the question, to name its thing; `wording` draws the templates of the lines.
    """
    choice.choice(book["names"])
    thing = choice.choice(book["things"])
    starts = [book["steps"][0]] + [book["steps"][1]] * (len(steps) - 1)
    lines = [
        wording.choice(book["trace"][kind]).format(step=start, x=x, y=y, z=z, **thing)
        for start, (kind, x, y, z) in zip(starts, steps, strict=True)
    ]
    for kind, x, y, z in reversed(steps if check else []):
        template = wording.choice(book["check"]["backwards"])
        lines.append(template.format(x=z, sign=SIGNS[INVERSE[kind]], y=y, z=x, **thing))
    return lines


def join_sentences(parts: list[str], language: str) -> str:
    """Chinese and Japanese set no space between sentences."""
    return ("" if language in ("zh", "ja") else " ").join(parts)
