"""The flawed trace source, the reader of trace files, and the filter: nothing spoiled passes, nothing stops it."""

import csv
import importlib.util
import json
import tracemalloc
from collections import Counter
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernacular.corpus.filter import MEANT_FOR, STEPS, Tally, filter_rows, held
from vernacular.corpus.miniature import make_problems, question_rows
from vernacular.corpus.records import KEPT_TRACE, QUESTION, RAW_TRACE, read_rows, write_rows
from vernacular.corpus.traces import FLAWS, LINE_LIMIT, Broken, parse_line, read_traces, trace_rows
from vernacular.files import write_text
from vernacular.identify import LanguageIdentifier
from vernacular.languages import load_languages
from vernacular.prompts import END_OF_THINKING, join_completion

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
LANGUAGES = ["fr", "ja", "ko", "pt", "th"]
ALL = list(load_languages())
NUMBERS = {"opening": [5, 60], "term": [2, 50], "factor": [2, 9], "result": [2, 200]}
BENCHMARKS = {
    "mini-mgsm": {"questions": {"train": 450}, "steps": 2, "numbers": NUMBERS, "setting": "story"},
    "mini-msvamp": {"questions": {"train": 200}, "steps": 1, "numbers": NUMBERS, "setting": "frame"},
}
FLAW_SHARES = {flaw: 0.05 for flaw in FLAWS}
LENGTH = {"length": {"minimum": 20, "maximum": 1000}}
GOOD = {
    "id": "q1",
    "language": "fr",
    "question": "Anna a 12 pommes et en achète 5. Combien de pommes a-t-elle maintenant ?",
    "answer": "17",
    "completion": "D'abord, on ajoute les nouvelles pommes aux précédentes : 12 + 5 = 17.\n</think>\n"
    "La réponse est \\boxed{17}.",
}


@cache
def identifier(languages=tuple(ALL)):
    return LanguageIdentifier(languages)


@cache
def raw(benchmark, seed=3):
    problems = make_problems(benchmark, BENCHMARKS[benchmark], "train", seed)
    questions = question_rows(BENCHMARKS, LANGUAGES, "train", seed)
    return list(trace_rows(questions, problems, LANGUAGES, FLAW_SHARES, seed))


def run(rows, options=LENGTH):
    return [step for _, step in filter_rows([dict(row) for row in rows], identifier(), options)]


def good(**changes):
    return GOOD | {"source": "test", "flaw": None} | changes


def completion(trace, response="La réponse est \\boxed{17}."):
    return join_completion(trace, response)


def script(name):
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    backwards = list(trace_rows(reversed(questions), problems, LANGUAGES, FLAW_SHARES, 3))
    assert sorted(map(str, backwards)) == sorted(map(str, rows))


def test_each_flaw_is_really_there():
    right = {}
    problems = make_problems("mini-mgsm", BENCHMARKS["mini-mgsm"], "train", 3)
    for row in trace_rows(question_rows(BENCHMARKS, LANGUAGES, "train", 3), problems, LANGUAGES, {}, 3):
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


def test_a_copy_follows_its_sound_original():
    rows = raw("mini-mgsm")
    for before, row in zip(rows, rows[1:], strict=False):
        if row["flaw"] == "duplicate":
            assert before == row | {"flaw": "none"}


def test_source_refuses_what_does_not_fit():
    problems = make_problems("mini-mgsm", BENCHMARKS["mini-mgsm"], "train", 3)
    questions = list(question_rows(BENCHMARKS, LANGUAGES, "train", 3))

    def rows(questions=questions, languages=LANGUAGES, flaws=FLAW_SHARES):
        return list(trace_rows(questions, problems, languages, flaws, 3))

    with pytest.raises(ValueError, match="'wrong-box' is no flaw; there are: wrong-language"):
        rows(flaws={"wrong-box": 0.1})
    with pytest.raises(ValueError, match="at most 1 together"):
        rows(flaws={"no-box": 0.7, "duplicate": 0.7})
    with pytest.raises(ValueError, match="at least two languages"):
        rows(languages=["fr"])
    with pytest.raises(ValueError, match="1 of the 2250 questions asked for are not in the file"):
        rows(questions=questions[1:])
    with pytest.raises(ValueError, match="the seed that the questions were made with"):
        rows(questions=list(question_rows(BENCHMARKS, LANGUAGES, "train", 4)))


# --- The filter -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("benchmark", list(BENCHMARKS))
def test_precision_and_recall_on_the_miniature(benchmark):
    tally = Tally()
    for row, step in filter_rows([dict(row) for row in raw(benchmark)], identifier(), LENGTH):
        tally.add(row, step)
    quality = tally.quality()
    assert [row["flaw"] for row in quality] == [*MEANT_FOR, "all"] and set(MEANT_FOR) == set(FLAWS)
    for row in quality:
        assert row["precision"] >= 0.99 and row["recall"] >= 0.99, quality


SPOILED = {
    "two ends of thinking": ({"completion": GOOD["completion"] + END_OF_THINKING}, "structure"),
    "no trace": ({"completion": "<think>\n</think>\nLa réponse est \\boxed{17}."}, "structure"),
    "no response": ({"completion": "D'abord, on ajoute les pommes : \\boxed{17}.\n</think>\n "}, "structure"),
    "thinks again": ({"completion": GOOD["completion"] + "<think>"}, "structure"),
    "box in the trace alone": ({"completion": completion("On ajoute les pommes : \\boxed{17}.", "C'est 17.")}, "box"),
    "box that never closes": ({"completion": completion("On ajoute les pommes.", "Alors \\boxed{17.")}, "box"),
    "last box wrong": ({"completion": GOOD["completion"] + " Ou \\boxed{18}."}, "answer"),
    "gold is no number": ({"answer": "\\frac{"}, "answer"),
    "English trace": (
        {"completion": completion("First we add the new apples to the old ones: 12 + 5 = 17.")},
        "language",
    ),
    "nothing but mathematics": ({"completion": completion("12 + 5 = 17, $12 + 5 = 17$, \\frac{34}{2}")}, "language"),
    "a language that is no candidate": ({"language": "xx"}, "language"),
    "a foreign line": (
        {
            "completion": completion(
                "D'abord, on ajoute les nouvelles pommes aux précédentes, et on obtient la somme : 12 + 5 = 17.\n"
                "So the number of apples that she has now is seventeen.\n"
                "Ensuite, il faut vérifier le résultat que nous avons trouvé en comptant toutes les pommes."
            )
        },
        "lines",
    ),
    "too short": ({"completion": completion("On fait la somme.")}, "length"),
    "too long": ({"completion": completion("On ajoute les nouvelles pommes aux précédentes.\n" * 40)}, "length"),
}


@pytest.mark.parametrize("case", SPOILED)
def test_no_step_lets_its_flaw_through(case):
    changes, step = SPOILED[case]
    assert run([good(**changes)]) == [step]


def test_sound_traces_pass():
    mathematical = completion(
        "On ajoute les pommes aux précédentes :\n\n$$12 + 5 = 17$$\n\n12 + 5 = 17\nOui !", "\\boxed{17}"
    )
    assert run([good(), good(completion="<think>\n" + mathematical)]) == [None, None]


def test_duplicates_up_to_blanks_and_composition_across_batches():
    other = [good(question=f"Question {number} ?") for number in range(600)]
    blanks = good(question=GOOD["question"].replace(" ", "  ").replace("è", "e\u0300"))
    verdicts = run([good(), *other, blanks, good(language="fr", question="Une autre ?")])
    assert verdicts == [None] * 601 + ["duplicates", None]


def test_dropped_rows_do_not_make_later_ones_duplicates():
    assert run([good(answer="18"), good()]) == ["answer", None]


def test_batches_end_by_rows_or_by_text():
    assert [len(batch) for batch in held([good()] * 600)] == [256, 256, 88]
    long = good(completion="x" * 1_000_000)
    assert [len(batch) for batch in held([long] * 9)] == [4, 4, 1]


@pytest.mark.parametrize("options", [{}, {"length": {"minimum": 5}}, {"length": {"minimum": 9, "maximum": 5}}])
def test_bad_options(options):
    with pytest.raises(ValueError, match="filter: "):
        run([good()], options)


def test_the_verdict_does_not_depend_on_the_known_flaw():
    rows = raw("mini-msvamp")
    assert run(rows) == run([row | {"flaw": None} for row in rows])


def test_abstentions_are_counted():
    tally = Tally()
    rows = [good(completion=completion("12 + 5 = 17, 12 + 5 = 17")), good(), Broken("unknown", "not JSON")]
    for row, step in filter_rows(rows, identifier(), LENGTH):
        tally.add(row, step)
    assert tally.unsure == 1
    counts = {(row["language"], row["step"]): (row["kept"], row["dropped"]) for row in tally.counts()}
    assert [step for language, step in counts if language == "fr"] == list(STEPS)
    assert counts["fr", "read"] == counts["fr", "answer"] == (2, 0) and counts["fr", "language"] == (1, 1)
    assert counts["fr", "duplicates"] == (1, 0) and counts["unknown", "read"] == (0, 1)
    assert tally.quality() == []  # no truth is known


# --- Bad input --------------------------------------------------------------------------------------------------------

LINE = json.dumps(GOOD, ensure_ascii=False).encode()
BAD_LINES = {
    "invalid UTF-8": (LINE.replace("é".encode(), b"\xff"), "unknown"),
    "cut off": (LINE[:70], "unknown"),
    "a list": (b'["fr"]', "unknown"),
    "NUL": (b"\0" * 20, "unknown"),
    "deeply nested": (b"[" * 200_000, "unknown"),
    "10 MB": (b'{"language": "fr", "completion": "' + b"x" * 10_000_000 + b'"}', "unknown"),
    "no language": (b'{"id": "q", "question": "a", "answer": "b", "completion": "c"}', "unknown"),
    "a language that is none": (json.dumps(good(language="x" * 5000)).encode(), "unknown"),
    "null answer": (json.dumps(good(answer=None)).encode(), "fr"),
    "missing answer": (json.dumps({key: value for key, value in GOOD.items() if key != "answer"}).encode(), "fr"),
    "NaN answer": (LINE.replace(b'"17"', b"NaN"), "fr"),
    "blank completion": (json.dumps(good(completion=" \n")).encode(), "fr"),
    "list for a question": (json.dumps(good(question=["a"])).encode(), "fr"),
    "half a surrogate pair": (json.dumps(good(question="\ud800")).encode(), "fr"),
}


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


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=2),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*GOOD, "flaw", "source"]), json_values | st.sampled_from(list(GOOD.values()))))
def test_any_object_gets_a_verdict(changes):
    row = parse_line(json.dumps(GOOD | changes).encode(), "x")
    ((judged, step),) = filter_rows([row], identifier(), LENGTH)
    assert step in (*STEPS, None)
    pa.Table.from_pylist([judged] if isinstance(judged, dict) else [], schema=KEPT_TRACE)


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


# --- Memory -----------------------------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_number_of_traces(tmp_path):
    languages = identifier(("ja", "ko", "th"))  # named by script: this is about memory
    trace = "먼저, 새로 생긴 사과를 원래 있던 것에 더합니다: 12 + 5 = 17.\n" * 25

    def peak(count):
        file = tmp_path / f"{count}.jsonl"
        with file.open("w", encoding="utf-8") as out:
            for number in range(count):
                row = good(id=str(number), language="ko", completion=join_completion(trace, "답은 \\boxed{17}입니다."))
                out.write(json.dumps(row | {"question": f"{number}?"}, ensure_ascii=False) + "\n")
        tracemalloc.start()
        kept = sum(
            step is None
            for _, step in filter_rows(read_traces(file), languages, {"length": {"minimum": 1, "maximum": 5000}})
        )
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept == count
        return most

    peak(300)  # builds what is built once
    few, many = peak(1_000), peak(20_000)
    assert (many - few) / 19_000 < 200  # bytes a row, of 1,100 characters: the digests alone
    assert many < 3 * few


def test_a_line_of_10_mb_is_never_held(tmp_path):
    file = tmp_path / "traces.jsonl"
    file.write_bytes(BAD_LINES["10 MB"][0] + b"\n" + LINE)
    tracemalloc.start()
    rows = list(read_traces(file))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(rows[0], Broken) and rows[1]["id"] == "q1" and most < 4 * LINE_LIMIT


# --- The scripts ------------------------------------------------------------------------------------------------------

IDENTIFIER = json.dumps({"languages": ALL})


def make_options(**changes):
    options = {"benchmarks": BENCHMARKS, "benchmark": "mini-mgsm", "languages": LANGUAGES, "share": [0.0, 0.5]}
    return json.dumps(options | {"flaws": FLAW_SHARES} | changes)


def filter_arguments(folder, traces, **changes):
    outputs = {
        "kept": folder / "kept.parquet",
        "counts": folder / "filter.csv",
        "quality": folder / "filter_quality.csv",
    }
    arguments = {"raw": traces, "options": json.dumps(LENGTH), "identifier": IDENTIFIER} | outputs | changes
    return [text for name, value in arguments.items() for text in (f"--{name}", str(value))]


def test_scripts_from_questions_to_kept_traces(tmp_path):
    questions, out = tmp_path / "train.parquet", tmp_path / "raw.parquet"
    write_rows(questions, question_rows(BENCHMARKS, LANGUAGES, "train", 3), QUESTION)
    arguments = ["--questions", str(questions), "--options", make_options(), "--seed", "3", "--out", str(out)]
    assert script("make_traces").main(arguments) == 0
    made = list(read_rows(out))
    low = {row["id"] for row in made}
    assert 150 < len(low) < 300
    rest = tmp_path / "rest.parquet"
    arguments[3], arguments[-1] = make_options(share=[0.5, 1.0]), str(rest)
    assert script("make_traces").main(arguments) == 0
    assert not low & {row["id"] for row in read_rows(rest)}

    assert script("filter_traces").main(filter_arguments(tmp_path, out)) == 0
    kept = list(read_rows(tmp_path / "kept.parquet"))
    assert pq.read_schema(tmp_path / "kept.parquet").equals(KEPT_TRACE)
    assert all(row["flaw"] == "none" and row["trace"] and row["response"] for row in kept)
    with (tmp_path / "filter.csv").open() as file:
        counts = list(csv.DictReader(file))
    assert list(counts[0]) == ["language", "step", "kept", "dropped"]
    assert sum(int(row["kept"]) for row in counts if row["step"] == STEPS[-1]) == len(kept)
    assert sum(int(row["dropped"]) for row in counts) == len(made) - len(kept)
    with (tmp_path / "filter_quality.csv").open() as file:
        quality = list(csv.DictReader(file))
    assert list(quality[0]) == ["flaw", "precision", "recall"] and quality[-1]["flaw"] == "all"
    assert all(float(row["precision"]) >= 0.99 and float(row["recall"]) >= 0.99 for row in quality)

    again = tmp_path / "again"
    assert script("filter_traces").main(filter_arguments(again, out)) == 0
    for name in ("kept.parquet", "filter.csv", "filter_quality.csv"):
        assert (again / name).read_bytes() == (tmp_path / name).read_bytes()


def test_filter_script_on_a_bad_file(tmp_path, capsys):
    file = tmp_path / "traces.jsonl"
    file.write_bytes(b"\n".join([LINE, *(line for line, _ in BAD_LINES.values()), LINE]))
    assert script("filter_traces").main(filter_arguments(tmp_path, file)) == 0
    with (tmp_path / "filter.csv").open() as out:
        dropped = {(row["language"], row["step"]): int(row["dropped"]) for row in csv.DictReader(out)}
    languages = Counter(language for _, language in BAD_LINES.values())
    assert (dropped["fr", "read"], dropped["unknown", "read"]) == (languages["fr"], languages["unknown"])
    assert dropped["fr", "duplicates"] == 1 and len(list(read_rows(tmp_path / "kept.parquet"))) == 1
    assert "3 rows not read: 'answer' is missing, null or blank\n" in capsys.readouterr().out
    assert (tmp_path / "filter_quality.csv").read_text() == "flaw,precision,recall\n"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"raw": "missing.jsonl"}, "missing.jsonl"),
        ({"options": '{"length": {"minimum": 5}}'}, "length.maximum"),
        ({"identifier": '{"certainty": 0.5}'}, "needs languages"),
        ({"identifier": '{"languages": ["fr", "qq"]}'}, "qq"),
    ],
)
def test_filter_script_fails_in_one_line_and_leaves_nothing(changes, message, tmp_path, capsys):
    file = tmp_path / "in" / "traces.jsonl"
    write_text(file, LINE.decode())
    assert script("filter_traces").main(filter_arguments(tmp_path / "out", file, **changes)) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not list((tmp_path / "out").glob("**/*"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"benchmark": "mini"}, "'mini' is not one of mini-mgsm, mini-msvamp"),
        ({"share": [0.3, 0.3]}, "holds no question"),
        ({"flaws": {"nonsense": 1}}, "'nonsense' is no flaw"),
        ({"more": 1}, "the keys must be"),
    ],
)
def test_make_script_fails_in_one_line_and_leaves_nothing(changes, message, tmp_path, capsys):
    write_rows(tmp_path / "q.parquet", [], QUESTION)
    arguments = ["--questions", str(tmp_path / "q.parquet"), "--options", make_options(**changes), "--seed", "3"]
    assert script("make_traces").main([*arguments, "--out", str(tmp_path / "raw.parquet")]) == 1
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["q.parquet"]
