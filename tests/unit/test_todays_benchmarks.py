"""Today's benchmarks: from files in their published layout to questions, prompts and verdicts; broken files."""

import re
from pathlib import Path
from typing import Any

import pytest
from benchmark_files import ANSWERED, FILES, PASSAGE, Answered, asked, lay_out, write
from hypothesis import given
from hypothesis import strategies as st

from vernacular.answers.gold import Prose, check_gold
from vernacular.corpus.formats import FORMATS, source_files
from vernacular.corpus.sources import question_rows
from vernacular.evaluation.ranks import ranks
from vernacular.evaluation.score import golds_of, score_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import code_of
from vernacular.language.prompts import join_completion, question_messages, split_completion

LANGUAGES = ["en", "fr", "ja", "th", "sw", "am", "zh", "ar", "mk", "nl"]


def read(folder: Path, form: str, split: str = "test") -> dict[tuple[str, str], dict[str, Any]]:
    """(language, id without benchmark and split) -> question."""
    rows = question_rows(form, lay_out(folder, form), "b", LANGUAGES, split)
    return {(row["language"], row["id"].removeprefix(f"b-{split}-")): row for row in rows}


# --- from files to questions

FOUND = {
    "mmath": {(code, f"{n:05d}") for code in ("en", "fr", "ja") for n in range(3)},
    "polymath": {(code, f"{level}-0000{n}") for code in ("en", "fr") for level in ("low", "top") for n in (0, 1)},
    "mclm": {(code, f"mt-math100-0000{n}") for code in ("en", "fr", "zh") for n in (1, 2)}
    | {("en", "mt-aime2024-00001"), ("zh", "mt-aime2024-00001")},
    "global-mgsm": {(code, f"0000{n}") for code in ("en", "fr", "am") for n in (1, 2)},
    "afrimgsm": {(code, f"0000{n}") for code in ("en", "sw", "am") for n in (1, 2)},
    "aime": {(code, "00001") for code in ("en", "th", "fr")},
    "include": {(code, f"{code}-0000{n}") for code in ("fr", "mk") for n in (1, 2)},
    "global-mmlu-lite": {(code, f"astronomy/test/{n}") for code in ("en", "fr") for n in (58, 7)},
    "belebele": {
        (code, f"https://en.wikibooks.org/wiki/Accordion/Right_hand#{n}")
        for code in ("fr", "en", "zh", "ar")
        for n in ("1", "2", "1-2")
    },
    "gsm8k": {("en", "00001")},
}


@pytest.mark.parametrize("form", FILES)
def test_every_question_is_read_once_in_each_language(tmp_path: Path, form: str) -> None:
    """Translations share an id; another script or dialect of a language is not its text."""
    found = read(tmp_path, form)
    assert found.keys() == FOUND[form]
    for (language, _), row in found.items():
        assert row["question"].strip() == row["question"] and row["kind"] == FORMATS[form].kind
        assert (row["choices"] is None) == (row["kind"] == "math"), language


def test_questions_and_answers_are_as_they_are_published(tmp_path: Path) -> None:
    rows = read(tmp_path, "mmath")
    assert rows["ja", "00001"]["question"] == asked("ja", 1) and rows["ja", "00001"]["answer"] == "$\\frac{3}{4}$"
    assert read(tmp_path, "mclm")["zh", "mt-aime2024-00001"]["answer"] == "204"
    assert read(tmp_path, "afrimgsm")["am", "00002"]["answer"] == "5"  # the number, not the solution
    text = read(tmp_path, "belebele")["fr", "https://en.wikibooks.org/wiki/Accordion/Right_hand#2"]
    assert text["question"] == f"{PASSAGE}\nQuestion 2 ?" and text["answer"] == "A"
    assert text["choices"] == ["réponse 1", "réponse 2", "réponse 3", "réponse 4"]
    exam = read(tmp_path, "include")["mk", "mk-00001"]
    assert exam["question"] == "test North Macedonian 1" and exam["answer"] == "B" and exam["choices"][1] == "quatre"


@pytest.mark.parametrize(
    ("form", "split", "count"),
    [("include", "dev", 4), ("global-mmlu-lite", "dev", 4), ("afrimgsm", "train", 6)],
)
def test_other_splits(tmp_path: Path, form: str, split: str, count: int) -> None:
    assert len(read(tmp_path, form, split)) == count


def test_answers_in_words_are_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """PolyMath and MATH have some; of all other formats one is an error."""
    read(tmp_path, "polymath")
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("b: left out 2 with answers in words; the first: ")
    assert f"{tmp_path}/polymath/en/top.parquet: row 3: '$P(x)=cx$ for any constant $c$' is not an answer" in line
    read(tmp_path, "mclm")
    assert "left out 3 with answers in words" in capsys.readouterr().err


@pytest.mark.parametrize("gold", ["$\\frac{(2n)!}{4^nn!}$", "$a + nab$", "$2^k$"])
def test_a_formula_in_dollars_may_have_letters_in_a_row(gold: str) -> None:
    check_gold(gold)


@pytest.mark.parametrize(
    "gold", ["$\\text{Evelyn}$", "$2^{l}$ for $l=1$", "$euros$", "nab", "$n$ for any constant", "a\nb"]
)
def test_words_are_no_formula(gold: str) -> None:
    with pytest.raises(Prose):
        check_gold(gold)


# --- from questions to verdicts


@pytest.mark.parametrize("case", ANSWERED, ids=lambda case: f"{case.form}-{case.language}-{case.right}")
def test_a_right_answer_is_right_and_a_wrong_one_wrong(tmp_path: Path, case: Answered) -> None:
    """What the prompt asks is the question with its options; a completion in its language is scored by its box."""
    row = read(tmp_path, case.form)[case.language, case.id]
    [message] = question_messages(row["question"], row["language"], row["kind"], row["choices"])
    assert row["question"] in message["content"] and "\\boxed{" in message["content"]
    assert all(choice in message["content"] for choice in row["choices"] or [])
    written = []
    for sample, boxed in enumerate((case.right, case.wrong)):
        completion = join_completion("3 + 4 = 7", f"\\boxed{{{boxed}}}")
        trace, response = split_completion(completion)
        given = {"id": row["id"], "language": row["language"], "sample": sample, "completion": completion}
        written.append(given | {"trace": trace, "response": response, "tokens": 9, "finish_reason": "stop"})
    verdicts = score_rows(written, golds_of([row]), LanguageIdentifier(["en", "fr"]))
    assert [verdict["correct"] for verdict in verdicts] == [True, False]


# --- which questions are the first ones


def test_where_nothing_is_translated_each_language_has_its_own_first_questions(tmp_path: Path) -> None:
    """INCLUDE's: two of each language are the first two, and not the first two of all."""
    places = ranks((row["id"], row["language"]) for row in read(tmp_path, "include").values())
    assert sorted((language, place) for (_, language), place in places.items()) == [
        ("fr", 0), ("fr", 1), ("mk", 0), ("mk", 1),
    ]  # fmt: skip


@given(st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["en", "fr", "ja"])), min_size=1))
def test_places_are_the_same_in_every_language_that_shares_an_id(pairs: set[tuple[str, str]]) -> None:
    places = ranks(pairs)
    assert places.keys() == pairs
    for one, place in places.items():
        for other, its in places.items():
            if one[0] == other[0]:
                assert place == its
            elif one[1] == other[1]:
                assert (place < its) == (one[0] < other[0])


# --- languages by other names


@pytest.mark.parametrize(
    ("label", "code"),
    {
        "French": "fr", "North Macedonian": "mk", "Tagalog": "tl", "Persian": "fa", "Klingon": None,
        "swa": "sw", "amh": "am", "orm": "om", "eng": "en", "vai": "vai",
        "swh_Latn": "sw", "pes_Arab": "fa", "arb_Arab": "ar", "npi_Deva": "ne", "als_Latn": "sq", "zho_Hans": "zh",
        "zho_Hant": None, "arb_Latn": None, "hin_Latn": None, "npi_Latn": None, "sin_Latn": None, "ars_Arab": "ars",
        "zh-cn": "zh", "zh-tw": None, "pt-br": "pt", "iw": "he", "no": "no", "answer": None, "": None,
        "Dutch-Flemish": None,
    }.items(),
)  # fmt: skip
def test_what_data_sets_call_languages(label: str, code: str | None) -> None:
    assert code_of(label) == code


def test_a_folder_of_belebele_says_which_languages_it_has(tmp_path: Path) -> None:
    """A dry run looks there for what an evaluation asks."""
    found = {language for _, language in source_files("belebele", lay_out(tmp_path, "belebele"), "test")}
    assert found == {"fr", "en", "zh", "ar", "ars"}


# --- broken files

BROKEN: list[tuple[str, str, dict[str, Any], str]] = [  # format, file, change of its last row, what is said
    ("mmath", "mmath/fr.json", {"gid": "x"}, "entry 3: gid is 'x', not a whole number"),
    ("mmath", "mmath/fr.json", {"answer": ""}, "entry 3, 'answer': the answer is empty"),
    ("mmath", "mmath/fr.json", {"gid": 0}, "entry 3: a second question '00000' in 'fr'"),
    ("mmath", "mmath/fr.json", {"answer": "deux"}, "entry 3, 'answer': 'deux' is not an answer"),
    ("polymath", "fr/low.parquet", {"id": "low-en-1"}, "row 2: id is 'low-en-1', not of the form low-fr-0"),
    ("polymath", "fr/low.parquet", {"answer": None}, "row 2: 'answer' is null"),
    ("mclm", "mt-math100.parquet", {"answer": None}, "row 3: 'answer' is null"),
    ("mclm", "mt-math100.parquet", {"fr": " "}, "row 3: question mt-math100-00003 in 'fr' is blank"),
    ("global-mgsm", "fr/test.parquet", {"answer": "nan"}, "row 2, 'answer': 'nan' is not an answer"),
    ("afrimgsm", "data/swa/test.tsv", {"question": ""}, "line 3: 'question' is null"),
    ("afrimgsm", "data/swa/test.tsv", {"answer_number": "tano"}, "line 3, 'answer': 'tano' is not an answer"),
    ("aime", "aime24-x/fr.jsonl", {"problem": 5}, "line 1: 'problem' is 5, not a text"),
    ("aime", "aime24-x/fr.jsonl", {"expected_answer": None}, "line 1: 'expected_answer' is null"),
    ("include", "French/test-00000-of-00001.parquet", {"answer": 4}, "row 2: the answer is 4, not 0, 1, 2 or 3"),
    ("include", "French/test-00000-of-00001.parquet", {"option_c": None}, "row 2: 'option_c' is null"),
    ("include", "French/test-00000-of-00001.parquet", {"question": " "}, "row 2: 'question' is blank"),
    ("global-mmlu-lite", "fr/test-00000-of-00001.parquet", {"answer": "E"}, "row 2: the answer is 'E', not A"),
    ("global-mmlu-lite", "fr/test-00000-of-00001.parquet", {"answer": "AB"}, "row 2: the answer is 'AB', not A"),
    ("belebele", "data/fra_Latn.jsonl", {"correct_answer_num": "0"}, "line 3: correct_answer_num is 0, not 1, 2"),
    ("belebele", "data/fra_Latn.jsonl", {"correct_answer_num": None}, "line 3: correct_answer_num is null"),
    ("belebele", "data/fra_Latn.jsonl", {"flores_passage": None}, "line 3: 'flores_passage' is null"),
    ("gsm8k", "main/test-00000-of-00001.parquet", {"answer": "18"}, "row 1: 'answer' does not end in ####"),
]


@pytest.mark.parametrize(("form", "name", "change", "said"), BROKEN)
def test_a_bad_row_is_named_in_one_line(
    tmp_path: Path, form: str, name: str, change: dict[str, Any], said: str
) -> None:
    folder = lay_out(tmp_path, form)
    *good, last = FILES[form][name]
    write(folder / name, [*good, last | change])
    with pytest.raises(ValueError, match=f"^{re.escape(f'{folder / name}: {said}')}") as error:
        list(question_rows(form, folder, "b", LANGUAGES, "test"))
    assert "\n" not in str(error.value)


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    for form, files in FILES.items():
        folder = lay_out(tmp_path, form)
        for name in files:
            write(folder / name, [{"language": "French", "lang": "fr", "nothing": 1}])
        with pytest.raises(ValueError, match=r"' is missing; there are language, lang") as error:
            list(question_rows(form, folder, "b", LANGUAGES, "test"))
        assert str(error.value).startswith(str(folder)) and "\n" not in str(error.value), form
