"""Files of every format that are not as they should be: one line that names file, row and column, or read as meant."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vernacular.corpus.sources import question_rows

ASKED = "Combien font neuf fois deux ?"
GOOD = f"{ASKED}\t18\n"
NAMES = {
    "mgsm": "mgsm_fr.tsv",
    "mgsm-jsonl": "fr.jsonl",
    "msvamp": "test_French.json",
    "gsm8k": "test.jsonl",
    "x-csqa": "X-CSQA-fr/dev.jsonl",
    "xnli": "fr/test-00000-of-00001.parquet",
    "dapo": "dapo.parquet",
}


def read(form: str, folder: Path, data: Any, name: str = "", numbers: bool = False) -> list[dict[str, Any]]:
    """The questions of one file. data: bytes, text, or rows."""
    path = folder / (name or NAMES[form])
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(data, bytes):
        path.write_bytes(data)
    elif isinstance(data, str):
        path.write_text(data, encoding="utf-8", newline="")
    elif path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(data), path)
    else:
        path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in data), encoding="utf-8")
    language, split = ("en", "train") if form == "dapo" else ("en" if form == "gsm8k" else "fr", "test")
    return list(question_rows(form, folder, "b", [language], split, numbers))


def refused(form: str, folder: Path, data: Any, place: str, said: str, numbers: bool = False) -> None:
    with pytest.raises(ValueError) as error:
        read(form, folder, data, numbers=numbers)
    message = str(error.value)
    assert message.startswith(f"{folder / NAMES[form]}") and "\n" not in message, message
    assert re.search(rf"{place}(?!\d)", message) and said in message, message


# --- MGSM


@pytest.mark.parametrize(
    ("data", "place", "said"),
    [
        (f"{ASKED}\t18\tdix-huit\n", "line 1", "3 columns, not two"),
        (f"{ASKED}\t18\t\n", "line 1", "3 columns"),
        (f"{GOOD}{ASKED}\t18\ta\tb\n", "line 2", "4 columns"),
        (f"question\tanswer\n{GOOD}", "line 1", "is a header"),
        (f"Question\tAnswer\n{GOOD}", "line 1", "is a header"),
        (f"问题\t答案\n{GOOD}", "line 1", "is a header"),
        (f"q\ta\n{GOOD}", "line 1", "is a header"),
        (f"input\tgold_answer\n{GOOD}", "line 1, column 2", "'gold_answer' is not an answer"),
        (f"{GOOD}{ASKED}\tNone\n", "line 2, column 2", "stands for a missing value"),
        (f"{ASKED}\tnan\n", "line 1, column 2", "stands for a missing value"),
        (f"{ASKED}\tN/A\n", "line 1, column 2", "stands for a missing value"),
        (f"{ASKED}\teuros\n", "line 1, column 2", "'euros' is not an answer"),
        (f"{ASKED}\t-\n", "line 1, column 2", "is not an answer"),
        (f"{ASKED}\t#### 18\n", "line 1, column 2", "give what follows ####"),
        (f"18\t{ASKED}\n", "line 1, column 2", "is not an answer"),
        (f"{ASKED}\t1.250\n", "line 1, column 2", "'1.250' may be 1250"),
        (f"{ASKED}\t \n", "line 1", "not of the form question, tab, answer"),
        ("\t18\n", "line 1", "not of the form"),
        (f"{ASKED} 18\n", "line 1", "not of the form"),
        (f"{ASKED},18\n", "line 1", "not of the form"),
        (f"{GOOD}\n{GOOD}", "line 2", "not of the form"),
        ("\u200b\t18\n", "line 1", "is blank"),
        ("", "line 1", "not of the form"),
        ("\n\n", "line 1", "not of the form"),
        (GOOD.encode("utf-16"), "", "not valid UTF-8"),
        (ASKED.replace("o", "ô").encode("latin-1"), "", "not valid UTF-8"),
        (gzip.compress(GOOD.encode(), mtime=0), "", "not valid UTF-8"),
    ],
)
def test_mgsm_that_is_refused(tmp_path: Path, data: str | bytes, place: str, said: str) -> None:
    refused("mgsm", tmp_path, data, place, said)


@pytest.mark.parametrize(
    "answer", ["18", "18.0", "1,250", "-3", "3/4", "18 euros", "$18", "18 %", "1 250", "\u0661\u0668"]
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r", "", "\n\n", "\n \n\t\n"])
def test_mgsm_that_is_read(tmp_path: Path, answer: str, ending: str) -> None:
    [row] = read("mgsm", tmp_path, f"\ufeff{ASKED}\t{answer}{ending}")
    assert (row["question"], row["answer"]) == (ASKED, answer)


@pytest.mark.parametrize("answer", ["(3, 4)", "\\frac{1}{2}\\pi", "x+1", "[0, 5)", "\\{1, 2\\}"])
def test_formulas_are_answers_unless_the_benchmark_is_of_numbers(tmp_path: Path, answer: str) -> None:
    assert read("mgsm", tmp_path, f"{ASKED}\t{answer}\n")[0]["answer"] == answer
    refused("mgsm", tmp_path, f"{GOOD}{ASKED}\t{answer}\n", "line 2, column 2", "is not a number", numbers=True)


# --- JSON

JSON = {
    "mgsm-jsonl": ({"id": 1, "question": ASKED, "answer": "18"}, "question", "answer"),
    "msvamp": ({"m_query": ASKED, "response": "18", "query": "How much?"}, "m_query", "response"),
}


@pytest.mark.parametrize("form", JSON)
@pytest.mark.parametrize(
    "value", [None, True, False, [], ["18"], {}, {"value": 18}, float("nan"), float("inf"), "", " "]
)
def test_values_that_are_no_answers(tmp_path: Path, form: str, value: Any) -> None:
    good, _, answer = JSON[form]
    refused(form, tmp_path, [good, {**good, "id": 2, answer: value}], "line 2", f"'{answer}'")


@pytest.mark.parametrize("form", JSON)
@pytest.mark.parametrize(
    "value",
    [
        "None",
        "null",
        "NaN",
        "euros",
        "['18']",
        '["18"]',
        '{"a": 18}',
        "1\x008",
        "She sells 9.\n#### 18",
        "dix-huit œufs",
    ],
)
def test_texts_that_are_no_answers(tmp_path: Path, form: str, value: str) -> None:
    good, _, answer = JSON[form]
    refused(form, tmp_path, [good, {**good, "id": 2, answer: value}], f"line 2, '{answer}'", "is not an answer")


@pytest.mark.parametrize("form", JSON)
@pytest.mark.parametrize("value", [18, 18.0, -3, "1,250", "18", " 18 ", "18 pommes"])
def test_answers_that_are_read_as_they_are_written(tmp_path: Path, form: str, value: Any) -> None:
    good, _, answer = JSON[form]
    assert read(form, tmp_path, [{**good, answer: value, "more": None}])[0]["answer"] == str(value).strip()


@pytest.mark.parametrize("form", JSON)
def test_numbers_are_written_out(tmp_path: Path, form: str) -> None:
    good, _, answer = JSON[form]
    for value, written in {
        "1e3": "1000",
        "1.5E-3": "0.0015",
        "1e20": "1" + "0" * 20,
        "-0.5e1": "-5",
        "18.0": "18.0",
    }.items():
        line = json.dumps({**good, answer: "?"}).replace('"?"', value)
        assert read(form, tmp_path, line)[0]["answer"] == written
    refused(
        form, tmp_path, json.dumps({**good, answer: "?"}).replace('"?"', "1e9999999"), "line 1", f"'{answer}' is 1e99"
    )


@pytest.mark.parametrize("form", JSON)
@pytest.mark.parametrize("value", [None, 5, True, [ASKED], {"fr": ASKED}, "", "  ", "\u200b"])
def test_values_that_are_no_questions(tmp_path: Path, form: str, value: Any) -> None:
    good, question, _ = JSON[form]
    refused(form, tmp_path, [good, {**good, "id": 2, question: value}], "line 2", "")


@pytest.mark.parametrize("value", [None, 1.5, True, "first", "", [1], {}, float("nan"), -1])
def test_ids_that_are_none(tmp_path: Path, value: Any) -> None:
    refused("mgsm-jsonl", tmp_path, [{**JSON["mgsm-jsonl"][0], "id": value}], "line 1", "id")


@pytest.mark.parametrize("second", [1, "1", 1.0, "001"])
def test_two_questions_of_one_id(tmp_path: Path, second: Any) -> None:
    good = JSON["mgsm-jsonl"][0]
    rows = [good, {**good, "id": 2}, {**good, "id": second, "answer": "21"}]
    refused("mgsm-jsonl", tmp_path, rows, "line 3", "a second question '00001' in 'fr'")


@pytest.mark.parametrize("form", ["mgsm-jsonl", "msvamp", "gsm8k", "x-csqa"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "holds no rows"), ("\n\n", "holds no rows"), ("[]", "holds no rows"), ("{", "line 1 is not JSON"),
        ("null", "line 1 is not a JSON object"), ("[1]", "entry 1 is not a JSON object"), ("{}", "is missing"),
        ('{"data": [{}]}', "is missing; there are data"), ("[" * 100_000, "line 1 is not JSON"),
        ("id,question,answer\n1,a,2\n", "line 1 is not JSON"), ('{"a": 1} {"a": 2}', "line 1 is not JSON"),
        (b"\xff\xfe{\x00", "line 1: not valid UTF-8"), (gzip.compress(b"{}", mtime=0), "line 1: not valid UTF-8"),
    ],
)  # fmt: skip
def test_what_is_no_json(tmp_path: Path, form: str, data: str | bytes, said: str) -> None:
    refused(form, tmp_path, data, "", said)


def test_gsm8k_answers_are_behind_their_solutions(tmp_path: Path) -> None:
    asked = {"question": "How much?", "answer": "She sells 9 * 2 = <<9*2=18>>18.\n#### 1,018"}
    [row] = read("gsm8k", tmp_path, [asked])
    assert (row["language"], row["answer"]) == ("en", "1,018")
    for answer, said in {"18": "does not end in ####", "9\n#### None": "stands for a missing value"}.items():
        refused("gsm8k", tmp_path, [asked, {**asked, "answer": answer}], "line 2", said)


# --- X-CSQA

CHOICES = [{"label": label, "text": label.lower()} for label in "ABCDE"]
CHOICE: dict[str, Any] = {"id": "1", "question": {"stem": "Où ?", "choices": CHOICES}, "answerKey": "B"}


def with_question(**changes: Any) -> dict[str, Any]:
    return {"question": CHOICE["question"] | changes}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *((with_question(choices=value), "'choices' is") for value in (None, [], "abc", {}, {"a": 1}, CHOICES[:1])),
        *((with_question(choices=value), "'choices' is") for value in (["a", "b"], [None, None], [[], []])),
        (with_question(choices={"label": ["A", "B"], "text": ["a"]}), "'choices' is"),
        (with_question(choices=[{**choice, "text": None} for choice in CHOICES]), "'choices' is"),
        (with_question(choices=[CHOICES[0], CHOICES[2]]), "labelled"),
        (with_question(choices=[CHOICES[0], CHOICES[0]]), "labelled"),
        (with_question(choices=[{"label": label, "text": "a"} for label in "ABCDEF"]), "labelled"),
        *((with_question(stem=value), "'stem' is") for value in (None, 5, ["Où ?"], True)),
        (with_question(stem=" "), "is blank"),
        *(({"question": value}, "'question' is") for value in (None, "Où ?", 5, [], json.dumps(CHOICE["question"]))),
        *(({"answerKey": value}, "'answerKey' is") for value in (None, 2, True, ["B"], {})),
        *(({"answerKey": value}, "is not one of the choices") for value in ("", "F", "b", "école")),
        *(({"id": value}, "'id' is") for value in (None, True, [], {}, "")),
        ({}, "a second question '1'"),
    ],
)
def test_choices_that_are_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    other = {} if not change else {"id": "2"}
    refused("x-csqa", tmp_path, [CHOICE, CHOICE | other | change], "line 2", said)


# --- Parquet

PAIR = {"premise": "Il dort.", "hypothesis": "Il rit.", "label": 2}
PROMPT = {"prompt": [{"role": "user", "content": "Find x."}], "reward_model": {"ground_truth": "34", "style": "rule"}}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *(({name: None}, f"'{name}' is null") for name in PAIR),
        *(({name: 5}, f"'{name}' is 5, not a text") for name in ("premise", "hypothesis")),
        *(({name: " "}, "blank") for name in ("premise", "hypothesis")),
        *(({"label": value}, "label is") for value in (3, -1, 1.5, float("nan"), True, "neutral", [1])),
    ],
)
def test_pairs_that_are_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    refused("xnli", tmp_path, [PAIR | change], "row 1", said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *(({"prompt": value}, "'prompt' is") for value in (None, [], "Find x.", ["Find x."], {"content": "Find x."})),
        *(({"prompt": [{"content": value}]}, "'content' is") for value in (None, 5, ["Find x."])),
        ({"prompt": [{"content": " "}]}, "is blank"),
        *(({"reward_model": value}, "'reward_model' is") for value in (None, "34", {"style": "rule"})),
        ({"reward_model": {"ground_truth": None, "style": "rule"}}, "'reward_model' is"),
        *(
            ({"reward_model": {"ground_truth": v}}, "'ground_truth'")
            for v in (True, float("nan"), ["34"], "", "None", "kg")
        ),
        *(({"lang": value}, "the language is") for value in ("FR", "French", "xx")),
    ],
)
def test_prompts_that_are_refused(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    refused("dapo", tmp_path, [PROMPT | change], "row 1", said)


@pytest.mark.parametrize("form", ["xnli", "dapo"])
@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1 nothing PAR1", [{"other": 1}]])
def test_what_is_no_such_parquet(tmp_path: Path, form: str, data: Any) -> None:
    refused(form, tmp_path, data, "", "cannot be read as Parquet")


def test_a_null_in_a_later_row(tmp_path: Path) -> None:
    refused("xnli", tmp_path, [PAIR, PAIR, PAIR | {"premise": None}], "row 3", "'premise' is null")
    nothing = {"reward_model": {"ground_truth": None, "style": "rule"}}
    refused("dapo", tmp_path, [PROMPT, PROMPT | nothing], "row 2", "'reward_model' is")
    refused("dapo", tmp_path, [PROMPT | {"lang": "en"}, PROMPT | {"lang": None}], "row 2", "the language is null")
