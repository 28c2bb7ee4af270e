"""Scoring of hand-made generations: what each kind of completion gets, in several languages."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from scripts import script

from vernacular.corpus.facts import Choice, render_right_choice
from vernacular.corpus.miniature import make_problems, question_rows, render_completion
from vernacular.evaluation import score as module
from vernacular.evaluation.generate import Request
from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.score import Gold, golds_of, score_rows
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.language.phrasebook import load_phrasebook
from vernacular.language.prompts import join_completion
from vernacular.storage.records import GENERATION, QUESTION, SCORE, read_rows, write_rows

LANGUAGES = ["en", "fr", "ja", "de", "th", "ru", "ko"]
NATIVE = {
    "en": [
        "First, some of the books have to be subtracted: 9 - 3 = 6.",
        "Next, the numbers of books are added: 6 + 2 = 8.",
    ],
    "fr": [
        "D'abord, il faut soustraire une partie des livres : 9 - 3 = 6.",
        "Ensuite, on ajoute les nouveaux livres : 6 + 2 = 8.",
    ],
    "ja": ["まず、なくなった本の分を引きます：9 - 3 = 6。", "次に、新しい本を前からある本に足します：6 + 2 = 8。"],
    "de": [
        "Zuerst müssen einige der Bücher abgezogen werden: 9 - 3 = 6.",
        "Danach addieren wir die neuen Bücher: 6 + 2 = 8.",
    ],
    "th": ["ก่อนอื่น เราต้องลบหนังสือที่หายไปออก: 9 - 3 = 6", "จากนั้น เราบวกหนังสือเล่มใหม่เข้าไป: 6 + 2 = 8"],
    "ru": ["Сначала нужно вычесть потерянные книги: 9 - 3 = 6.", "Затем мы прибавляем новые книги: 6 + 2 = 8."],
    "ko": ["먼저 잃어버린 책의 수를 뺍니다: 9 - 3 = 6.", "다음으로 새로 산 책의 수를 더합니다: 6 + 2 = 8."],
}


@cache
def identifier() -> LanguageIdentifier:
    return LanguageIdentifier(LANGUAGES)


def generated(
    identifier: str, language: str, sample: int, completion: str, tokens: int = 9, finish_reason: str = "stop"
) -> dict[str, Any]:
    request = Request({"id": identifier, "language": language}, "prompt", "", [], 0)
    return request.row(sample, completion, tokens, finish_reason, "think")


def score(
    language: str, completion: str, gold: str = "8", finish_reason: str = "stop", kind: str = "math"
) -> dict[str, Any]:
    generation = generated("q", language, 2, completion, 40, finish_reason)
    (row,) = score_rows([generation], {("q", language): Gold(kind, gold)}, identifier())
    assert list(row) == SCORE.names
    assert (row["id"], row["language"], row["sample"], row["tokens"], row["finish_reason"]) == (
        "q",
        language,
        2,
        40,
        finish_reason,
    )
    return row


def said(*lines: str, box: str = "8") -> str:
    return join_completion("\n".join(lines), f"\\boxed{{{box}}}")


def verdict(row: dict[str, Any]) -> tuple:
    return tuple(
        row[key] for key in ("correct", "trace_language", "line_pass", "word_pass", "code_switched", "abstained_lines")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_right_and_native(language: str) -> None:
    row = score(language, said(*NATIVE[language]))
    assert verdict(row) == (True, language, True, True, False, 0) and row["answer"] == "8"
    wrong = score(language, said(*NATIVE[language], box="9"))
    assert verdict(wrong) == (False, language, True, True, False, 0) and wrong["answer"] == "9"


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_english_trace_is_right_but_not_native(language: str) -> None:
    assert verdict(score(language, said(*NATIVE["en"]))) == (True, "en", False, None, False, 0)


@pytest.mark.parametrize("completion", ["", "</think>", "</think>\n\\boxed{8}", "Ensuite, on ajoute : \\boxed{8}"])
def test_empty_trace_fails(completion: str) -> None:
    """No end of thinking means no trace and no response: DESIGN's contract, and a defect of the authors' metrics."""
    row = score("fr", completion, finish_reason="length")
    assert verdict(row) == ("</think>\n" in completion, None, False, None, False, 0)
    assert row["answer"] == ("8" if row["correct"] else None)


@pytest.mark.parametrize(
    "response, language",
    [
        (r"La réponse est \boxed{8}.", "fr"),
        (r"So the number of books is \boxed{8}.", "en"),
        (r"\boxed{8}", None),
        (r"\boxed{8 \text{ books of the library}}", None),
        (r"$8 + 0 = 8$ \boxed{8} \[ \frac{16}{2} \]", None),
        (r"La réponse est \boxed{\text{the number of {all} the \} books}}.", "fr"),
        (r"Il reste huit livres. \boxed {\text{the number of books", "fr"),
        ("", None),
    ],
)
def test_language_of_the_response(response: str, language: str | None) -> None:
    """Of its words, outside box and mathematics; whatever the trace is in."""
    for trace in (NATIVE["fr"], NATIVE["en"]):
        row = score("fr", join_completion("\n".join(trace), response))
        assert row["answer_language"] == language, response


def test_foreign_script_is_the_judgement_s(monkeypatch: pytest.MonkeyPatch) -> None:
    for found in (True, False, None):
        seen = [one._replace(foreign_script=found) for one in judge([""], ["fr"], identifier())]
        monkeypatch.setattr(module, "judge", lambda *_, seen=seen: seen)
        assert score("fr", said(*NATIVE["fr"]))["foreign_script"] is found


def test_every_row_has_the_version_of_the_metrics() -> None:
    assert score("fr", "")["metrics_version"] == METRICS_VERSION and METRICS_VERSION > 1


def test_no_identified_line_fails() -> None:
    assert verdict(score("fr", said("9 - 3 = 6", "6 + 2 = 8"))) == (True, None, False, None, False, 2)


def test_abstained_lines_do_not_count() -> None:
    first, second = NATIVE["fr"]
    assert verdict(score("fr", said(first, "= 6", second, "\n", "6 + 2"))) == (True, "fr", True, True, False, 2)


@pytest.mark.parametrize("language, other", [("fr", "en"), ("de", "fr"), ("ja", "ko"), ("th", "en"), ("ru", "de")])
def test_code_switched_trace(language: str, other: str) -> None:
    row = score(language, said(NATIVE[language][0], NATIVE[other][1]))
    assert row["correct"] and not row["line_pass"] and row["word_pass"] is None and row["code_switched"]


@pytest.mark.parametrize(
    "language, line, passes",
    [
        ("ja", "次に、remaining の本を足します：6 + 2 = 8。", False),
        ("ja", "次に、残りの本を足します：$x = 6 + 2$、\\frac{16}{2} = 8。", True),  # mathematics is no word
        ("ru", "Затем мы прибавляем новые books на полку: 6 + 2 = 8.", False),
        ("fr", "Ensuite, on ajoute les nouveaux livres 本 : 6 + 2 = 8.", False),
        (
            "fr",
            "Ensuite, on ajoute les nouveaux books aux livres : 6 + 2 = 8.",
            True,
        ),  # of the same script: WPR cannot tell
        ("th", "จากนั้น เราบวกหนังสือเล่มใหม่ books เข้าไป: 6 + 2 = 8", False),
    ],
)
def test_foreign_word_in_a_native_line(language: str, line: str, passes: bool) -> None:
    row = score(language, said(NATIVE[language][0], line))
    assert row["line_pass"] and row["word_pass"] is passes and row["trace_language"] == language


def test_prompt_too_long_is_a_wrong_answer() -> None:
    row = score("fr", "", finish_reason="prompt_too_long")
    assert verdict(row) == (False, None, False, None, False, 0)


@pytest.mark.parametrize(
    "language, box, right",
    [
        ("en", "1,234", True),
        ("en", "1234", True),
        ("de", "1.234", True),
        ("fr", "1 234", True),
        ("fr", "1 234 livres", True),
    ]
    + [
        ("ja", "1,234", True),
        ("th", "๑,๒๓๔", True),
        ("de", "1,234", False),
        ("en", "1.234", False),
        ("en", "234", False),
    ],
)
def test_gold_with_a_thousands_separator(language: str, box: str, right: bool) -> None:
    assert score(language, said(*NATIVE[language], box=box), gold="1,234")["correct"] is right


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "kind, gold, box, right, answer",
    [
        ("choice", "C", "C", True, "C"),
        ("choice", "C", r"\text{(c)}", True, "C"),
        ("choice", "C", "D", False, "D"),
        ("choice", "C", "8", False, None),
        ("entailment", "neutral", "Neutral", True, "neutral"),
        ("entailment", "neutral", "contradiction", False, "contradiction"),
        ("entailment", "neutral", "C", False, None),
        ("math", "8", "C", False, "C"),
    ],
)
def test_labels_are_right_by_their_kind(
    language: str, kind: str, gold: str, box: str, right: bool, answer: str | None
) -> None:
    """Whatever the kind, the language of the trace is judged alike."""
    row = score(language, said(*NATIVE[language], box=box), gold, kind=kind)
    assert verdict(row) == (right, language, True, True, False, 0) and row["answer"] == answer


def test_no_label_is_no_right_answer() -> None:
    for kind, gold in (("choice", "A"), ("entailment", "neutral")):
        assert verdict(score("fr", "", gold, "length", kind)) == (False, None, False, None, False, 0)
        row = score("fr", join_completion(NATIVE["fr"][0], "Je ne sais pas."), gold, kind=kind)
        assert not row["correct"] and row["answer"] is None and row["line_pass"]


def test_each_row_is_scored_by_the_kind_of_its_question() -> None:
    golds = {
        ("m", "fr"): Gold("math", "8"),
        ("c", "fr"): Gold("choice", "C"),
        ("e", "fr"): Gold("entailment", "neutral"),
    }
    boxes = {"m": "8", "c": "C", "e": "neutral"}
    rows = list(
        score_rows(
            (generated(name, "fr", 0, said(*NATIVE["fr"], box=box)) for name in "mce" for box in boxes.values()),
            golds,
            identifier(),
        )
    )
    assert [row["correct"] for row in rows] == [name == other for name in "mce" for other in boxes]


def test_order_and_batches_are_kept_and_written(tmp_path: Any) -> None:
    """More rows than a batch of 2,048; every fourth is native, right and alone in its batch's part or not."""
    texts = [said(*NATIVE["fr"]), said(*NATIVE["en"]), said(*NATIVE["fr"], box="9"), ""]
    generations = (generated(f"q{n // 4}", "fr", n % 4, texts[n % 4], n) for n in range(4100))
    golds = {(f"q{n}", "fr"): Gold("math", "8") for n in range(1025)}
    assert write_rows(tmp_path / "s.parquet", score_rows(generations, golds, identifier()), SCORE) == 4100
    for n, row in enumerate(read_rows(tmp_path / "s.parquet")):
        assert (row["id"], row["sample"], row["tokens"]) == (f"q{n // 4}", n % 4, n)
        expected = [(True, "fr", True), (True, "en", False), (False, "fr", True), (False, None, False)][n % 4]
        assert (row["correct"], row["trace_language"], row["line_pass"]) == expected


# --- The script -------------------------------------------------------------------------------------------------------

NUMBERS = {"opening": [2, 24], "term": [2, 14], "factor": [2, 4], "result": [2, 36]}
BENCHMARKS = {
    f"mini-{setting}": {"setting": setting, "steps": 1, "numbers": NUMBERS, "questions": {"test": 10}}
    for setting in ("story", "frame", "facts", "statements")
}


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_the_script_scores_what_the_miniature_says_as_right(benchmark: str, tmp_path: Path) -> None:
    questions, generations, out = (tmp_path / f"{name}.parquet" for name in ("questions", "generations", "scores"))
    write_rows(questions, question_rows(BENCHMARKS, LANGUAGES, "test", 1), QUESTION)
    problems = make_problems(benchmark, BENCHMARKS[benchmark], "test", 1)

    def saying(name: str, told: str, language: str, sample: int) -> dict[str, Any]:
        """What is right for the problem `told`, said to the question `name`."""
        return generated(name, language, sample, render_completion(language, told, problems[told], 1))

    first = next(iter(problems))
    rows = [
        saying(name, told, code, sample)
        for code in LANGUAGES
        for name in problems
        for sample, told in enumerate((first, name))
    ]
    write_rows(generations, rows, GENERATION)
    arguments = ["--generations", generations, "--questions", questions, "--benchmark", benchmark]
    arguments += ["--identifier", json.dumps({"languages": LANGUAGES}), "--out", out]
    arguments += ["--options", GenerationOptions(LANGUAGES, 8, samples=2).to_json()]
    assert script("score").main([str(argument) for argument in arguments]) == 0
    scores = list(read_rows(out))
    assert len(scores) == len(rows) == 20 * len(LANGUAGES) and all(row["line_pass"] for row in scores)
    for row in scores:
        asked, told = problems[row["id"]], problems[first]
        if isinstance(asked, Choice):  # the words of another question's answer are right where they are this one's too
            book = load_phrasebook(row["language"])
            alike = render_right_choice(book, asked) == render_right_choice(book, told)
        else:
            alike = asked.answer == told.answer
        assert row["correct"] == (alike or row["sample"] == 1)


def test_a_choice_is_answered_by_letter_or_in_the_words_of_its_language_or_of_english() -> None:
    choices = {
        "en": ["a knife", "soap", "a bed", "a rake", "a saw"],
        "fr": ["un couteau", "du savon", "un lit", "un râteau", "une scie"],
    }
    questions = [
        {"id": "c", "language": code, "kind": "choice", "choices": options, "answer": "C"}
        for code, options in choices.items()
    ]
    golds = golds_of(iter(questions))
    boxes = {
        "C": True,
        "un lit": True,
        "a bed": True,
        "A bed.": True,
        "(C) un lit": True,
        "B": False,
        "soap": False,
        "das Bett": False,
    }
    rows = score_rows(
        (generated("c", "fr", 0, said(*NATIVE["fr"], box=box)) for box in boxes),
        golds,
        identifier(),
    )
    assert [row["correct"] for row in rows] == list(boxes.values())
