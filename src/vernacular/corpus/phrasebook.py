"""Phrasebooks: the words of the miniature's problems, one YAML file a language, parallel across languages.

Template 3 of a kind means the same in every language, as do name 2 and thing 7, so two renderings of one problem are
translations of each other. The format is ours; `resources/phrasebook/en.yaml` documents it.
"""

import random
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

PHRASEBOOKS = Path(__file__).parents[3] / "resources" / "phrasebook"
OPERATIONS = ("add", "subtract", "multiply", "share")

# Section -> kind -> (how many templates, placeholders that each must hold). Forms of things are allowed everywhere.
STORY = {kind: (4, {"n"}) for kind in ("opening", *OPERATIONS)} | {"closing": (4, set())}
FRAME = {kind: (4, {"a", "b"}) for kind in OPERATIONS}
TRACE = {kind: (3, {"step", "x", "y", "z"}) for kind in OPERATIONS}
SECTIONS: dict[str, dict[str, tuple[int, set[str]]]] = {"story": STORY, "frame": FRAME, "trace": TRACE}
SIGNS = {"add": "+", "subtract": "-", "multiply": "×", "share": "÷"}


class PhrasebookError(ValueError):
    """A phrasebook that lacks something; the message names the file, the language and the form."""


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


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
        book = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        what = " ".join(str(error).split())
        raise PhrasebookError(f"{path}: language '{language}': not valid YAML: {what}") from None
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
    for key, least in (("names", 4), ("things", 10), ("steps", 2)):
        if len(book.get(key) or []) < least:
            fail(f"'{key}' needs at least {least} entries, has {len(book.get(key) or [])}")
    for key in ("instruction", "answer"):
        if not book.get(key):
            fail(f"'{key}' is missing")
    if "{answer}" not in book["answer"] or fields(book["answer"], "'answer'") != {"answer"}:
        fail("'answer' lacks the placeholder {answer} or has another")
    used: set[str] = set()
    for section, kinds in SECTIONS.items():
        for kind, (least, required) in kinds.items():
            templates = (book.get(section) or {}).get(kind) or []
            if len(templates) < least:
                fail(f"'{section}.{kind}' needs at least {least} templates, has {len(templates)}")
            for number, template in enumerate(templates, 1):
                found = fields(template, f"'{section}.{kind}' template {number}")
                if missing := required - found:
                    fail(f"'{section}.{kind}' template {number} lacks {{{sorted(missing)[0]}}}")
                if section == "trace" and f"{{x}} {SIGNS[kind]} {{y}} = {{z}}" not in template:
                    fail(f"'trace.{kind}' template {number} lacks '{{x}} {SIGNS[kind]} {{y}} = {{z}}'")
                used |= found - required - ({"name"} if section == "story" else set())  # only stories have a person
    for number, thing in enumerate(book["things"], 1):
        for form in sorted(used):
            if form not in thing:
                fail(f"thing {number} ({', '.join(map(str, thing.values()))}) lacks the form '{form}'")


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
    book: dict[str, Any], steps: list[tuple[str, int, int, int]], choice: random.Random, wording: random.Random
) -> list[str]:
    """One line for each step (operation, x, y, z).

    `choice` is seeded as for the question, to name its thing; `wording` draws the templates of the lines.
    """
    choice.choice(book["names"])
    thing = choice.choice(book["things"])
    starts = [book["steps"][0]] + [book["steps"][1]] * (len(steps) - 1)
    return [
        wording.choice(book["trace"][kind]).format(step=start, x=x, y=y, z=z, **thing)
        for start, (kind, x, y, z) in zip(starts, steps, strict=True)
    ]


def join_sentences(parts: list[str], language: str) -> str:
    """Chinese and Japanese set no space between sentences."""
    return ("" if language in ("zh", "ja") else " ").join(parts)


if __name__ == "__main__":  # python -m vernacular.corpus.phrasebook fr: show what the phrasebook can say
    import sys

    for code in sys.argv[1:]:
        book = load_phrasebook(code)
        print(f"== {code}: {book['instruction']}")
        for section, kinds in SECTIONS.items():
            for kind in kinds:
                for number, template in enumerate(book[section][kind]):
                    values = dict(n=23, a=23, b=5, x=24, y=6, z=4, name=book["names"][number % 4])
                    for thing in (book["things"][number], book["things"][9 - number]):
                        text = template.format(step=book["steps"][0], **values, **thing)
                        print(f"{section}.{kind}.{number + 1}", text)
        print(book["answer"].format(answer="\\boxed{42}"))
