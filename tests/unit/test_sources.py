"""The reader of MGSM: the real files, and broken ones."""

import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from vernacular.answers import parse_number
from vernacular.corpus.sources import mgsm_rows
from vernacular.languages import load_languages

MGSM = Path(__file__).parents[3] / "shared" / "data" / "mgsm"


def test_real_mgsm_files() -> None:
    if not MGSM.exists():
        pytest.skip(f"the real MGSM files are not at {MGSM}")
    rows = list(mgsm_rows(MGSM, "mgsm", list(load_languages())))
    assert len(rows) == 2750 and len({(row["id"], row["language"]) for row in rows}) == 2750
    answers = defaultdict(set)
    for row in rows:
        answers[row["id"]].add(parse_number(row["answer"], "en"))
        assert row["question"] == row["question"].strip() and "\t" not in row["answer"]
    assert len(answers) == 250 and all(len(found) == 1 and None not in found for found in answers.values())


def test_mgsm_lines(tmp_path: Path) -> None:
    file = tmp_path / "mgsm_fr.tsv"
    file.write_bytes("Une\ttabulation ?\t3\r\nLigne\u2028coupée ?\t1,234".encode())  # no final newline
    rows = list(mgsm_rows(tmp_path, "mgsm", ["en", "fr"]))
    assert [(row["id"], row["question"], row["answer"]) for row in rows] == [
        ("mgsm-test-00001", "Une\ttabulation ?", "3"),
        ("mgsm-test-00002", "Ligne\u2028coupée ?", "1,234"),
    ]
    for text, what in [
        ("q\t1\nno answer\t\n", "line 2 is no question"),
        ("q\t1\n\nq\t2\n", "line 2"),
        ("no tab\n", "line 1"),
    ]:
        file.write_text(text)
        with pytest.raises(ValueError, match=rf"mgsm_fr.tsv: {what}"):
            list(mgsm_rows(tmp_path, "mgsm", ["fr"]))
    file.write_bytes("é\t1".encode("latin-1"))
    with pytest.raises(ValueError, match="mgsm_fr.tsv: not valid UTF-8"):
        list(mgsm_rows(tmp_path, "mgsm", ["fr"]))
    shutil.rmtree(tmp_path)
    with pytest.raises(ValueError, match="no mgsm_<language>.tsv"):
        list(mgsm_rows(tmp_path, "mgsm", ["fr"]))
