"""The filter of raw traces: nothing spoiled passes, nothing sound is lost, nothing stops it."""

import csv
import json
import tracemalloc
from collections import Counter
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_traces import BAD_LINES, BENCHMARKS, GOOD, LANGUAGES, LINE, good, make_options, raw
from scripts import script

from vernacular.corpus.filter import MEANT_FOR, STEPS, Tally, filter_rows, held
from vernacular.corpus.miniature import question_rows
from vernacular.corpus.options import FilterOptions
from vernacular.corpus.traces import FLAWS, Broken, parse_line, read_traces
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import load_languages
from vernacular.language.prompts import END_OF_THINKING, join_completion
from vernacular.storage.files import write_text
from vernacular.storage.records import KEPT_TRACE, QUESTION, read_rows, write_rows

ALL = list(load_languages())
LENGTH = FilterOptions(shortest=20, longest=1000)


@cache
def identifier(languages=tuple(ALL)):
    return LanguageIdentifier(languages)


def run(rows, options=LENGTH):
    return [step for _, step in filter_rows([dict(row) for row in rows], identifier(), options)]


def completion(trace, response="La réponse est \\boxed{17}."):
    return join_completion(trace, response)


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


@pytest.mark.parametrize("limits", [(9, 5), (-1, 5)])
def test_bad_limits(limits):
    with pytest.raises(ValueError, match="filter: the shortest length"):
        run([good()], FilterOptions(*limits))


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
        kept = sum(step is None for _, step in filter_rows(read_traces(file), languages, FilterOptions(1, 5000)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept == count
        return most

    peak(300)  # builds what is built once
    few, many = peak(1_000), peak(20_000)
    assert (many - few) / 19_000 < 200  # bytes a row, of 1,100 characters: the digests alone
    assert many < 3 * few


# --- The scripts ------------------------------------------------------------------------------------------------------

IDENTIFIER = json.dumps({"languages": ALL})


def filter_arguments(folder, traces, **changes):
    outputs = {
        "kept": folder / "kept.parquet",
        "counts": folder / "filter.csv",
        "quality": folder / "filter_quality.csv",
    }
    arguments = {"raw": traces, "options": LENGTH.to_json(), "identifier": IDENTIFIER} | outputs | changes
    return [text for name, value in arguments.items() for text in (f"--{name}", str(value))]


def test_scripts_from_questions_to_kept_traces(tmp_path):
    questions, out = tmp_path / "train.parquet", tmp_path / "raw.parquet"
    write_rows(questions, question_rows(BENCHMARKS, LANGUAGES, "train", 3), QUESTION)
    arguments = ["--input", str(questions), "--options", make_options(), "--out", str(out)]
    assert script("make_traces").main(arguments) == 0
    made = list(read_rows(out))
    low = {row["id"] for row in made}
    assert 150 < len(low) < 300
    rest = tmp_path / "rest.parquet"
    arguments[3], arguments[-1] = make_options(hash_range=[0.5, 1.0]), str(rest)
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
        ({"options": '{"shortest": 9, "longest": 5}'}, "the shortest length (9)"),
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
        ({"options": '{"shortest": 5}'}, "--options: the key 'longest' is missing"),
        ({"options": '{"length": {"minimum": 5}}'}, "--options: unknown key 'length'"),
        ({"identifier": '{"certainty": 0.5}'}, "--identifier: the key 'languages' is missing"),
    ],
)
def test_filter_script_names_a_bad_key(changes, message, tmp_path, capsys):
    with pytest.raises(SystemExit):
        script("filter_traces").main(filter_arguments(tmp_path / "out", "traces.jsonl", **changes))
    assert message in capsys.readouterr().err
