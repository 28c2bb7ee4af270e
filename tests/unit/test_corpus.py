"""The miniature's corpus: disjoint splits, parallel texts, right answers."""

import itertools
import random
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from vernacular.adamame.options import PromptsOptions
from vernacular.adamame.prompts import candidate_questions, difficulty_filter
from vernacular.answers.compare import is_correct
from vernacular.corpus.facts import Choice
from vernacular.corpus.miniature import (
    KINDS,
    SPLITS,
    AnyProblem,
    Problem,
    apply,
    draw_problem,
    draw_problems,
    make_problems,
    question_rows,
    render_completion,
    render_question,
    share_of,
    split_of,
)
from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.language.languages import load_languages
from vernacular.language.phrasebook import load_phrasebook
from vernacular.language.prompts import split_completion
from vernacular.study.resolve import resolve_study

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config" / "config.yaml").read_text(encoding="utf-8"))
ALL = list(load_languages())
DEFAULTS = {"english_trace_share": 0.5, "bilingual": 0.5, "translated": ["questions"]}
TWO = {"languages": ["en", "fr"]}
SIGNS = {"+": "add", "-": "subtract", "×": "multiply", "÷": "share"}
# As many questions as the default study has, its train splits cut to keep this quick.
BENCHMARKS = {
    name: {**options, "questions": options["questions"] | {"train": 600}}
    for name, options in resolve_study(CONFIG, "config.yaml")["benchmarks"].items()
    if options["source"] == "phrasebook"
}
MATH = [name for name, options in BENCHMARKS.items() if KINDS[options["setting"]] == "math"]


def numbers_in(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


@cache
def questions(split: str, count: int, languages: tuple[str, ...] = tuple(ALL)) -> list[dict[str, Any]]:
    benchmarks = {name: options | {"questions": {split: count}} for name, options in BENCHMARKS.items()}
    return list(question_rows(benchmarks, list(languages), split, 1))


@cache
def problems_of(name: str, split: str, seed: int) -> dict[str, Any]:
    return make_problems(name, BENCHMARKS[name], split, seed)


def asks(problem: AnyProblem) -> tuple:
    """What a problem asks: operations and operands, the two of a commutative first step in order; options in order."""
    if isinstance(problem, Choice):
        return problem.kind, problem.fact, *sorted(problem.options)
    if not isinstance(problem, Problem):
        return tuple(problem)
    first = problem.operations[0]
    start = sorted(problem.operands[:2]) if first in ("add", "multiply") else problem.operands[:2]
    return (*problem.operations, *start, *problem.operands[2:])


# --- Splits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", BENCHMARKS)
def test_splits_share_no_problem(name: str, seed: int) -> None:
    """Across seeds too: a base model of one seed must not have seen another's test questions."""
    asked = {split: {asks(p) for p in problems_of(name, split, seed).values()} for split in SPLITS}
    other = {asks(p) for p in problems_of(name, "train", 3).values()}
    assert len(asked["test"]) > 0.8 * len({str(p) for p in problems_of(name, "test", seed).values()})
    assert not asked["test"] & (asked["train"] | asked["dev"] | other)
    assert not asked["dev"] & asked["train"]


def test_the_default_studys_test_questions_are_of_different_problems() -> None:
    for name, options in BENCHMARKS.items():
        asked = [asks(problem) for problem in problems_of(name, "test", 1).values()]
        assert len(asked) == options["questions"]["test"] and len({*asked}) >= 0.98 * len(asked)


def test_questions_of_one_problem_say_so_in_every_language() -> None:
    """Ranges that hold fewer problems than questions: a problem is named by its first question."""
    narrow = {"opening": [2, 9], "term": [2, 5], "factor": [2, 3], "result": [2, 12]}
    options = {"mini": {"setting": "frame", "steps": 1, "numbers": narrow, "questions": {"test": 60}}}
    problems = make_problems("mini", options["mini"], "test", 1)
    of_id = {(row["id"], row["language"]): row["problem"] for row in question_rows(options, ["en", "fr"], "test", 1)}
    assert len(of_id) == 120 and all(of_id[name, "en"] == of_id[name, "fr"] for name in problems)
    for name, problem in problems.items():
        alike = [other for other, found in problems.items() if asks(found) == asks(problem)]
        assert of_id[name, "en"] == alike[0] and len(alike) > 1


def test_no_test_question_is_in_training_in_any_language() -> None:
    """Up to the order of options: what a knife is for is known to all who answer."""
    languages = tuple(name for part in CONFIG["data"]["native-and-english"] for name in part["languages"])
    test, training = (
        {(row["question"], *sorted(row["choices"] or [])) for row in questions(split, count, languages)}
        for split, count in (("test", 60), ("train", 500))
    )
    assert len(test) > 2000 and not test & training


@given(st.sampled_from(["add", "multiply"]), st.integers(2, 60), st.integers(2, 60), st.integers(2, 9))
def test_commuted_problems_are_in_one_split(operation: str, x: int, y: int, z: int) -> None:
    for more in ([], ["subtract"]):
        problem, commuted = (Problem([operation, *more], [*pair, *[z] * len(more)]) for pair in ((x, y), (y, x)))
        assert split_of(problem) == split_of(commuted)


@pytest.mark.parametrize("operation", ["add", "multiply"])
def test_every_order_of_a_sum_is_in_one_split(operation: str) -> None:
    for x, y, z in [(3, 5, 2), (7, 11, 4), (2, 9, 6), (12, 3, 8)]:
        orders = {split_of(Problem([operation] * 2, list(order))) for order in itertools.permutations((x, y, z))}
        assert len(orders) == 1


@pytest.mark.parametrize("name", BENCHMARKS)
def test_problems_stay_the_same_and_come_round_only_where_there_are_too_few(name: str) -> None:
    for split, count in BENCHMARKS[name]["questions"].items():
        problems = list(problems_of(name, split, 1).values())
        different = len({str(problem) for problem in problems})
        assert len(problems) == count and different >= (count / 20 if name in MATH else count)
        assert all(str(problem) == str(problems[n % different]) for n, problem in enumerate(problems))
    assert problems_of(name, "dev", 1) == make_problems(name, BENCHMARKS[name], "dev", 1) != problems_of(name, "dev", 2)


def test_problems_that_come_round_are_told_in_other_words() -> None:
    few = {"opening": [4, 9], "term": [2, 6], "factor": [2, 3], "result": [2, 12]}
    options = {"setting": "story", "steps": 1, "numbers": few, "questions": {"train": 300}}
    problems = make_problems("few", options, "train", 1)
    different = {str(problem) for problem in problems.values()}
    assert 30 <= len(different) < 100 and len(problems) == 300
    texts = {render_question("en", identifier, problem, "story", 1) for identifier, problem in problems.items()}
    assert len(texts) > 280


def test_number_ranges_that_hold_too_little_end_with_an_error() -> None:
    tiny = {"opening": [4, 6], "term": [2, 3], "factor": [2, 2], "result": [2, 12]}
    options = {"setting": "frame", "steps": 1, "numbers": tiny, "questions": {"test": 50}}
    with pytest.raises(ValueError, match="few: the number ranges .* give only [0-4] problems for 50 questions of test"):
        make_problems("few", options, "test", 1)
    with pytest.raises(ValueError, match="hold no 2-step problem"):
        draw_problems(1, "test", lambda rng: draw_problem(rng, 2, tiny | {"result": [500, 600]}), "x")


def test_every_result_is_a_whole_plural() -> None:
    assert [apply("share", 6, 3), apply("share", 7, 3), apply("share", 3, 3)] == [2, None, None]
    assert [apply("subtract", 5, 3), apply("subtract", 5, 4), apply("subtract", 3, 5)] == [2, None, None]
    rng, low = random.Random(1), {"opening": [2, 9], "term": [2, 9], "factor": [2, 4], "result": [0, 40]}
    problems = [draw_problem(rng, 2, low) for _ in range(500)]
    assert min(min(p.operands + [step[3] for step in p.steps]) for p in problems) == 2


def test_frames_say_groups_before_things() -> None:
    """`{a}` groups of `{b}` things: the trace multiplies things by groups, and subtracts b from a."""
    book = load_phrasebook("en")
    for operation, a, b in (("multiply", 5, 8), ("subtract", 8, 5), ("share", 8, 5), ("add", 8, 5)):
        text = render_question("en", "q", Problem([operation], [8, 5]), "frame", 1)
        assert text in {t.format(a=a, b=b, **thing) for t in book["frame"][operation] for thing in book["things"]}


# --- Texts ------------------------------------------------------------------------------------------------------------


def test_translations_have_the_same_numbers_and_answer() -> None:
    by_id = defaultdict(list)
    for row in questions("dev", 40):
        by_id[row["id"]].append(row)
    assert len(by_id) == 40 * len(BENCHMARKS)
    for rows in by_id.values():
        assert [row["language"] for row in rows] == ALL
        assert len({row["answer"] for row in rows}) == len({row["kind"] for row in rows}) == 1
        # A story tells its numbers in order; a frame may turn its two round.
        order = sorted if rows[0]["benchmark"] == "mini-msvamp" else list
        assert len({tuple(order(numbers_in(row["question"]))) for row in rows}) == 1
        assert rows[0]["benchmark"] not in MATH or min(numbers_in(rows[0]["question"])) >= 2


@pytest.mark.parametrize("language", ALL)
def test_traces_lead_from_the_questions_numbers_to_the_answer(language: str) -> None:
    problems = {name: make_problems(name, BENCHMARKS[name] | {"questions": {"dev": 40}}, "dev", 1) for name in MATH}
    for row in questions("dev", 40):
        if row["language"] != language or row["benchmark"] not in MATH:
            continue
        problem = problems[row["benchmark"]][row["id"]]
        completion = render_completion(language, row["id"], problem, 1)
        trace, response = split_completion(completion)
        lines = trace.split("\n")
        given, carried = numbers_in(row["question"]), None
        assert len(lines) == len(problem.operations) and len(given) == len(lines) + 1
        used = []
        for line, operation in zip(lines, problem.operations, strict=True):
            ((x, sign, y, z),) = re.findall(r"(\d+) ([-+×÷]) (\d+) = (\d+)", line)
            x, y, z = int(x), int(y), int(z)
            assert SIGNS[sign] == operation and numbers_in(line) == [x, y, z] and min(x, y, z) >= 2
            assert {"+": x + y, "-": x - y, "×": x * y, "÷": x / y}[sign] == z
            used += [y] if carried == x else [x, y]
            carried = z
        assert sorted(used) == sorted(given)
        assert str(carried) == row["answer"] and is_correct(row["answer"], response, language)


def test_wordings_of_a_trace_vary_but_not_by_chance() -> None:
    problem = Problem(["add", "share"], [4, 8, 3])
    assert problem.steps == [("add", 4, 8, 12), ("share", 12, 3, 4)] and problem.answer == 4
    things = load_phrasebook("fr")["things"]
    texts = {render_completion("fr", f"q{n}", problem, 1) for n in range(1500)}
    assert len(texts) == 9 * len(things)  # three templates a step
    assert render_completion("fr", "q", problem, 1) == render_completion("fr", "q", problem, 1)


def test_pretraining_sft_and_rl_have_no_question_in_common() -> None:
    traces = CONFIG["traces"]
    rl = {"hash_range" if key == "share" else key: value for key, value in CONFIG["rl"].items()}
    assert traces["benchmark"] == rl["benchmark"] == "mini-mgsm"
    mini_mgsm = {"mini-mgsm": BENCHMARKS["mini-mgsm"]}
    rows = list(question_rows(mini_mgsm, rl["languages"], "train", 1))
    low, high = traces["hash_range"]
    sft = {row["id"] for row in rows if low <= share_of(row["id"]) < high}
    prompts = candidate_questions(rows, PromptsOptions(**rl, batch_tokens=100))
    seen = {
        row["id"]
        for parts in CONFIG["data"].values()
        for row in training_rows(TrainingDataOptions([DEFAULTS | part | TWO for part in parts], 1, BENCHMARKS))
        if row["task"] != "sums"  # these hold no question
    }
    ids = {row["id"] for row in prompts}
    assert sft and ids and seen and not sft & ids and not (sft | ids) & seen
    assert len(ids) == len(prompts)  # a question comes in one language only
    assert {row["language"] for row in prompts} == set(rl["languages"])


def test_the_difficulty_filter_keeps_what_is_solved_sometimes() -> None:
    rows = [{"id": str(n), "correct": n} for n in range(9)]
    assert [row["correct"] for row in difficulty_filter(rows, 8)] == [1, 2, 3, 4, 5, 6, 7]
