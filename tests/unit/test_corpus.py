"""The miniature's corpus: disjoint splits, parallel texts, right answers; phrasebooks."""

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

from vernacular.adamame.prompts import candidate_questions, difficulty_filter
from vernacular.answers import is_correct
from vernacular.corpus import phrasebook
from vernacular.corpus.miniature import (
    SPLITS,
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
from vernacular.corpus.phrasebook import SECTIONS, PhrasebookError, load_phrasebook
from vernacular.corpus.training import training_rows
from vernacular.languages import load_languages
from vernacular.prompts import split_completion

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config" / "config.yaml").read_text(encoding="utf-8"))
ALL = list(load_languages())
DEFAULTS = {"english_trace_share": 0.5, "bilingual": 0.5, "of": ["questions"]}
SIGNS = {"+": "add", "-": "subtract", "×": "multiply", "÷": "share"}
# As many questions as the default study has, its train split cut to keep this quick.
BENCHMARKS = {
    name: {**options, "questions": options["questions"] | {"train": 600}}
    for name, options in CONFIG["benchmarks"].items()
    if options["source"] == "phrasebook"
}


def numbers_in(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


@cache
def questions(split: str, count: int, languages: tuple[str, ...] = tuple(ALL)) -> list[dict[str, Any]]:
    benchmarks = {name: options | {"questions": {split: count}} for name, options in BENCHMARKS.items()}
    return list(question_rows(benchmarks, list(languages), split, 1))


def operands_of(problem: Problem) -> tuple:
    """Operations and operands with the two of a commutative first step in order."""
    first = problem.operations[0]
    start = sorted(problem.operands[:2]) if first in ("add", "multiply") else problem.operands[:2]
    return (*problem.operations, *start, *problem.operands[2:])


# --- Splits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_splits_share_no_operands_and_operations(seed: int) -> None:
    """Across seeds too: a base model of one seed must not have seen another's test questions."""
    for name, options in BENCHMARKS.items():
        split_keys = {
            split: {operands_of(p) for p in make_problems(name, options, split, seed).values()} for split in SPLITS
        }
        other = {operands_of(p) for p in make_problems(name, options, "train", 3).values()}
        assert len(split_keys["test"]) > 0.8 * options["questions"]["test"]  # commuted ones count once
        assert not split_keys["test"] & (split_keys["train"] | split_keys["dev"] | other)
        assert not split_keys["dev"] & split_keys["train"]


def test_no_test_question_is_in_training_in_any_language() -> None:
    languages = tuple(CONFIG["data"]["native-and-english"][0]["languages"])
    test = {row["question"] for row in questions("test", 60, languages)}
    training = {row["question"] for row in questions("train", 500, languages)}
    assert len(test) > 1000 and not test & training


@given(st.sampled_from(["add", "multiply"]), st.integers(2, 60), st.integers(2, 60), st.integers(2, 9))
def test_commuted_problems_are_in_one_split(operation: str, x: int, y: int, z: int) -> None:
    for more in ([], ["subtract"]):
        problem, commuted = (Problem([operation, *more], [*pair, *[z] * len(more)], []) for pair in ((x, y), (y, x)))
        assert split_of(problem) == split_of(commuted)


def test_problems_differ_within_a_split_and_stay_the_same() -> None:
    for name, options in BENCHMARKS.items():
        problems = make_problems(name, options, "test", 1)
        assert len({(*p.operations, *p.operands) for p in problems.values()}) == options["questions"]["test"]
        assert problems == make_problems(name, options, "test", 1) != make_problems(name, options, "test", 2)


def test_number_ranges_that_hold_too_little_end_with_an_error() -> None:
    tiny = {"opening": [4, 6], "term": [2, 3], "factor": [2, 2], "result": [2, 12]}
    with pytest.raises(ValueError, match="give only .* of 50 1-step problems for test"):
        draw_problems(50, "test", 1, tiny, "x")
    with pytest.raises(ValueError, match="hold no 2-step problem"):
        draw_problems(1, "test", 2, tiny | {"result": [500, 600]}, "x")


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
        text = render_question("en", "q", Problem([operation], [8, 5], [(operation, 8, 5, 3)]), "frame", 1)
        assert text in {t.format(a=a, b=b, **thing) for t in book["frame"][operation] for thing in book["things"]}


# --- Texts ------------------------------------------------------------------------------------------------------------


def test_translations_have_the_same_numbers_and_answer() -> None:
    by_id = defaultdict(list)
    for row in questions("dev", 40):
        by_id[row["id"]].append(row)
    assert len(by_id) == 80
    for rows in by_id.values():
        assert [row["language"] for row in rows] == ALL
        assert len({row["answer"] for row in rows}) == 1
        # A story tells its numbers in order; a frame may turn its two round.
        order = sorted if rows[0]["benchmark"] == "mini-msvamp" else list
        assert len({tuple(order(numbers_in(row["question"]))) for row in rows}) == 1
        assert min(numbers_in(rows[0]["question"])) >= 2


@pytest.mark.parametrize("language", ALL)
def test_traces_lead_from_the_questions_numbers_to_the_answer(language: str) -> None:
    problems = {name: make_problems(name, o | {"questions": {"dev": 40}}, "dev", 1) for name, o in BENCHMARKS.items()}
    for row in questions("dev", 40):
        if row["language"] != language:
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
    problem = Problem(["add", "share"], [4, 8, 3], [("add", 4, 8, 12), ("share", 12, 3, 4)])
    texts = {render_completion("fr", "q", problem, 1, variant=str(n)) for n in range(200)}
    assert len(texts) == 9  # three templates a step
    assert render_completion("fr", "q", problem, 1) == render_completion("fr", "q", problem, 1)


def test_pretraining_sft_and_rl_have_no_question_in_common() -> None:
    traces, rl = CONFIG["traces"], CONFIG["rl"]
    assert traces["benchmark"] == rl["benchmark"] == "mini-mgsm"
    rows = [row for row in questions("train", 600, tuple(rl["languages"])) if row["benchmark"] == "mini-mgsm"]
    low, high = traces["share"]
    sft = {row["id"] for row in rows if low <= share_of(row["id"]) < high}
    prompts = candidate_questions(rows, rl)
    seen = {
        row["id"]
        for parts in CONFIG["data"].values()
        for row in training_rows(BENCHMARKS, [DEFAULTS | part | {"languages": ["en", "fr"]} for part in parts], 1)
    }
    ids = {row["id"] for row in prompts}
    assert sft and ids and seen and not sft & ids and not (sft | ids) & seen
    assert len(ids) == len(prompts)  # a question comes in one language only
    assert {row["language"] for row in prompts} == set(rl["languages"])


# --- Phrasebooks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ALL)
def test_phrasebook_is_parallel_to_english_and_says_everything(language: str) -> None:
    book, english = load_phrasebook(language), load_phrasebook("en")
    assert [len(book[key]) for key in ("names", "things", "steps")] == [
        len(english[key]) for key in ("names", "things", "steps")
    ]
    assert "\\boxed{}" in book["instruction"]
    for section, kinds in SECTIONS.items():
        for kind in kinds:
            assert len(book[section][kind]) == len(english[section][kind])
            for thing in book["things"]:
                for name in book["names"]:
                    values = {"step": book["steps"][0], "n": 21, "a": 23, "b": 5, "x": 24, "y": 6, "z": 4}
                    texts = [
                        t.format(**values, **thing, **({"name": name} if section == "story" else {}))
                        for t in book[section][kind]
                    ]
                    assert len(set(texts)) == len(texts) and not any(
                        re.search(r"[{}]|\bNone\b", text) for text in texts
                    )


def broken(tmp_path: Path, old: str, new: str, language: str = "en") -> str:
    """What load_phrasebook says of a copy in which `old` is replaced."""
    text = (phrasebook.PHRASEBOOKS / "en.yaml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "en.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PhrasebookError) as caught:
        load_phrasebook(language, tmp_path)
    assert str(tmp_path) in str(caught.value) and f"'{language}'" in str(caught.value) and "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "old, new, what",
    [
        ("{plural: coins}", "{single: coin}", "thing 4 (coin) lacks the form 'plural'"),
        ("has {n} {plural}.'", "has {plural}.'", "'story.opening' template 1 lacks {n}"),
        ("    - '{name} has {n} {plural}.'\n", "", "'story.opening' needs at least 4 templates, has 3"),
        ("{x} ÷ {y} = {z}", "{x} : {y} = {z}", "'trace.share' template 1 lacks '{x} ÷ {y} = {z}'"),
        ("{name} has {n}", "{name} has {n", "'story.opening' template 1: "),
        ("is {answer}.", "is {result}.", "'answer' lacks the placeholder {answer}"),
        ("instruction:", "instructions:", "'instruction' is missing"),
        ("[Anna, Maria, Sara, Nina]", "[Anna, Maria]", "'names' needs at least 4 entries, has 2"),
        ("language: en", "language: fr", "the key 'language' must be 'en'"),
        ("language: en", "language: [en", "not valid YAML"),
        ("'{step}", "'{name} {step}", "lacks the form 'name'"),  # only a story knows a person
    ],
)
def test_broken_phrasebooks_are_named(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert what in broken(tmp_path, old, new)


def test_missing_phrasebook_names_those_there(tmp_path: Path) -> None:
    assert "there are: en" in broken(tmp_path, "language: en", "language: en", language="fr")


@pytest.mark.parametrize("operation", ["add", "multiply"])
def test_every_order_of_a_sum_is_in_one_split(operation: str) -> None:
    for x, y, z in [(3, 5, 2), (7, 11, 4), (2, 9, 6), (12, 3, 8)]:
        orders = {split_of(Problem([operation] * 2, list(order), [])) for order in itertools.permutations((x, y, z))}
        assert len(orders) == 1


def test_the_difficulty_filter_keeps_what_is_solved_sometimes() -> None:
    rows = [{"id": str(n), "correct": n} for n in range(9)]
    assert [row["correct"] for row in difficulty_filter(rows, 8)] == [1, 2, 3, 4, 5, 6, 7]
