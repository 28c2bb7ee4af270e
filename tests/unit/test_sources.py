"""Readers of real questions: the real MGSM, fixtures with the columns and quirks of the other formats, broken files."""

import json
import re
import subprocess
import sys
import tracemalloc
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scripts import run_script

from vernacular.answers.compare import is_correct
from vernacular.answers.numbers import parse_number
from vernacular.corpus.formats import FORMATS
from vernacular.corpus.readers import json_rows
from vernacular.corpus.sources import examples, question_rows
from vernacular.language.languages import load_languages
from vernacular.storage.records import QUESTION, read_rows
from vernacular.study.schema import load_schema

MGSM = Path(__file__).parents[3] / "shared" / "data" / "mgsm"


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """Rows as Parquet, one JSON list (.json) or JSON lines without a final newline."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    else:
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")


def test_every_format_is_described_and_a_dry_run_can_import_them() -> None:
    root = Path(__file__).parents[2]
    for name in FORMATS:
        assert f"`{name}`" in load_schema()["$defs"]["source"]["properties"]["format"]["description"]
        assert f"| `{name}` |" in (root / "docs/data.md").read_text(encoding="utf-8")
    heavy = "{'numpy', 'pandas', 'pyarrow', 'torch', 'transformers'}"
    code = f"import sys, vernacular.corpus.formats; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- JSON


def test_json_lines_are_held_one_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    with file.open("w", encoding="utf-8-sig") as handle:
        for number in range(1_000):
            handle.write(json.dumps({"a": f"{number}.0", "text": "é" * 5_000}, ensure_ascii=False) + "\r\n\n")
    tracemalloc.start()
    found = [(place, row["a"]) for place, row in json_rows(file, ("a", "text"))]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[0] == (f"{file}: line 1", "0.0") and found[-1] == (f"{file}: line 1999", "999.0")
    assert len(found) == 1_000 and peak < file.stat().st_size / 10


def test_broken_json_is_named_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    for data, said in [
        (b'\n{"a": 1}\n{"a": \n', "line 3 is not JSON"),
        (b'{"a": 1}\n\n{"a": "\xff"}\n', "line 3: not valid UTF-8"),
        (b'{"a": 1}\n{"b": 2}\n', "line 2: 'a' is missing"),
        (b'\n [{"a": 1},\n{"b": 2}]\n', "entry 2: 'a' is missing"),
        (b'[{"a": 1},\n"\xff"]\n', "what follows line 1: not valid UTF-8"),
    ]:
        file.write_bytes(data)
        with pytest.raises(ValueError, match=re.escape(f"{file}: {said}")):
            list(json_rows(file, ("a",)))


# --- MGSM


def test_real_mgsm_files() -> None:
    if not MGSM.exists():
        pytest.skip(f"the real MGSM files are not at {MGSM}")
    rows = list(question_rows("mgsm", MGSM, "mgsm", list(load_languages()), "test"))
    assert len(rows) == 2750 and len({(row["id"], row["language"]) for row in rows}) == 2750
    answers = defaultdict(set)
    for row in rows:
        answers[row["id"]].add(parse_number(row["answer"], "en"))
        assert row["question"] == row["question"].strip() and "\t" not in row["answer"]
    assert len(answers) == 250 and all(len(found) == 1 and None not in found for found in answers.values())
    assert all(number.denominator == 1 for found in answers.values() for number in found if number is not None)


def test_mgsm_lines(tmp_path: Path) -> None:
    file = tmp_path / "mgsm_fr.tsv"
    file.write_bytes("Une ligne ?\t3\r\nLigne\u2028coupée ?\t1,234".encode())  # no final newline
    rows = list(question_rows("mgsm", tmp_path, "mgsm", ["en", "fr"], "test"))
    assert [(row["id"], row["kind"], row["question"], row["answer"]) for row in rows] == [
        ("mgsm-test-00001", "math", "Une ligne ?", "3"),
        ("mgsm-test-00002", "math", "Ligne\u2028coupée ?", "1,234"),
    ]
    for text, what in [
        ("q\t1\nno answer\t\n", "line 2 is not of the form question"),
        ("q\t1\n\nq\t2\n", "line 2"),
        ("no tab\n", "line 1"),
        ("", "line 1"),
    ]:
        file.write_text(text)
        with pytest.raises(ValueError, match=rf"mgsm_fr.tsv: {what}"):
            list(question_rows("mgsm", tmp_path, "mgsm", ["fr"], "test"))
    file.write_bytes("é\t1".encode("latin-1"))
    with pytest.raises(ValueError, match="mgsm_fr.tsv: not valid UTF-8"):
        list(question_rows("mgsm", tmp_path, "mgsm", ["fr"], "test"))
    with pytest.raises(ValueError, match="no test questions in sw"):
        list(question_rows("mgsm", tmp_path, "mgsm", ["sw"], "test"))
    file.unlink()
    with pytest.raises(ValueError, match=r"no test files of the format 'mgsm' \(named mgsm_<language>\\.tsv\)"):
        list(question_rows("mgsm", tmp_path, "mgsm", ["fr"], "test"))
    (tmp_path / "train.jsonl").write_text("")
    with pytest.raises(ValueError, match=r"no test files of the format 'gsm8k' \(named test\\.\(\?:parquet\|jsonl\)"):
        list(question_rows("gsm8k", tmp_path, "easy", ["en"], "test"))


def test_files_of_lines_are_read_line_by_line(tmp_path: Path) -> None:
    """Of 4 MB a reader holds a twentieth at the most."""
    (tmp_path / "en-sw").mkdir()
    paths = {"mgsm": tmp_path / "mgsm_fr.tsv", "bitext": tmp_path / "en-sw/x.sw"}
    for path in [*paths.values(), paths["bitext"].with_suffix(".en")]:
        path.write_text(f"{'q' * 40}\t7\n" * 100_000)
    for source, path in paths.items():
        tracemalloc.start()
        assert sum(1 for _ in FORMATS[source].reader(path, "fr" if source == "mgsm" else "sw")) == 100_000
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 200_000, source


def test_mgsm_with_korean(tmp_path: Path) -> None:
    rows = [
        {"id": 1, "question": "자넷의 오리는 ...?", "answer": "18", "replaced": False},
        {"id": 250, "question": "... ?", "answer": "-3", "replaced": True},
    ]
    write(tmp_path, "ko.jsonl", rows)
    found = list(question_rows("mgsm-jsonl", tmp_path, "mgsm", ["ko"], "test"))
    assert [(row["id"], row["language"], row["answer"]) for row in found] == [
        ("mgsm-test-00001", "ko", "18"),
        ("mgsm-test-00250", "ko", "-3"),
    ]
    write(tmp_path, "ko.jsonl", [{**rows[0], "id": "first"}])
    with pytest.raises(ValueError, match=r"ko.jsonl: line 1: id is 'first', not a whole number"):
        list(question_rows("mgsm-jsonl", tmp_path, "mgsm", ["ko"], "test"))


# --- MSVAMP


def test_msvamp(tmp_path: Path) -> None:
    """Files are named by the languages' English names; numbers stay as they are written, and are right as 18."""
    row = {"query": "How many?", "equation": "( 20.0 - 2.0 )", "response": 18.0, "m_query": "Wangapi?"}
    write(tmp_path, "test_Swahili.jsonl", [row, {**row, "response": "1,234"}])
    write(tmp_path, "test_Klingon.jsonl", [row])
    found = list(question_rows("msvamp", tmp_path, "msvamp", ["sw", "th"], "test"))
    assert [(row["id"], row["language"], row["question"], row["answer"]) for row in found] == [
        ("msvamp-test-00001", "sw", "Wangapi?", "18.0"),
        ("msvamp-test-00002", "sw", "Wangapi?", "1,234"),
    ]
    assert is_correct("18.0", "Jibu ni \\boxed{18}.", "sw") and is_correct("1,234", "\\boxed{1234}", "sw")
    (tmp_path / "test_Swahili.jsonl").write_text('{"query": "How many?", "m_query": null, "response": 1}')
    with pytest.raises(ValueError, match="line 1: 'm_query' is null; restore it"):
        list(question_rows("msvamp", tmp_path, "msvamp", ["sw"], "test"))
    (tmp_path / "test_Swahili.jsonl").write_text("{")
    with pytest.raises(ValueError, match="test_Swahili.jsonl: line 1 is not JSON"):
        list(question_rows("msvamp", tmp_path, "msvamp", ["sw"], "test"))


# --- X-CSQA and XNLI


def choice(texts: list[str], key: str) -> dict[str, Any]:
    choices = {"label": list("ABCDE"), "text": texts}
    return {"id": "3f2c", "lang": "de", "question": {"stem": "Wo?", "choices": choices}, "answerKey": key}


def test_x_csqa_takes_the_dev_split_and_empty_options(tmp_path: Path) -> None:
    """The dev split is the one with keys, so it is our test; one German option is empty, and its question stays."""
    texts = ["Bank", "", "Baum", "Haus", "Fluss"]
    write(tmp_path, "X-CSQA-de/validation-00000-of-00001.parquet", [choice(texts, "C")])
    write(tmp_path, "X-CSQA-de/test-00000-of-00001.parquet", [choice(texts, "")])
    [found] = question_rows("x-csqa", tmp_path, "xcsqa", ["de"], "test")
    assert found == {
        "id": "xcsqa-test-3f2c", "problem": "xcsqa-test-3f2c",
        "benchmark": "xcsqa", "kind": "choice", "language": "de", "question": "Wo?",
        "choices": texts, "answer": "C",
    }  # fmt: skip


def test_x_csqa_as_it_was_published_first(tmp_path: Path) -> None:
    """JSON lines with a list of labelled choices, a folder for each language; here training questions."""
    row = choice(["a", "b", "c", "d", "e"], "E")
    row["question"]["choices"] = [{"label": label, "text": label.lower()} for label in "ABCDE"]
    write(tmp_path, "de/train.jsonl", [row])
    [found] = examples("x-csqa", tmp_path, "train", ["de"])
    assert found.choices == list("abcde") and found.answer == found.completion == "E"
    write(tmp_path, "de/train.jsonl", [{**row, "answerKey": ""}])
    with pytest.raises(
        ValueError, match="line 1: the key '' is not one of the choices; the keys of the test split are withheld"
    ):
        list(examples("x-csqa", tmp_path, "train", ["de"]))


def test_xnli(tmp_path: Path) -> None:
    """The same row is the same pair in every language; blanks and line breaks within a sentence become one blank."""
    rows = [{"premise": " Und er\nsagte .", "hypothesis": "Er  schwieg .", "label": 2}]
    for language, split in [("de", "test"), ("en", "test"), ("de", "validation")]:
        write(tmp_path, f"{language}/{split}-00000-of-00001.parquet", rows)
    found = list(question_rows("xnli", tmp_path, "xnli", ["de", "en", "fr"], "test"))
    assert [row["language"] for row in found] == ["de", "en"] and len({row["id"] for row in found}) == 1
    assert found[0]["question"] == "Und er sagte .\nEr schwieg ." and found[0]["answer"] == "contradiction"
    assert [row["id"] for row in question_rows("xnli", tmp_path, "xnli", ["de"], "dev")] == ["xnli-dev-000001"]
    write(tmp_path, "de/test-00000-of-00001.parquet", [{**rows[0], "label": -1}])
    with pytest.raises(ValueError, match="row 1: the label is -1, not 0, 1 or 2"):
        list(question_rows("xnli", tmp_path, "xnli", ["de"], "test"))
    write(tmp_path, "de/test-00000-of-00001.parquet", [{"premise": "x"}])
    with pytest.raises(ValueError, match=r"the column 'hypothesis' is missing; there are premise"):
        list(question_rows("xnli", tmp_path, "xnli", ["de"], "test"))
    (tmp_path / "de/test-00000-of-00001.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(ValueError, match="cannot be read as Parquet"):
        list(question_rows("xnli", tmp_path, "xnli", ["de"], "test"))


# --- training questions


def test_hypotheses_of_one_premise_are_one_problem(tmp_path: Path) -> None:
    """By the language that an id first comes in: translators may have put a premise in two ways."""
    pairs = {"de": ["A", "A", "B", "C"], "en": ["a", "a2", "b", "b"]}
    for code, premises in pairs.items():
        rows = [{"premise": premise, "hypothesis": str(n), "label": 0} for n, premise in enumerate(premises)]
        write(tmp_path, f"{code}/test-00000-of-00001.parquet", rows)
    found = list(question_rows("xnli", tmp_path, "xnli", ["de", "en"], "test"))
    numbers = [(row["language"], row["problem"][-1]) for row in found]
    assert numbers == [(code, number) for code in ("de", "en") for number in "1134"]


def test_a_question_that_comes_twice_is_one_problem(tmp_path: Path) -> None:
    (tmp_path / "mgsm_en.tsv").write_text("1 + 1?\t2\n2 + 2?\t4\n1 + 1?\t2\n", encoding="utf-8")
    assert [row["problem"][-1] for row in question_rows("mgsm", tmp_path, "mgsm", ["en"], "test")] == ["1", "2", "1"]


def message(content: str, answer: str, **more: Any) -> dict[str, Any]:
    prompt, style = [{"role": "user", "content": content}], {"ground_truth": answer, "style": "rule"}
    return {"data_source": "math_dapo", "prompt": prompt, "reward_model": style, "extra_info": {"index": "x"}, **more}


def test_dapo_leaves_its_instructions_out_and_repeats_nothing(tmp_path: Path) -> None:
    asked = (
        "Solve the following math problem step by step. The last line of your response should be of the form Answer: "
        "$Answer (without quotes) where $Answer is the answer to the problem.\n\nFind $x$.\n\nIt is small.\n\n"
        'Remember to put your answer on its own line after "Answer:".'
    )
    write(tmp_path, "dapo-math-17k.parquet", [message(asked, "34"), message(asked, "34"), message("Find y.", "-1")])
    found = list(question_rows("dapo", tmp_path, "dapo", ["en"], "train"))
    assert [(row["id"], row["question"], row["answer"]) for row in found] == [
        ("dapo-train-00001", "Find $x$.\n\nIt is small.", "34"),
        ("dapo-train-00002", "Find y.", "-1"),
    ]


def test_adamames_part_of_dapo(tmp_path: Path) -> None:
    """Each question is in one language, behind an instruction in that language."""
    rows = [
        message("Veuillez raisonner et répondre dans \\boxed{}.\n\nTrouvez $x$.", "34", lang="fr"),
        message("단계별로 \\boxed{} 안에.\n\n$x$를 구하시오.", "7", lang="ko"),
    ]
    write(tmp_path, "train_dapomath17k_5k.parquet", rows)
    found = list(question_rows("dapo", tmp_path, "dapo", ["fr", "ko", "th"], "train"))
    assert [(row["language"], row["question"], row["answer"]) for row in found] == [
        ("fr", "Trouvez $x$.", "34"),
        ("ko", "$x$를 구하시오.", "7"),
    ]
    write(tmp_path, "train_dapomath17k_5k.parquet", [{**rows[0], "lang": "unknown"}])
    with pytest.raises(ValueError, match="row 1: the language is 'unknown'"):
        list(question_rows("dapo", tmp_path, "dapo", ["fr"], "train"))


# --- through the script


def test_questions_of_the_miniature_and_of_a_source_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "mgsm").mkdir()
    (tmp_path / "mgsm/mgsm_en.tsv").write_text("1 + 1?\t2", encoding="utf-8")
    numbers = {"opening": [2, 12], "term": [2, 6], "factor": [2, 3], "result": [2, 16]}
    mini = {"source": "phrasebook", "setting": "story", "steps": 1, "numbers": numbers}
    options = {
        "benchmarks": {"mini": {**mini, "questions": {"train": 0, "dev": 2, "test": 3}}, "mgsm": {"source": "real"}},
        "languages": ["en", "fr"],
        "sources": {"real": {"format": "mgsm", "folder": str(tmp_path / "mgsm")}},
        "seed": 1,
    }
    out = tmp_path / "test.parquet"
    assert run_script("make_questions", "--split", "test", "--options", json.dumps(options), "--out", out) == 0
    assert pq.read_schema(out).equals(QUESTION)
    names = [row["benchmark"] for row in read_rows(out)]
    assert {name: names.count(name) for name in set(names)} == {"mini": 6, "mgsm": 1}
