"""The miniature's corpus: problems of four benchmarks in every language that has a phrasebook.

A problem is language-free; the phrasebooks render it. The word problems of one and two steps (operations and operands)
are here, the choices in corpus/facts.py, the entailments in corpus/statements.py. The split of a problem follows from a
hash of what it asks alone, so no test problem can reach training in any language or wording.
"""

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from vernacular.corpus import facts, statements
from vernacular.corpus.facts import Choice
from vernacular.corpus.statements import Entailment
from vernacular.language.phrasebook import OPERATIONS, load_phrasebook, render_frame, render_story, render_trace
from vernacular.language.prompts import join_completion

KINDS = {"story": "math", "frame": "math", "facts": "choice", "statements": "entailment"}  # setting -> kind
SPLITS = {"test": (0.0, 0.1), "dev": (0.1, 0.2), "train": (0.2, 1.0)}


class Problem(NamedTuple):
    operations: list[str]
    operands: list[int]  # the opening number, then one for each operation

    @property
    def steps(self) -> list[tuple[str, int, int, int]]:
        """(operation, x, y, z): x op y = z."""
        x, found = self.operands[0], []
        for operation, y in zip(self.operations, self.operands[1:], strict=True):
            found.append((operation, x, y, x := result_of(operation, x, y)))
        return found

    @property
    def answer(self) -> int:
        return self.steps[-1][3]

    @property
    def key(self) -> str:
        """Equal for problems that differ only in the order of the summands or factors of their first steps."""
        first, *rest = self.operations
        commuting = 0
        if first in ("add", "multiply"):  # a run of the same operation at the start commutes with the opening number
            commuting = 2 + next((n for n, operation in enumerate(rest) if operation != first), len(rest))
        return f"{self.operations} {sorted(self.operands[:commuting]) + self.operands[commuting:]}"


AnyProblem = Problem | Choice | Entailment


class Shape(NamedTuple):
    """What the trace of a word problem has in addition to a line for each step (our choice).

    restate: the setting, where the question comes first, in the trace's language. check: each step is undone again.
    switch: a language that one later line is in.
    """

    restate: str | None = None
    check: bool = False
    switch: str | None = None


PLAIN = Shape()


def share_of(key: str) -> float:
    """A number in [0, 1) that depends on the key alone: how problems and ids are dealt out, whatever the seed."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:6], "big") / 2**48


def shape_of(key: str, shares: Mapping[str, float], setting: str, other: str | None) -> Shape:
    """The shape of one trace, by its key. shares: of the traces that `restate`, `check` and `switches` (to `other`)."""
    drawn = {name: share_of(f"{name} {key}") < shares.get(name, 0.0) for name in ("restate", "check", "switches")}
    return Shape(setting if drawn["restate"] else None, drawn["check"], other if drawn["switches"] else None)


def apply(operation: str, x: int, y: int) -> int | None:
    """The result; None if it is not a whole number of at least 2 (every number in a text is a plural)."""
    result = result_of(operation, x, y)
    return None if result < 2 or (operation == "share" and x % y) else result


def result_of(operation: str, x: int, y: int) -> int:
    return {"add": x + y, "subtract": x - y, "multiply": x * y, "share": x // y}[operation]


def draw_problem(rng: random.Random, steps: int, numbers: dict[str, list[int]]) -> Problem:
    """Draw operations evenly, and operands until every result is a whole number within `numbers['result']`.

    numbers: inclusive ranges: `opening` (the first number), `term` (added, subtracted), `factor` (multiplied, shared
    by), `result`. Operations that no operands satisfy in 200 draws are drawn again. Raises ValueError if 1,000 draws of
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
    operands = [x]
    for operation in operations:
        y = rng.randint(*numbers["term" if operation in ("add", "subtract") else "factor"])
        z = apply(operation, x, y)
        if z is None or not numbers["result"][0] <= z <= numbers["result"][1]:
            return None
        operands.append(y)
        x = z
    return Problem(operations, operands)


def split_of(problem: AnyProblem) -> str:
    """The split of a problem, by what it asks alone."""
    share = share_of(problem.key)
    return next(name for name, (low, high) in SPLITS.items() if low <= share < high)


def draw_problems(count: int, split: str, draw: Callable[[random.Random], AnyProblem], seed: str) -> list[AnyProblem]:
    """`count` different problems of a split, or as many as 200 draws for each and 10,000 more find."""
    rng = random.Random(seed)
    problems: dict[str, AnyProblem] = {}
    for _ in range(count * 200 + 10_000):
        if len(problems) == count:
            break
        problem = draw(rng)
        if split_of(problem) == split:
            problems.setdefault(problem.key, problem)
    return list(problems.values())


def make_problems(benchmark: str, options: dict[str, Any], split: str, seed: int) -> dict[str, Any]:
    """The problems of one benchmark and split, by question id.

    If the number ranges hold fewer problems than `questions` asks for, problems repeat under new ids, which give them
    another name, thing and wording; `question_rows` says which are the same problem. Raises ValueError if they hold
    less than a twentieth.
    """
    numbers, steps, count = options["numbers"], options["steps"], options["questions"][split]
    draws: dict[str, Callable[[random.Random], AnyProblem]] = {
        "math": lambda rng: draw_problem(rng, steps, numbers),
        "choice": facts.draw_choice,
        "entailment": lambda rng: statements.draw_entailment(rng, numbers["opening"]),
    }
    problems = draw_problems(count, split, draws[KINDS[options["setting"]]], f"{benchmark} {split} {seed}")
    if len(problems) * 20 < count:
        found = f"{len(problems)} problems for {count} questions of {split}"
        raise ValueError(f"{benchmark}: the number ranges {numbers} give only {found}; widen them or ask for fewer")
    return {f"{benchmark}-{split}-{n:05d}": problems[n % len(problems)] for n in range(count)}


def training_problems(benchmark: str, options: dict[str, Any], hash_range: list[float], seed: int) -> dict[str, Any]:
    """The problems of the train split whose id hashes into a range [low, high) of [0, 1)."""
    (low, high), problems = hash_range, make_problems(benchmark, options, "train", seed)
    return {identifier: problem for identifier, problem in problems.items() if low <= share_of(identifier) < high}


def choice_for(identifier: str, seed: int) -> random.Random:
    """The draws of name, thing and templates: the same in every language."""
    return random.Random(f"{identifier} {seed}")


def render_question(language: str, identifier: str, problem: AnyProblem, setting: str, seed: int) -> str:
    """The question's text, without the options of a choice; setting: of KINDS."""
    book, choice = load_phrasebook(language), choice_for(identifier, seed)
    if isinstance(problem, Choice):
        return facts.render_choice_question(book, problem, choice)
    if isinstance(problem, Entailment):
        return statements.render_entailment(book, problem, choice)
    if setting == "story":
        return render_story(book, problem.operations, problem.operands, choice)
    x, y = problem.operands
    a, b = (y, x) if problem.operations[0] == "multiply" else (x, y)  # `{a} carriages with {b} things`
    return render_frame(book, problem.operations[0], a, b, choice)


def render_options(language: str, problem: AnyProblem) -> list[str] | None:
    """The options of a choice; None for other problems."""
    return facts.render_choices(load_phrasebook(language), problem) if isinstance(problem, Choice) else None


def render_completion(language: str, identifier: str, problem: AnyProblem, seed: int, shape: Shape = PLAIN) -> str:
    """A right completion: the lines of its trace, then the boxed answer. shape: of a word problem's trace."""
    book, answer = load_phrasebook(language), str(problem.answer)
    if isinstance(problem, Choice):
        lines, answer = facts.render_recall(book, problem), facts.render_right_choice(book, problem)
    elif isinstance(problem, Entailment):
        lines = statements.render_judgement(book, problem)
    else:
        lines = render_lines(language, identifier, problem, seed, shape)
    return join_completion("\n".join(lines), book["answer"].format(answer=f"\\boxed{{{answer}}}"))


def render_lines(language: str, identifier: str, problem: Problem, seed: int, shape: Shape) -> list[str]:
    """The lines of a word problem's trace: one of them, never the first, may be in another language."""
    wording = random.Random(f"{identifier} {seed} {language} ")
    choice = choice_for(identifier, seed)
    lines = render_trace(load_phrasebook(language), problem.steps, choice, wording, shape.check)
    if shape.restate:
        lines.insert(0, render_question(language, identifier, problem, shape.restate, seed))
    if shape.switch and len(lines) > 1:
        other = render_lines(shape.switch, identifier, problem, seed, shape._replace(switch=None))
        place = random.Random(f"{identifier} {seed} {language} switch").randrange(1, len(lines))
        lines[place] = other[place]
    return lines


def question_rows(benchmarks: dict[str, Any], languages: list[str], split: str, seed: int) -> Iterator[dict[str, Any]]:
    """The records of one split: every problem of every phrasebook benchmark in every language (records.QUESTION)."""
    for benchmark, options in benchmarks.items():
        first: dict[str, str] = {}  # what a problem asks -> the id of its first question
        for identifier, problem in make_problems(benchmark, options, split, seed).items():
            kind, answer = KINDS[options["setting"]], str(problem.answer)
            row = {"id": identifier, "problem": first.setdefault(problem.key, identifier), "benchmark": benchmark}
            row |= {"kind": kind, "answer": answer}
            for language in languages:
                question = render_question(language, identifier, problem, options["setting"], seed)
                yield row | {"language": language, "question": question, "choices": render_options(language, problem)}
