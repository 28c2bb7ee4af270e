"""The miniature's texts are recognisable: the identifier names the language of what every phrasebook says."""

import pytest

from vernacular.codeswitch import code_switched
from vernacular.corpus.miniature import draw_problems, render_completion, render_question
from vernacular.identify import LanguageIdentifier
from vernacular.languages import load_languages
from vernacular.prompts import split_completion

NUMBERS = {"opening": [2, 60], "term": [2, 40], "factor": [2, 9], "result": [2, 300]}
IDENTIFIER = LanguageIdentifier(list(load_languages()))
TWO_STEPS = [(f"story-{n}", problem) for n, problem in enumerate(draw_problems(150, "train", 2, NUMBERS, "two"))]
ONE_STEP = [(f"frame-{n}", problem) for n, problem in enumerate(draw_problems(150, "train", 1, NUMBERS, "one"))]


@pytest.mark.parametrize("language", load_languages())
def test_questions_and_traces_are_identified(language: str) -> None:
    kinds: dict[str, list[str]] = {"questions": [], "traces": [], "lines": [], "responses": []}
    for setting, problems in (("story", TWO_STEPS), ("frame", ONE_STEP)):
        for identifier, problem in problems:
            kinds["questions"].append(render_question(language, identifier, problem, setting, seed=0))
            trace, response = split_completion(render_completion(language, identifier, problem, seed=0))
            kinds["traces"].append(trace)
            kinds["lines"] += trace.split("\n")
            kinds["responses"].append(response)
    for kind, texts in kinds.items():
        found = IDENTIFIER.identify(texts)
        wrong = {(text, name) for text, name in zip(texts, found, strict=True) if name != language}
        share = sum(name == language for name in found) / len(texts)
        assert share >= 0.99, f"{kind} of '{language}': {share:.3f} identified, {sorted(wrong, key=str)[:5]}"
    switched = code_switched(kinds["questions"] + kinds["traces"], IDENTIFIER)
    assert sum(switched) <= 0.01 * len(switched)
