"""The questions that training sets are drawn from: the miniature's problems, and those of sources of real data."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from vernacular.corpus import miniature
from vernacular.corpus.formats import form_of
from vernacular.corpus.miniature import KINDS, AnyProblem
from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.readers import Example
from vernacular.corpus.sources import examples
from vernacular.language.languages import ENGLISH
from vernacular.language.prompts import OURS, PromptSet, prompt_set, question_messages, question_text

Part = dict[str, Any]  # of a set, as the configuration has it


class Question(NamedTuple):
    """A training question in several languages. problem, numbers (its benchmark's ranges) and setting: the miniature's
    alone."""

    id: str
    kind: str  # math | choice | entailment
    languages: list[str]  # that rows may be in
    asked: Callable[[str], tuple[str, list[str] | None]]  # language -> the question, the options of a choice
    completion: Callable[..., Any]  # language -> a right trace and response; of a word problem, a shape too
    answer: str | None  # alone; None where a solution has none that is marked
    prompts: PromptSet = OURS
    has_english: bool = True
    problem: Any = None
    numbers: Any = None
    setting: str = ""

    def text(self, language: str) -> str:
        """The question, with the options of a choice."""
        return question_text(*self.asked(language))

    def user_turn(self, language: str) -> str:
        """The question with its instruction, as an evaluation asks it."""
        question, choices = self.asked(language)
        return question_messages(question, language, self.kind, choices, self.prompts)[0]["content"]


def problem_questions(part: Part, options: TrainingDataOptions) -> Iterator[Question]:
    """The questions of a part that draws from phrasebook benchmarks."""
    for name, hash_range in part["benchmarks"].items():
        benchmark = options.benchmarks[name]
        setting, numbers = benchmark["setting"], benchmark["numbers"]
        for identifier, problem in miniature.training_problems(name, benchmark, hash_range, options.seed).items():
            told = {"identifier": identifier, "problem": problem, "seed": options.seed}
            asked = partial(problem_asked, setting=setting, **told)
            completion = partial(miniature.render_completion, **told)
            yield Question(
                *(identifier, KINDS[setting], part["languages"], asked, completion, str(problem.answer)),
                prompts=prompt_set(options.prompts),
                problem=problem,
                numbers=numbers,
                setting=setting,
            )


def problem_asked(
    language: str, identifier: str, problem: AnyProblem, setting: str, seed: int
) -> tuple[str, list[str] | None]:
    """A problem's question, and the options of a choice."""
    question = miniature.render_question(language, identifier, problem, setting, seed)
    return question, miniature.render_options(language, problem)


def source_questions(part: Part, options: TrainingDataOptions) -> Iterator[Question]:
    """The questions of a part that draws from real data.

    One without an English version is used for reasoning alone, and then keeps its own solution. With `solutions`, what
    is learnt is the English solution that this other source has of the English question; without one a question is left
    out, and the log says how many are. Raises ValueError where none has one.
    """
    source, reasoning_alone = options.sources[part["source"]], part["task"] == "reasoning"
    languages, kind = part["languages"], form_of(source).kind
    with_english = not reasoning_alone or part["english_trace_share"] > 0
    wanted = list(dict.fromkeys([*languages, ENGLISH] if with_english else languages))
    rows = examples(source, Path(source["folder"]), part.get("split", "train"), wanted)
    solved = solutions_of(part, options)
    found = left_out = 0
    for identifier, versions in grouped(rows, with_english and set(languages) != {ENGLISH}):
        has_english = ENGLISH in versions
        if not has_english and not reasoning_alone:
            continue
        there = [code for code in languages if code in versions]
        asked = {code: (version.question, version.choices) for code, version in versions.items()}
        solutions = {code: version.completion for code, version in versions.items()}
        answer = next((version.answer for version in versions.values() if version.answer), None)
        if solved is not None:
            solution = solved.get(on_one_line(versions[ENGLISH].question)) if has_english else None
            if solution is None:
                left_out += 1
                continue
            solutions, answer = {ENGLISH: solution.completion}, solution.answer
        found += 1
        yield Question(
            *(identifier, kind, there, asked.__getitem__, solutions.__getitem__, answer),
            prompts=prompt_set(options.prompts),
            has_english=has_english,
        )
    if left_out:
        told = f"{part['source']}: {left_out:,} of {found + left_out:,} questions are not in '{part['solutions']}'"
        if not found:
            raise ValueError(f"{told}, so none has a solution; name the source that they were translated from")
        print(f"{told} and are left out")


def solutions_of(part: Part, options: TrainingDataOptions) -> dict[str, Example] | None:
    """English question, on one line -> its example, of the part's source of solutions; None where it names none."""
    if "solutions" not in part:
        return None
    source = options.sources[part["solutions"]]
    rows = examples(source, Path(source["folder"]), "train", [ENGLISH])
    return {on_one_line(row.question): row for row in rows}


def on_one_line(text: str) -> str:
    """A text with single blanks: a set of pairs has a line for each question, whatever line ends it had."""
    return " ".join(text.split())


def grouped(rows: Iterable[Example], together: bool) -> Iterator[tuple[str, dict[str, Example]]]:
    """(id, language -> example); `together` holds all of them to find translations, else each comes by itself."""
    groups: dict[str, dict[str, Example]] = {}
    for row in rows:
        if together:
            groups.setdefault(row.id, {})[row.language] = row
        else:
            yield row.id, {row.language: row}
    yield from groups.items()
