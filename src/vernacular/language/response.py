"""The language of a response: of its words, outside the box and the mathematics."""

import re
from collections.abc import Sequence

from vernacular.language.identify import LanguageIdentifier

_BRACE = re.compile(r"\\boxed\s*+\{|\\.|[{}]", re.DOTALL)  # an escaped brace is text


def response_languages(responses: Sequence[str], identifier: LanguageIdentifier) -> list[str | None]:
    """The language of each response, None where the identifier abstains, as it does where a box is all there is.

    What is boxed does not count, not even words: `\\boxed{\\text{cinq}}` and `\\boxed{neutral}` are answers in no
    language. Equal texts are identified once.
    """
    texts = [without_boxes(response) for response in responses]
    distinct = list(dict.fromkeys(texts))
    named = dict(zip(distinct, identifier.identify(distinct), strict=True))
    return [named[text] for text in texts]


def without_boxes(text: str) -> str:
    """The text with a space for each `\\boxed{...}`; a box that never closes reaches to the end. Linear time."""
    if "\\boxed" not in text:
        return text
    kept, start, depth = [], 0, 0
    for token in _BRACE.finditer(text):
        opens = token[0] == "{" or token[0].startswith("\\boxed")
        if not depth and opens and token[0] != "{":
            kept.append(text[start : token.start()])
            depth = 1
        elif depth and opens:
            depth += 1
        elif depth and token[0] == "}":
            depth -= 1
            start = token.end()
    return " ".join([*kept, "" if depth else text[start:]])
