"""Text of others as a terminal, a spreadsheet and a CSV reader get it."""

import csv
import io
from unicodedata import category

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from wild import WILD

from vernacular.storage import command
from vernacular.storage.messages import one_line, secrets_of
from vernacular.storage.sanitise import cell, csv_lines, visible
from vernacular.storage.tables import csv_text, printed


@given(text=WILD)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    assert all(category(sign) not in ("Cc", "Cs") or sign in "\n\t" for sign in visible(text))
    assert all(category(sign) not in ("Cc", "Cs") for sign in one_line(text))
    assert not set("\u202a\u202e\u2066\u2069") & {*visible(text)}
    assert visible(visible(text)) == visible(text).encode().decode()


@pytest.mark.parametrize("text", ["=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "=", '=HYPERLINK("x")'])
def test_no_cell_begins_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["-7", "+5", "-1,250.5", "-", "7", "a=b", "la réponse\nest 5\xa0€", "答え\t５\u3000円", "می\u200cرود"]
)
def test_numbers_and_plain_texts_stay(text: str) -> None:
    assert cell(text) == text


@given(text=WILD)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_table_of_wild_texts_is_read_as_it_was_written(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    table = pd.DataFrame({"text": [f"x{text}", "y"], "n": [1, 2], "none": [None, True]})
    rows = list(csv.DictReader(io.StringIO(csv_text(table), newline="")))
    assert [row["text"] for row in rows] == [visible(f"x{text}"), "y"]
    assert [row["n"] for row in rows] == ["1", "2"] and [row["none"] for row in rows] == ["", "True"]
    assert pd.read_csv(io.StringIO(csv_text(table)))["n"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "text, shown",
    [
        ("https://me:3f9c1@h.org/a: 404", "https://***@h.org/a: 404"),
        ("see https://h/a?token=3f9c1&download=true#x", "see https://h/a?token=***&download=true#x"),
        ("'https://h/a?X-Amz-Date=1&v=3f9c1=3f9c1=3f9c1'", "'https://h/a?X-Amz-Date=***&v=***'"),
        ("https://h/a?3f9c13f9c1 or ws://h?a=1;pwd=3", "https://h/a?*** or ws://h?a=1;pwd=***"),
        ("https://h/a?token=${TOKEN}&dl=1", "https://h/a?token=${TOKEN}&dl=1"),
        ("https://h/a@3f9c1, mail@h and a?b=c", "https://h/a@3f9c1, mail@h and a?b=c"),
    ],
)
def test_a_line_holds_no_secret_of_an_address(text: str, shown: str) -> None:
    assert one_line(text) == shown
    assert one_line(shown).count("***") == shown.count("***")


def test_what_of_a_query_may_be_a_secret() -> None:
    assert secrets_of("?token=1&a=1&X-Goog-Date=2&b=123456789&c=${C}123&d=${C}") == ["token", "X-Goog-Date", "b"]
    assert secrets_of("?123456789") == ["query"] and secrets_of("?") == secrets_of("") == []


def test_an_error_of_a_script_clears_no_screen(capsys: pytest.CaptureFixture) -> None:
    def work() -> None:
        raise ValueError("no \x1b[2J\x07 here\r\nnor there\u202e")

    assert command.run("x", work) == 1
    assert capsys.readouterr().err == "x: no \\x1b[2J\\x07 here nor there\\u202e\n"


@pytest.mark.parametrize("text", ["=1+1", "@x", "\t=1", " \n=1", "+cmd|' /C calc'!A0", "-2+3", "＝1+1", "＋x", "－2"])
def test_no_cell_is_a_formula(text: str) -> None:
    table = pd.DataFrame({"text": [text], text: [1]})
    for written in (csv_text(table), csv_lines(["text"], [{"text": text}])):
        [row] = csv.DictReader(io.StringIO(written, newline=""))
        assert row["text"] == f"'{text}" and all(name == "text" or name.startswith("'") for name in row)


def test_a_printed_table_has_a_line_a_row_and_nothing_that_a_terminal_obeys() -> None:
    table = pd.DataFrame({"model": ["a\x1b[2Jb", "c\r\nd"], "rate": [0.12345, float("nan")]})
    assert printed(table).splitlines() == ["    model  rate", "a\\x1b[2Jb 0.123", "      c d   NaN"]
