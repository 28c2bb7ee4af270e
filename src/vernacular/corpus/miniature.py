"""The miniature's corpus: word problems of one and two steps in every language that has a phrasebook.

A problem is language-free (operations and operands); the phrasebooks render it. The split of a problem follows from a
hash of its operations and operands alone, so no test problem can reach training in any language or wording.
"""

import hashlib
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from vernacular.corpus.phrasebook import OPERATIONS, load_phrasebook, render_frame, render_story, render_trace
from vernacular.prompts import join_completion

SPLITS = {"test": (0.0, 0.1), "dev": (0.1, 0.2), "train": (0.2, 1.0)}


class Problem(NamedTuple):
    operations: list[str]
    operands: list[int]  # the opening number, then one for each operation
    steps: list[tuple[str, int, int, int]]  # (operation, x, y, z): x op y = z

    @property
    def answer(self) -> int:
        return self.steps[-1][3]


def share_of(key: str) -> float:
    """A number in [0, 1) that depends on the key alone: how problems and ids are dealt out, whatever the seed."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48


def apply(operation: str, x: int, y: int) -> int | None:
    """The result; None where it is not a whole number of at least 2 (every number in a text is a plural)."""
    if operation == "share" and x % y:
        return None
    result = {"add": x + y, "subtract": x - y, "multiply": x * y, "share": x // y}[operation]
    return result if result >= 2 else None


def draw_problem(rng: random.Random, steps: int, numbers: dict[str, list[int]]) -> Problem:
    """Draw operations evenly, and operands until every result is a whole number within `numbers['result']`.

    numbers: inclusive ranges: `opening` (the first number), `term` (added, subtracted), `factor` (multiplied, shared
    by), `result`. Operations that no operands satisfy in 200 draws are drawn anew. ValueError where 1,000 draws of
    operations find none: the ranges hold no problem.
    """
    for _ in range(1000):
        operations = [rng.choice(OPERATIONS) for _ in range(steps)]
        for _ in range(200):
            if (problem := draw_operands(rng, operations, numbers)) is not None:
                return problem
    raise ValueError(f"the number ranges {numbers} hold no {steps}-step problem; widen `result` or narrow the others")


def draw_operands(rng: random.Random, operations: list[str], numbers: dict[str, list[int]]) -> Problem | None:
    x = rng.randint(*numbers["opening"])
    operands, trail = [x], []
    for operation in operations:
        y = rng.randint(*numbers["term" if operation in ("add", "subtract") else "factor"])
        z = apply(operation, x, y)
        if z is None or not numbers["result"][0] <= z <= numbers["result"][1]:
            return None
        operands.append(y)
        trail.append((operation, x, y, z))
        x = z
    return Problem(operations, operands, trail)


def split_of(problem: Problem) -> str:
    """The split of a problem, by operations and operands; what only swaps summands or factors counts as one problem."""
    first, *rest = problem.operations
    commuting = 0
    if first in ("add", "multiply"):  # a run of the same operation at the start commutes with the opening number
        commuting = 2 + next((n for n, operation in enumerate(rest) if operation != first), len(rest))
    operands = sorted(problem.operands[:commuting]) + problem.operands[commuting:]
    share = share_of(f"{problem.operations} {operands}")
    return next(name for name, (low, high) in SPLITS.items() if low <= share < high)


def draw_problems(count: int, split: str, steps: int, numbers: dict[str, list[int]], seed: str) -> list[Problem]:
    """`count` different problems of a split; ValueError where the number ranges do not hold that many."""
    rng, seen, problems = random.Random(seed), set(), []
    for _ in range(count * 200 + 10_000):
        problem = draw_problem(rng, steps, numbers)
        key = (*problem.operations, *problem.operands)
        if split_of(problem) == split and key not in seen:
            seen.add(key)
            problems.append(problem)
            if len(problems) == count:
                return problems
    found = f"{len(problems)} of {count} {steps}-step problems for {split}"
    raise ValueError(f"the number ranges {numbers} give only {found}")


def make_problems(benchmark: str, options: dict[str, Any], split: str, seed: int) -> dict[str, Problem]:
    """The problems of one benchmark and split, by question id."""
    problems = draw_problems(
        options["questions"][split], split, options["steps"], options["numbers"], f"{benchmark} {split} {seed}"
    )
    return {f"{benchmark}-{split}-{number:05d}": problem for number, problem in enumerate(problems)}


def choice_for(identifier: str, seed: int) -> random.Random:
    """The draws of name, thing and templates: the same in every language."""
    return random.Random(f"{identifier} {seed}")


def render_question(language: str, identifier: str, problem: Problem, setting: str, seed: int) -> str:
    """The question's text; setting: `story` or `frame` (a section of the phrasebook)."""
    book, choice = load_phrasebook(language), choice_for(identifier, seed)
    if setting == "story":
        return render_story(book, problem.operations, problem.operands, choice)
    return render_frame(book, problem.operations[0], *_frame_operands(problem), choice)


def _frame_operands(problem: Problem) -> tuple[int, int]:
    """Frames say `{a} carriages with {b} things`, so a factor stands first."""
    x, y = problem.operands
    return (y, x) if problem.operations[0] == "multiply" else (x, y)


def render_completion(language: str, identifier: str, problem: Problem, seed: int, variant: str = "") -> str:
    """A right completion: a line for each step, then the boxed answer. `variant` draws other trace templates."""
    book = load_phrasebook(language)
    choice = choice_for(identifier, seed)
    lines = render_trace(book, problem.steps, choice, random.Random(f"{identifier} {seed} {language} {variant}"))
    return join_completion("\n".join(lines), book["answer"].format(answer=f"\\boxed{{{problem.answer}}}"))


def question_rows(benchmarks: dict[str, Any], languages: list[str], split: str, seed: int) -> Iterator[dict[str, Any]]:
    """The records of one split: every problem of every phrasebook benchmark in every language (records.QUESTION)."""
    for benchmark, options in benchmarks.items():
        for identifier, problem in make_problems(benchmark, options, split, seed).items():
            for language in languages:
                yield {
                    "id": identifier,
                    "benchmark": benchmark,
                    "kind": "math",
                    "language": language,
                    "question": render_question(language, identifier, problem, options["setting"], seed),
                    "choices": None,
                    "answer": str(problem.answer),
                }
