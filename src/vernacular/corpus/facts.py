"""Choice among five, over a small store of facts about things, uses and places: the miniature's X-CSQA.

A problem is language-free: which fact is asked for, in which way, and among which five. The facts are the same in every
split, since nobody can answer what was never told; the splits differ in how facts are combined.
"""

import random
from typing import Any, NamedTuple

from vernacular.language.phrasebook import FACTS, FACTS_OF_A_PLACE, fact_forms

LETTERS = "ABCDE"
ASKED = {"thing_by_use": "thing", "thing_by_place": "thing", "use_of_thing": "use", "place_of_thing": "place"}
BY_PLACE = ("thing_by_place", "place_of_thing")  # the other two go by the use


class Choice(NamedTuple):
    kind: str  # of ASKED
    fact: int  # the right one
    options: tuple[int, ...]  # five facts of five places, including the right one

    @property
    def answer(self) -> str:
        return LETTERS[self.options.index(self.fact)]

    @property
    def key(self) -> str:
        """Equal for problems that differ only in the order of their options.

        Three facts share a place, so if the options are places, facts of the same places read the same.
        """
        places = ASKED[self.kind] == "place"
        return f"{self.kind} {self.fact} {sorted(o // FACTS_OF_A_PLACE if places else o for o in self.options)}"


def draw_choice(rng: random.Random) -> Choice:
    """A kind, a fact and four wrong ones, of five places, in random order.

    Five places even if the use decides: whoever flies abroad may need a plane, a suitcase and a passport.
    """
    kind, fact = rng.choice(list(ASKED)), rng.randrange(FACTS)
    places = [place for place in range(FACTS // FACTS_OF_A_PLACE) if place != fact // FACTS_OF_A_PLACE]
    wrong = [place * FACTS_OF_A_PLACE + rng.randrange(FACTS_OF_A_PLACE) for place in rng.sample(places, 4)]
    options = [fact, *wrong]
    rng.shuffle(options)
    return Choice(kind, fact, tuple(options))


def render_choice_question(book: dict[str, Any], problem: Choice, choice: random.Random) -> str:
    """The question without its options; `choice` picks the wording."""
    return choice.choice(book["choice"][problem.kind]).format(**fact_forms(book, problem.fact))


def render_choices(book: dict[str, Any], problem: Choice) -> list[str]:
    return [fact_forms(book, option)[ASKED[problem.kind]] for option in problem.options]


def render_right_choice(book: dict[str, Any], problem: Choice) -> str:
    """The right option in words, which is how the miniature answers (see `labels.extract_label`; our choice).

    It does not answer with the letter, which only its position in the prompt ties to an option: no model of two million
    parameters learned to look it up from some 20,000 problems, with the letter before the option or after it.
    """
    return fact_forms(book, problem.fact)[ASKED[problem.kind]]


def render_recall(book: dict[str, Any], problem: Choice) -> list[str]:
    """The line of the trace: the fact that decides.

    The wording follows from the kind, since randomness in a trace is noise in the loss (our choice).
    """
    templates = book["recall"]["place" if problem.kind in BY_PLACE else "use"]
    template = templates[0 if ASKED[problem.kind] == "thing" else 1]
    return [template.format(step=book["steps"][0], **fact_forms(book, problem.fact))]
