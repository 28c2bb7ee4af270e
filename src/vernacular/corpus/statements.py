"""Entailment, contradiction or neither, over quantities and sets: the miniature's XNLI.

A problem is language-free: a premise and a hypothesis about things, persons and numbers, and the label that follows
from their meaning. `some` means at least one, perhaps all; `more` and `fewer` are strict.
"""

import random
from typing import Any, NamedTuple

from vernacular.language.phrasebook import LABELS

NAMES, THINGS = 4, 10
SETS = ("all", "some", "none")
SIGNS = {"exact": "=", "more": ">", "fewer": "<"}


class Statement(NamedTuple):
    kind: str  # of phrasebook.STATEMENTS
    thing: int
    name: int = 0
    other: int = 0
    n: int = 0
    m: int = 0


class Entailment(NamedTuple):
    premise: Statement
    hypothesis: Statement

    @property
    def answer(self) -> str:
        return label_of(self.premise, self.hypothesis)

    @property
    def key(self) -> str:
        """Equal for problems with the same premise and hypothesis, names and things included."""
        return f"{tuple(self.premise)} {tuple(self.hypothesis)}"


def values(statement: Statement) -> tuple[float, float]:
    """The lowest and the highest whole number that a statement about one person allows."""
    n = statement.n
    return {"exact": (n, n), "more": (n + 1, float("inf")), "fewer": (0, n - 1)}[statement.kind]


def label_of(premise: Statement, hypothesis: Statement) -> str:
    """Entailment if the hypothesis holds whenever the premise does, contradiction if it never does; else neutral."""
    if premise.thing != hypothesis.thing:
        return "neutral"
    if premise.kind in SETS:
        if "none" in (premise.kind, hypothesis.kind):
            return "entailment" if premise.kind == hypothesis.kind else "contradiction"
        return "neutral" if (premise.kind, hypothesis.kind) == ("some", "all") else "entailment"
    if premise.name != hypothesis.name:
        return "neutral"
    if premise.kind == "pair":
        return "entailment" if (premise.n > premise.m) == (hypothesis.kind == "more_than") else "contradiction"
    (low, high), (least, most) = values(premise), values(hypothesis)
    if least <= low and high <= most:
        return "entailment"
    return "contradiction" if high < least or most < low else "neutral"


def draw_entailment(rng: random.Random, numbers: list[int]) -> Entailment:
    """A problem whose label is drawn evenly; numbers: the inclusive range of its numbers.

    A quarter of the draws are about two sets, a sixth about two persons, the rest about numbers. Comparing two persons'
    numbers always decides, so neutral problems are about numbers or sets. Both statements of a problem are about the
    same person and thing (our choice).
    """
    label = rng.choice(LABELS)
    family = rng.choice(("number", "number", "number" if label == "neutral" else "pair", "set"))
    while True:
        thing, name, other = rng.randrange(THINGS), *rng.sample(range(NAMES), 2)
        n, m = rng.sample(range(numbers[0], numbers[1] + 1), 2)
        if family == "set":
            premise, hypothesis = Statement(rng.choice(SETS), thing), Statement(rng.choice(SETS), thing)
        elif family == "pair":
            premise = Statement("pair", thing, name, other, n, m)
            hypothesis = Statement(rng.choice(("more_than", "fewer_than")), thing, name, other)
        else:
            kinds = rng.choice(("exact", "more", "fewer")), rng.choice(("exact", "more", "fewer"))
            premise, hypothesis = (Statement(kind, thing, name, n=k) for kind, k in zip(kinds, (n, m), strict=True))
        if label_of(premise, hypothesis) == label:
            return Entailment(premise, hypothesis)


def render_statement(book: dict[str, Any], statement: Statement, choice: random.Random | None) -> str:
    templates, names = book["statement"][statement.kind], book["names"]
    told = {"name": names[statement.name], "other": names[statement.other], "n": statement.n, "m": statement.m}
    template = choice.choice(templates) if choice else templates[0]
    return template.format(**told, **book["things"][statement.thing])


def render_entailment(book: dict[str, Any], problem: Entailment, choice: random.Random | None) -> str:
    """Premise and hypothesis, one line each; `choice` picks their wording, None means the first."""
    premise, hypothesis = (render_statement(book, statement, choice) for statement in problem)
    return book["premise"].format(premise=premise) + "\n" + book["hypothesis"].format(hypothesis=hypothesis)


def render_judgement(book: dict[str, Any], problem: Entailment) -> list[str]:
    """The trace: both statements in their first wording, their numbers compared if they have any, the verdict.

    Each number comes with its relation, so that all that decides is on one line: `(<2) < (>10)` for fewer than two and
    more than ten. The wording follows from the kind, since randomness in a trace is noise in the loss (our choices).
    """
    premise, hypothesis = problem
    lines = render_entailment(book, problem, None).split("\n")
    step = 0
    if premise.n:
        n, m = (premise.n, premise.m) if premise.kind == "pair" else (premise.n, hypothesis.n)
        x, y = (n, m) if premise.kind == "pair" else (f"({SIGNS[s.kind]}{s.n})" for s in problem)
        template = book["judge"]["compare"][0 if premise.kind == "pair" else 1]
        sign = "<" if n < m else ">"
        lines.append(template.format(step=book["steps"][0], x=x, sign=sign, y=y, **book["things"][premise.thing]))
        step = 1
    template = book["judge"][problem.answer][step]
    return [*lines, template.format(step=book["steps"][step], **book["things"][hypothesis.thing])]
