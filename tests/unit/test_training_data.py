"""Training sets: the shares that the configuration asks for, parallel texts, and only training questions."""

import re
from collections import Counter
from typing import Any

import pytest
from mini import NUMBERS, mini

from vernacular.answers.labels import extract_label
from vernacular.corpus.miniature import apply, make_problems, question_rows, share_of
from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import EMPTY, SUMS, training_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.phrasebook import load_phrasebook
from vernacular.language.prompts import END_OF_THINKING, THINK, question_messages, question_text
from vernacular.storage.records import TRAINING

BENCHMARKS = {"mini-mgsm": mini(train=500)}
# The same with choices and entailments.
KINDS = {
    name: mini(setting, train=100)
    for name, setting in (("mini-mgsm", "story"), ("mini-xcsqa", "facts"), ("mini-xnli", "statements"))
}
LANGUAGES = ["en", "fr", "ja"]


def part_of(task: str, **options: Any) -> dict[str, Any]:
    defaults = {"benchmarks": {"mini-mgsm": [0.0, 1.0]}, "languages": LANGUAGES, "english_trace_share": 0.75}
    defaults |= {"bilingual": 0.0, "translated": ["questions", "answers"], "task": task}
    return defaults | options


def rows(task: str, **options: Any) -> list[dict[str, Any]]:
    return list(training_rows(TrainingDataOptions([part_of(task, **options)], 1, BENCHMARKS)))


def languages_of(texts: list[str]) -> Counter[str | None]:
    return Counter(LanguageIdentifier(LANGUAGES).identify(texts))


def test_reasoning_is_in_english_as_often_as_asked() -> None:
    for language in LANGUAGES:
        own = [row for row in rows("reasoning") if row["language"] == language]
        assert languages_of([row["prompt"] for row in own]) == {language: 500}
        traces = languages_of([row["completion"].removeprefix(THINK).partition(END_OF_THINKING)[0] for row in own])
        assert set(traces) == {language, "en"}
        assert traces["en"] / 500 == pytest.approx(1.0 if language == "en" else 0.75, abs=0.06)
    for share, found in ((0, "fr"), (1, "en")):
        only = rows("reasoning", languages=["fr"], english_trace_share=share)
        assert languages_of([row["completion"] for row in only]) == {found: 500}
    assert all(row["completion"].startswith(f"{THINK}\n") for row in rows("reasoning"))


def traces(found: list[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """(id, language) -> the lines of the trace."""
    texts = {(row["id"], row["language"]): row["completion"].removeprefix(f"{THINK}\n") for row in found}
    return {key: text.split(f"\n{END_OF_THINKING}")[0].split("\n") for key, text in texts.items()}


def test_traces_restate_check_and_switch_as_often_as_asked() -> None:
    plain, restated, checked = (traces(rows("reasoning", **more)) for more in ({}, {"restate": 0.3}, {"check": 0.4}))
    longer = [key for key in plain if restated[key] != plain[key]]
    assert len(longer) / len(plain) == pytest.approx(0.3, abs=0.04)
    assert all(restated[key][1:] == plain[key] for key in longer)
    questions = {(row["id"], row["language"]): row["question"] for row in rows("reasoning")}
    for identifier, language in longer:  # in the trace's language: the question's own, or English
        said = restated[identifier, language][0]
        assert said in (questions[identifier, language], questions[identifier, "en"])
    longer = [key for key in plain if checked[key] != plain[key]]
    assert len(longer) / len(plain) == pytest.approx(0.4, abs=0.04)
    for key in longer:
        sums = [re.search(r"(\d+) ([-+×÷]) (\d+) = (\d+)", line).groups() for line in checked[key]]  # type: ignore[union-attr]
        assert checked[key][:2] == plain[key] and len(sums) == 4
        for (x, sign, y, z), (back, other, again, first) in zip(sums[:2], reversed(sums[2:]), strict=True):
            assert (back, again, first) == (z, y, x) and {sign, other} in ({"+", "-"}, {"×", "÷"})
    assert rows("reasoning", restate=0.3, check=0.4) == rows("reasoning", restate=0.3, check=0.4)


def test_a_later_line_is_in_the_other_language() -> None:
    shape = {"restate": 0.3, "check": 0.4, "english_trace_share": 0.5}
    pure, mixed = traces(rows("reasoning", **shape)), traces(rows("reasoning", switches=0.25, **shape))
    changed = [key for key in pure if mixed[key] != pure[key]]
    assert all(language != "en" for _, language in changed)
    assert len(changed) / sum(language != "en" for _, language in pure) == pytest.approx(0.25, abs=0.04)
    into: Counter[str | None] = Counter()
    for key in changed:
        (place,) = [n for n, (old, new) in enumerate(zip(pure[key], mixed[key], strict=True)) if old != new]
        assert place > 0
        old, new = LanguageIdentifier(LANGUAGES).identify([pure[key][place], mixed[key][place]])
        assert {old, new} == {key[1], "en"}
        into[new if new == "en" else "native"] += 1
    assert into["en"] / into.total() == pytest.approx(0.5, abs=0.1)


def test_the_shapes_of_a_trace_change_neither_choices_nor_translations() -> None:
    more = {"restate": 1.0, "check": 1.0, "switches": 1.0}
    of_kinds = {"benchmarks": {"mini-xcsqa": [0.0, 1.0], "mini-xnli": [0.0, 1.0]}}
    for task, options in (("reasoning", of_kinds), ("text", {}), ("translation", {})):
        found = [
            list(training_rows(TrainingDataOptions([part], 1, KINDS | BENCHMARKS)))
            for part in (part_of(task, **options), part_of(task, **options, **more))
        ]
        assert found[0] == found[1]


def test_sets_take_their_share_of_the_training_questions() -> None:
    chosen = rows("reasoning", benchmarks={"mini-mgsm": [0.2, 0.6]}, shares={"fr": 0.5, "ja": 0.0})
    assert all(0.2 <= share_of(row["id"]) < 0.6 for row in chosen)
    assert {row["id"] for row in chosen} <= set(make_problems("mini-mgsm", BENCHMARKS["mini-mgsm"], "train", 1))
    counts = Counter(row["language"] for row in chosen)
    assert counts["en"] == pytest.approx(200, abs=40) and counts["ja"] == 0
    assert counts["fr"] / counts["en"] == pytest.approx(0.5, abs=0.12)


def test_plain_text_has_no_prompt_and_two_documents_a_question() -> None:
    found = rows("text")
    assert {row["prompt"] for row in found} == {None} and len(found) == 3 * 2 * 500
    for language in LANGUAGES:
        texts = [row["completion"] for row in found if row["language"] == language]
        assert languages_of(texts) == {language: len(texts)}
        assert sum("\\boxed" in text for text in texts) == 500 and not any(THINK in text for text in texts)


def test_bilingual_documents_hold_both_texts_in_either_order() -> None:
    plain, mixed = rows("text"), rows("text", bilingual=0.4)
    english = {row["id"]: [] for row in plain}
    for row in plain:
        if row["language"] == "en":
            english[row["id"]].append(row["completion"])  # the question, then the solution
    orders: Counter[bool] = Counter()
    for number, (alone, row) in enumerate(zip(plain, mixed, strict=True)):
        if row != alone:
            own, other = alone["completion"], english[row["id"]][number % 2]
            assert row["completion"] in (f"{own}\n{other}", f"{other}\n{own}") and row["language"] != "en"
            orders[row["completion"].startswith(other)] += 1
    assert orders.total() / 2000 == pytest.approx(0.4, abs=0.05)
    assert orders[True] / orders.total() == pytest.approx(0.5, abs=0.1)


def test_pages_of_sums_are_right_and_begin_with_those_of_their_problem() -> None:
    problems = make_problems("mini-mgsm", BENCHMARKS["mini-mgsm"], "train", 1)
    found, orders = rows("sums", languages=["en"]), {"+": "add", "-": "subtract", "×": "multiply", "÷": "share"}
    assert [row["id"] for row in found] == list(problems) and {row["prompt"] for row in found} == {None}
    pages = {row["id"]: row["completion"].split("\n") for row in found}
    signs = Counter()
    for identifier, lines in pages.items():
        steps = []
        for line in lines:
            x, sign, y, equals, z = line.split(" ")
            signs[sign] += 1
            steps.append((orders[sign], int(x), int(y), int(z)))
            assert equals == "=" and apply(*steps[-1][:3]) == steps[-1][3] <= NUMBERS["result"][1]
        assert steps[:2] == problems[identifier].steps and len(steps) == SUMS
    assert min(signs.values()) / signs.total() > 0.1 and len({line for page in pages.values() for line in page}) > 400


def test_a_set_is_its_parts_one_after_the_other() -> None:
    part = {
        "task": "reasoning",
        "benchmarks": {"mini-mgsm": [0.0, 1.0]},
        "languages": ["fr"],
        "english_trace_share": 1.0,
    }
    other = {"task": "text", "benchmarks": {"mini-mgsm": [0.0, 0.1]}, "languages": ["en", "ja"], "bilingual": 0.5}
    both, *alone = (
        list(training_rows(TrainingDataOptions(p, 1, BENCHMARKS))) for p in ([part, other], [part], [other])
    )
    assert both == [*alone[0], *alone[1]]
    assert {row["task"] for row in both} == {"reasoning", "text"}


def test_translations_go_into_english() -> None:
    questions = {
        (row["id"], row["language"]): row["question"] for row in question_rows(BENCHMARKS, LANGUAGES, "train", 1)
    }
    found = rows("translation", translated=["questions"])
    assert {row["language"] for row in found} == {"fr", "ja"} and len(found) == 1000
    for row in found:
        name = {"fr": "French", "ja": "Japanese"}[row["language"]]
        instruction = f"Translate the following sentences from {name} to English."
        assert row["prompt"] == f"{instruction}\n{questions[row['id'], row['language']]}"
        assert row["completion"] == questions[row["id"], "en"]
    answers = rows("translation", translated=["answers"])
    assert languages_of([row["completion"] for row in answers]) == {"en": 1000}
    assert languages_of([row["prompt"].split("\n", 1)[1] for row in answers]) == {"fr": 500, "ja": 500}
    assert len(rows("translation")) == 2000


def rows_of_kinds(task: str, **options: Any) -> list[dict[str, Any]]:
    defaults = {"benchmarks": dict.fromkeys(KINDS, [0.0, 1.0]), "languages": LANGUAGES, "english_trace_share": 1.0}
    defaults |= {"bilingual": 0.0, "translated": ["questions"], "task": task}
    return list(training_rows(TrainingDataOptions([defaults | options], 1, KINDS)))


def asked() -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["id"], row["language"]): row for row in question_rows(KINDS, LANGUAGES, "train", 1)}


def test_pairs_are_a_question_and_its_english() -> None:
    questions, found = asked(), rows_of_kinds("pairs")
    assert len(found) == 900 and all(list(row) == TRAINING.names for row in found)
    for row in found:
        own, english = questions[row["id"], row["language"]], questions[row["id"], "en"]
        assert row["prompt"] == row["question"] == question_text(own["question"], own["choices"])
        assert row["completion"] == question_text(english["question"], english["choices"])
        assert (row["prompt"] == row["completion"]) == (row["language"] == "en")
        assert row["completion"].count("\n") == {"math": 0, "choice": 5, "entailment": 1}[own["kind"]]


def test_each_kind_is_asked_as_in_an_evaluation_and_answered_rightly() -> None:
    """The prompt is that of generation, with its own instruction; the encoder of a merge reads the question alone."""
    questions, found = asked(), rows_of_kinds("reasoning")
    assert len(found) == 900
    for row in found:
        own = questions[row["id"], row["language"]]
        (message,) = question_messages(own["question"], own["language"], own["kind"], own["choices"])
        assert row["prompt"] == message["content"]
        assert row["question"] == question_text(own["question"], own["choices"])
        instruction = {"math": "instruction", "choice": "choice_instruction", "entailment": "entailment_instruction"}
        assert row["prompt"] == f"{load_phrasebook(row['language'])[instruction[own['kind']]]}\n{row['question']}"
        if own["kind"] != "math":
            response = row["completion"].partition(END_OF_THINKING)[2]
            options = [questions[row["id"], "en"]["choices"]] if own["kind"] == "choice" else []
            assert extract_label(response, own["kind"], options) == own["answer"]
    assert languages_of([row["completion"].partition(END_OF_THINKING)[0] for row in found]) == {"en": 900}


def test_a_context_is_the_english_question_before_a_turn_that_may_be_empty() -> None:
    questions, found = asked(), rows_of_kinds("context")
    assert len(found) == 900 and all(list(row) == TRAINING.names for row in found)
    reasoning = {(row["id"], row["language"]): row for row in rows_of_kinds("reasoning")}
    for row in found:
        english, alike = questions[row["id"], "en"], reasoning[row["id"], row["language"]]
        assert row["context"] == question_text(english["question"], english["choices"])
        assert row["prompt"] in ("", alike["prompt"]) and row["question"] is None
        assert row["completion"] == alike["completion"]
    assert sum(row["prompt"] == "" for row in found) / 900 == pytest.approx(EMPTY, abs=0.05)
    assert {row["context"] for task in ("reasoning", "pairs", "text") for row in rows_of_kinds(task)} == {None}


def test_only_what_an_encoder_reads_has_a_question_of_its_own() -> None:
    for task in ("text", "translation"):
        found = rows_of_kinds(task)
        assert found and {row["question"] for row in found} == {None} and list(found[0]) == TRAINING.names
