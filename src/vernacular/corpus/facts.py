"""Choice among five, over a small store of facts about things, uses and places: the miniature's X-CSQA.

A problem is language-free: which fact is asked for, in which way, and among which five. The facts are the same in every
split, since nobody can answer what was never told; what differs is how they are put together.
"""

import random
from typing import Any, NamedTuple

from vernacular.language.phrasebook import FACTS, FACTS_OF_A_PLACE, fact_forms

LETTERS = "ABCDE"
ASKED = {"thing_by_use": "thing", "thing_by_place": "thing", "use_of_thing": "use", "place_of_thing": "place"}
BY_PLACE = ("thing_by_place", "place_of_thing")  # the other two go by the use


class Choice(NamedTuple):
    kind: str  # of ASKED
    fact: int  # the one that is asked for
    options: tuple[int, ...]  # five facts of five places, that one among them

    @property
    def answer(self) -> str:
        return LETTERS[self.options.index(self.fact)]

    @property
    def key(self) -> str:
        """What makes two problems one, whatever the order of their options.

        Three facts share a place: where places are offered, options of the same places read the same.
        """
        places = ASKED[self.kind] == "place"
        return f"{self.kind} {self.fact} {sorted(o // FACTS_OF_A_PLACE if places else o for o in self.options)}"


def draw_choice(rng: random.Random) -> Choice:
    """A kind, a fact and four wrong ones, of five places, in random order.

    Five places also where a use decides: whoever flies abroad may need a plane, a suitcase and a passport.
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

    Its letter is not asked for: in a prompt it is tied to its option by its place alone, and no model of two million
    parameters learned to look it up from some 20,000 problems, with the letter before the option or behind it.
    """
    return fact_forms(book, problem.fact)[ASKED[problem.kind]]


def render_recall(book: dict[str, Any], problem: Choice) -> list[str]:
    """The line of the trace: the fact that decides.

    The kind decides on the wording, since what is random in a trace is noise in the loss (our choice).
    """
    templates = book["recall"]["place" if problem.kind in BY_PLACE else "use"]
    template = templates[0 if ASKED[problem.kind] == "thing" else 1]
    return [template.format(step=book["steps"][0], **fact_forms(book, problem.fact))]
