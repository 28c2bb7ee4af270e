"""The flawed trace source and the reader of trace files: flaws are what they say, and nothing stops the reader."""

import json
import tracemalloc
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_traces import BAD_LINES, BENCHMARKS, FLAW_SHARES, GOOD, LANGUAGES, LINE, good, make_options, raw
from scripts import script

from vernacular.corpus.filter import MEANT_FOR, filter_rows
from vernacular.corpus.miniature import make_problems, question_rows
from vernacular.corpus.options import FilterOptions
from vernacular.corpus.trace_sources import flawed_traces
from vernacular.corpus.traces import FLAWS, LINE_LIMIT, Broken, parse_line, read_traces
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import END_OF_THINKING
from vernacular.storage.records import QUESTION, RAW_TRACE, write_rows

# --- The trace source -------------------------------------------------------------------------------------------------


def test_flaws_come_at_their_rates_and_the_same_on_every_run():
    rows = raw("mini-mgsm")
    counts = Counter(row["flaw"] for row in rows)
    assert set(counts) == {"none", *FLAWS}
    for flaw in FLAWS:
        assert 0.025 < counts[flaw] / len(rows) < 0.08
    # no draw depends on the order in which the questions come
    problems = make_problems("mini-mgsm", BENCHMARKS["mini-mgsm"], "train", 3)
    questions = list(question_rows(BENCHMARKS, LANGUAGES, "train", 3))
    backwards = list(flawed_traces(reversed(questions), problems, LANGUAGES, FLAW_SHARES, 3))
    assert sorted(map(str, backwards)) == sorted(map(str, rows))


def test_each_flaw_is_really_there():
    right = {}
    problems = make_problems("mini-mgsm", BENCHMARKS["mini-mgsm"], "train", 3)
    for row in flawed_traces(question_rows(BENCHMARKS, LANGUAGES, "train", 3), problems, LANGUAGES, {}, 3):
        right[row["id"], row["language"]] = row
    for row in raw("mini-mgsm"):
        own, text = right[row["id"], row["language"]], row["completion"]
        assert (text == own["completion"]) == (row["flaw"] in ("none", "duplicate")), row
        if row["flaw"] == "wrong-answer":
            boxed = text.split("\\boxed{")[1].split("}")[0]
            assert boxed != row["answer"] and int(boxed) >= 0
        elif row["flaw"] == "no-box":
            assert "boxed" not in text and row["answer"] in text.split(END_OF_THINKING)[1]
        elif row["flaw"] == "no-end-of-thinking":
            assert END_OF_THINKING not in text
        elif row["flaw"] in ("wrong-language", "code-switched"):
            lines, pure = text.split("\n"), own["completion"].split("\n")
            assert (lines[0] == pure[0]) == (row["flaw"] == "code-switched")
            assert lines[-1] == pure[-1]  # the response stays in the language


def test_longer_traces_come_at_their_shares_and_the_filter_judges_them_alike():
    rows, plain = raw("mini-mgsm", restate=0.3, check=0.4), raw("mini-mgsm")
    assert [(row["id"], row["flaw"]) for row in rows] == [(row["id"], row["flaw"]) for row in plain]
    sound = [(old, new) for old, new in zip(plain, rows, strict=True) if new["flaw"] == "none"]
    counts = [(old["completion"].count("\n"), new["completion"].count("\n")) for old, new in sound]
    more = Counter(new - old for old, new in counts)
    assert set(more) == {0, 1, 2, 3}  # the question, two checks, both
    assert (more[1] + more[3]) / len(sound) == pytest.approx(0.3, abs=0.04)
    assert (more[2] + more[3]) / len(sound) == pytest.approx(0.4, abs=0.04)
    verdicts = list(filter_rows(rows, LanguageIdentifier(LANGUAGES), FilterOptions(20, 1200)))
    for row, step in verdicts:
        assert (step is None) == (row["flaw"] == "none") or row["flaw"] == "code-switched", (row, step)
    switched = [step for row, step in verdicts if row["flaw"] == "code-switched"]
    assert sum(step in MEANT_FOR["code-switched"] for step in switched) >= 0.95 * len(switched)


def test_a_copy_follows_its_sound_original():
    rows = raw("mini-mgsm")
    for before, row in zip(rows, rows[1:], strict=False):
        if row["flaw"] == "duplicate":
            assert before == row | {"flaw": "none"}


def test_source_refuses_what_does_not_fit():
    problems = make_problems("mini-mgsm", BENCHMARKS["mini-mgsm"], "train", 3)
    questions = list(question_rows(BENCHMARKS, LANGUAGES, "train", 3))

    def rows(questions=questions, languages=LANGUAGES, flaws=FLAW_SHARES):
        return list(flawed_traces(questions, problems, languages, flaws, 3))

    with pytest.raises(ValueError, match="'wrong-box' is not a flaw; choose from: wrong-language"):
        rows(flaws={"wrong-box": 0.1})
    with pytest.raises(ValueError, match="add up to at most 1"):
        rows(flaws={"no-box": 0.7, "duplicate": 0.7})
    with pytest.raises(ValueError, match="at least two languages"):
        rows(languages=["fr"])
    with pytest.raises(ValueError, match="1 of the 2250 questions asked for are not in the file"):
        rows(questions=questions[1:])
    with pytest.raises(ValueError, match="the seed that the questions were made with"):
        rows(questions=list(question_rows(BENCHMARKS, LANGUAGES, "train", 4)))


# --- Bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", BAD_LINES)
def test_a_bad_line_is_counted_and_the_rest_goes_on(case, tmp_path):
    bad, language = BAD_LINES[case]
    file = tmp_path / "traces.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + LINE + b"\r\n\n" + bad + b"\n" + LINE.replace(b"q1", b"q2") + b"\n" + bad)
    first, broken, last, final = read_traces(file)
    assert first == GOOD | {"source": "traces.jsonl", "flaw": None} and last["id"] == "q2"
    assert isinstance(broken, Broken) and broken.language == language and broken == final


def test_numbers_may_be_written_as_numbers(tmp_path):
    file = tmp_path / "traces.jsonl"
    digits = "9" * 5000
    file.write_text(
        f"{json.dumps(GOOD | {'id': 7, 'answer': 1.5})}\n{json.dumps(GOOD).replace(chr(34) + '17' + chr(34), digits)}"
    )
    one, two = read_traces(file)
    assert (one["id"], one["answer"], two["answer"]) == ("7", "1.5", digits)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.tuples(st.integers(0, len(LINE)), st.binary(max_size=4))))
def test_any_bytes_give_a_row_or_broken(data):
    line = data if isinstance(data, bytes) else LINE[: data[0]] + data[1] + LINE[data[0] + 1 :]
    row = parse_line(line, "x")
    assert isinstance(row, Broken) or all(row[key].strip().encode() for key in GOOD)


def test_parquet_rows_with_nulls_and_invalid_utf8(tmp_path):
    rows = [
        good(),
        good(answer=None),
        good(language=None),
        good(),
        good(completion="x" * (LINE_LIMIT + 1)),
        good(id="q6"),
    ]
    table = pa.Table.from_pylist(rows, schema=RAW_TRACE)
    questions = pa.array([row["question"].encode() for row in rows[:3]] + [b"\xff"] + [b"q"] * 2, pa.binary()).view(
        pa.string()
    )
    table = table.set_column(2, "question", questions)
    pq.write_table(table, tmp_path / "raw.parquet")
    found = list(read_traces(tmp_path / "raw.parquet"))
    assert found[0] == good() and found[5]["id"] == "q6"
    assert [row.language for row in found[1:5]] == ["fr", "unknown", "fr", "fr"]


def test_parquet_of_other_column_types(tmp_path):
    columns = {key: [value, value] for key, value in GOOD.items()} | {"answer": [17, None]}
    table = pa.table(columns)
    table = table.set_column(1, "language", table["language"].dictionary_encode())
    table = table.set_column(4, "completion", table["completion"].cast(pa.large_string()))
    pq.write_table(table, tmp_path / "traces.parquet")
    row, broken = read_traces(tmp_path / "traces.parquet")
    assert row == GOOD | {"source": "traces.parquet", "flaw": None} and broken.language == "fr"


def test_files_that_are_no_traces(tmp_path):
    (tmp_path / "list.json").write_text(json.dumps([GOOD]))
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 nothing PAR1")
    (tmp_path / "traces.csv").write_text("id,language\n")
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "other.parquet")
    for name, message in [
        ("list.json", "starts with a JSON list; give JSON lines"),
        ("broken.parquet", "cannot be read as Parquet"),
        ("other.parquet", "the column 'language' is missing"),
        ("traces.csv", "are read from .parquet and .jsonl"),
    ]:
        with pytest.raises(ValueError, match=message):
            list(read_traces(tmp_path / name))


def test_a_line_of_10_mb_is_never_held(tmp_path):
    file = tmp_path / "traces.jsonl"
    file.write_bytes(BAD_LINES["10 MB"][0] + b"\n" + LINE)
    tracemalloc.start()
    rows = list(read_traces(file))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(rows[0], Broken) and rows[1]["id"] == "q1" and most < 4 * LINE_LIMIT


# --- The script -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"benchmark": "mini"}, "'mini' is not one of mini-mgsm, mini-msvamp"),
        ({"hash_range": [0.3, 0.3]}, "holds no question"),
        ({"flaws": {"nonsense": 1}}, "'nonsense' is not a flaw"),
    ],
)
def test_make_script_fails_in_one_line_and_leaves_nothing(changes, message, tmp_path, capsys):
    write_rows(tmp_path / "q.parquet", [], QUESTION)
    arguments = ["--input", str(tmp_path / "q.parquet"), "--options", make_options(**changes)]
    assert script("make_traces").main([*arguments, "--out", str(tmp_path / "raw.parquet")]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["q.parquet"]


def test_make_script_refuses_unknown_options(tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        script("make_traces").main(["--input", "q", "--options", make_options(more=1), "--out", str(tmp_path / "raw")])
    assert stop.value.code == 2 and "unknown key 'more'; the keys are languages, seed" in capsys.readouterr().err


def test_a_key_twice_in_a_line_is_counted() -> None:
    line = b'{"language": "fr", "question": "q", "answer": "1", "answer": "2", "completion": "c"}'
    assert parse_line(line, "x") == Broken("unknown", "a key twice in one object")
