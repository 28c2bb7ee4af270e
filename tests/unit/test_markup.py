"""Code, addresses and file names have no language; prose has one wherever it stands."""

import time

import pytest

from vernacular.language.markup import strip_code

CODE = [
    "```python", "print(6 * 4)", "total = 6 * 4", "def area(a, b): return a * b", "import numpy as np",
    "from math import sqrt", "for x in range(3): total += x", "x = 3, y = 4", "let sum = items.length;",
    "const total = 6 * 4;", "if (x > 3) {", "}", "while n > 0: n -= 1", "return a + b", "#include <stdio.h>",
    "https://example.com/path?x=1", "www.example.com/a", "someone@example.com", "data/table.csv", "solution_2.py",
    '{"answer": 42, "unit": "kg"}', '"names": ["Ana", "Luis"],', "<analysis>", "</step-2>", "<|START_THINKING|>",
    "`total_price`", "```\nx = 3\n# the number of boxes that we have\nprint(x)\n```",
]  # fmt: skip
PROSE = [
    "Return to the shop: it is late", "For each box (there are 6): 4 pens", "total = the price of all boxes together",
    "let x be the number of boxes", "with 3 boxes: 12", "Class A: 24", "If he works 5 hours: 50 dollars", "z. B. 5.",
    '{"reasoning": "First we count all of the boxes", "answer": 9}', "5 < b et a > 3",
    "f(x) est la fonction que l'on cherche ici", "From one to six", "Import duties are 5 %",
]  # fmt: skip
FENCED = "First we count all of the boxes.\nThen we share them."


@pytest.mark.parametrize("text", CODE)
def test_code_goes(text: str) -> None:
    assert not any(map(str.isalpha, strip_code(text)))


@pytest.mark.parametrize("text", PROSE)
def test_prose_stays(text: str) -> None:
    assert strip_code(text) == text


def test_words_round_an_address_stay() -> None:
    assert strip_code("Voir [la page](https://example.com) et table.csv").split() == ["Voir", "la", "page", "et"]
    assert strip_code("La variable `n` vaut 3").split() == ["La", "variable", "vaut", "3"]


@pytest.mark.parametrize(
    "fence", ["```\n{}\n```", "```text\n{}\n```", "~~~\n{}\n~~~", "```\n{}", "```python\nx = 3\n{}\n```"]
)
def test_prose_in_a_fence_stays(fence: str) -> None:
    assert strip_code(fence.format(FENCED)).split() == FENCED.split()


def test_comments_stay_where_a_fence_holds_nothing_else() -> None:
    comments = "\n".join(f"# {line}" for line in FENCED.split("\n"))
    assert strip_code(f"```\n{comments}\n```").split() == comments.split()
    assert strip_code(f"```\n{comments}\nx = 3\n```").split() == []


@pytest.mark.parametrize(
    "piece", ["`", "```\n", "~~~\n", "a(", "x=", "[a](", "a/", "a.", "a@", "if ", "def f(", "www.", "://"]
)
def test_it_takes_linear_time(piece: str) -> None:
    start = time.process_time()
    strip_code(piece * (100_000 // len(piece)))
    assert time.process_time() - start < 2
