"""Logs of other tools, in the layouts that they write, scored as completions by hand are."""

import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vernacular.command import main as command
from vernacular.command.score import score_logs
from vernacular.evaluation.logs import Reading, read_logs
from vernacular.evaluation.task_names import language_in, without_language
from vernacular.evaluation.version import METRICS_VERSION

TRACES = {
    "fr": "D'abord, on ajoute les pommes aux précédentes : 2 + 3 = 5.",
    "de": "Zuerst zählen wir die neuen Äpfel zu den alten dazu: 2 + 3 = 5.",
    "en": "First, we add the new apples to the ones that were there before: 2 + 3 = 5.",
    "am": "በመጀመሪያ ሁለት እና ሦስት እንደምራለን። ውጤቱ አምስት ነው።",
}
DATE = "2026-11-30T10-20-30.123456"


def text_of(trace: str, answer: int = 5) -> str:
    return f"<think>\n{TRACES[trace]}\n</think>\n\\boxed{{{answer}}}"


def write(path: Path, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False, default=str) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def harness_line(number: int, text: str | list[str], target: Any = "5", filter_key: str = "strict-match") -> dict:
    """As evaluator.py of lm-evaluation-harness 0.4.13 makes it."""
    texts = [text] if isinstance(text, str) else text
    return {
        "doc_id": number, "doc": {"question": f"2 + 3, {number}?", "answer": None, "answer_number": 5},
        "target": target, "arguments": {"gen_args_0": {"arg_0": "2 + 3?", "arg_1": {"until": ["</s>"]}}},
        "resps": [texts], "filtered_resps": ["5"], "filter": filter_key, "metrics": ["exact_match"],
        "doc_hash": "a" * 64, "prompt_hash": "b" * 64, "target_hash": "c" * 64, "exact_match": 1.0,
    }  # fmt: skip


def harness(folder: Path, model: str, traces: dict[str, list[str]], wrong: int = 0) -> Path:
    """A file for each language, every document once for each of two filters."""
    for language, kinds in traces.items():
        rows = [
            harness_line(number, text_of(trace, 6 if number < wrong else 5), filter_key=key)
            for key in ("strict-match", "flexible-extract")
            for number, trace in enumerate(kinds)
        ]
        write(folder / model / f"samples_mgsm_native_cot_{language}_{DATE}.jsonl", rows)
    write(folder / model / f"results_{DATE}.json", [{"results": {}, "config": {}}])
    return folder / model


def scores_of(path: Path, **options: Any) -> pd.DataFrame:
    return score_logs([path], draws=100, **options).tables["scores"].set_index(["model", "language"])


def test_a_log_of_the_harness_equals_scoring_by_hand(tmp_path: Path) -> None:
    harness(tmp_path, "org__model", {"fr": ["fr", "en", "fr"], "de": ["de", "de", "en"]}, wrong=1)
    by_hand = [
        {"id": n, "language": code, "answer": "5", "benchmark": "mgsm_native_cot",
         "completion": text_of(trace, 6 if n < 1 else 5)}
        for code, kinds in {"fr": ["fr", "en", "fr"], "de": ["de", "de", "en"]}.items() for n, trace in enumerate(kinds)
    ]  # fmt: skip
    hand = write(tmp_path / "hand" / "org__model.jsonl", by_hand)
    found, expected = scores_of(tmp_path / "org__model"), scores_of(hand)
    assert set(found["benchmark"]) == {"mgsm_native_cot"}
    pd.testing.assert_frame_equal(found.drop(columns="study"), expected.drop(columns="study"))
    assert found.loc[("org__model", "fr"), ["n", "accuracy", "language_consistency"]].round(4).tolist() == [
        3, 0.6667, 0.6667
    ]  # fmt: skip


def test_the_newest_of_two_logs_of_a_task_counts(tmp_path: Path) -> None:
    folder = harness(tmp_path, "m", {"fr": ["fr", "fr"]})
    old = DATE.replace("2026", "2025")
    write(folder / f"samples_mgsm_native_cot_fr_{old}.jsonl", [harness_line(0, text_of("en"))] * 2)
    logs = read_logs([folder], Reading())
    assert len(logs.models["m"]) == 2 and [said for said in logs.remarks if "newer log" in said and old in said]


def lighteval(path: Path) -> Path:
    """As evaluation_tracker.py of lighteval 0.13 saves it."""
    doc = {
        "query": "2 + 3?",
        "choices": ["5"],
        "gold_index": 0,
        "id": "7",
        "task_name": "mgsm:fr",
        "original_query": None,
    }
    answered = {"input": "2 + 3?", "text": [text_of("fr"), text_of("en", 6)], "output_tokens": [[1, 2, 3], [1, 2]]}
    rows = [{"doc": doc, "model_response": answered, "metric": {"extractive_match": 1.0}}]
    path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_details_of_lighteval(tmp_path: Path) -> None:
    lighteval(tmp_path / "details" / "org" / "model" / DATE / f"details_mgsm:fr|0_{DATE}.parquet")
    table = scores_of(tmp_path)
    row = table.loc[("model", "fr")]
    assert row[["k", "accuracy", "pass_at_k", "language_consistency", "tokens_mean"]].tolist() == [2, 0.5, 1, 0.5, 2.5]
    assert row["benchmark"] == "mgsm"


def inspect_log() -> dict[str, Any]:
    """As Inspect 0.3.285 writes it; the second sample has its reasoning in a part of its own."""
    parts = [{"type": "reasoning", "reasoning": TRACES["de"]}, {"type": "text", "text": "\\boxed{5}"}]
    samples = [
        {"id": number, "epoch": 1, "input": f"2 + 3, {number}?", "target": "5", "messages": [], "metadata": {},
         "output": {"choices": [{"message": {"role": "assistant", "content": content}}],
                    "usage": {"output_tokens": 9}}}
        for number, content in enumerate([text_of("en"), parts])
    ]  # fmt: skip
    return {"version": 2, "status": "success", "eval": {"task": "me/mgsm_de", "model": "org/m"}, "samples": samples}


@pytest.mark.parametrize("packed", [True, False])
def test_logs_of_inspect(tmp_path: Path, packed: bool) -> None:
    log = inspect_log()
    if packed:
        with zipfile.ZipFile(tmp_path / "x.eval", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("header.json", json.dumps({key: log[key] for key in ("version", "status", "eval")}))
            for sample in log["samples"]:
                archive.writestr(f"samples/{sample['id']}_epoch_1.json", json.dumps(sample))
    else:
        (tmp_path / "x.json").write_text(json.dumps(log))
    row = scores_of(tmp_path).loc[("org/m", "de")]
    assert row[["n", "accuracy", "language_consistency", "tokens_mean"]].tolist() == [2, 1, 0.5, 9]
    assert row["benchmark"] == "mgsm"


def test_completions_of_trl_and_verl(tmp_path: Path) -> None:
    chat = [{"role": "user", "content": "2 + 3 ?"}]
    rows = [
        {"step": 5, "prompt": chat, "completion": [{"role": "assistant", "content": text_of(trace)}], "adamame": 1.0,
         "language": "fr", "answer": "5", "advantage": 0.0} for trace in ("fr", "en")
    ]  # fmt: skip
    (tmp_path / "run" / "completions").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "run/completions/completions_00005.parquet")
    assert scores_of(tmp_path / "run").loc[("run@5", "fr"), ["n", "k", "language_consistency"]].tolist() == [1, 2, 0.5]
    dumped = [{"input": "2 + 3 ?", "output": text_of("fr"), "gts": "5", "score": 1.0, "step": 20, "acc": 1.0}]
    dump = write(tmp_path / "dump" / "20.jsonl", dumped)
    found = scores_of(dump, reading=Reading(language="fr"))
    assert found.loc[("dump@20", "fr"), ["accuracy", "lcpr"]].tolist() == [1, 1]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "jsonl"])
def test_a_table_with_columns_of_its_own(tmp_path: Path, suffix: str) -> None:
    rows = [{"qid": str(n), "output": text_of("am"), "gold": "5", "lang": "amh"} for n in range(2)]
    path = tmp_path / f"mine.{suffix}"
    if suffix == "jsonl":
        write(path, rows)
    elif suffix == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        pd.DataFrame(rows).to_csv(path, index=False, sep="\t" if suffix == "tsv" else ",")
    columns = {"id": "qid", "completion": "output", "answer": "gold", "language": "lang"}
    assert scores_of(path, reading=Reading(columns)).loc[("mine", "am"), ["n", "accuracy", "lcpr"]].tolist() == [
        2,
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("task", "language", "benchmark"),
    [
        ("mgsm_native_cot_bn", "bn", "mgsm_native_cot"),
        ("mgsm_en_cot_fr", "fr", "mgsm_en_cot"),
        ("afrimgsm_direct_amh", "am", "afrimgsm_direct"),
        ("belebele_swh_Latn", "sw", "belebele"),
        ("mgsm:fr", "fr", "mgsm"),
        ("polymath_german", "de", "polymath"),
        ("gsm8k", None, "gsm8k"),
    ],
)
def test_the_language_in_a_task(task: str, language: str | None, benchmark: str) -> None:
    assert (language_in(task), without_language(task)) == (language, benchmark)


def test_a_log_without_traces_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As think_end_token leaves it."""
    rows = [harness_line(n, f"La réponse est donc la suivante : \\boxed{{{5 + n}}}") for n in range(2)]
    write(tmp_path / "m" / f"samples_mgsm_native_cot_fr_{DATE}.jsonl", rows)
    assert command.main(["score", str(tmp_path), "--draws", "100"]) == 0
    [said] = capsys.readouterr().err.splitlines()
    assert "none of the 2 completions has tags round its thinking" in said


def test_two_models_get_their_paired_difference(tmp_path: Path) -> None:
    """Where the same questions fail, the difference is certain, though each rate is not."""
    choice = random.Random(1)
    kinds = [choice.choice(["fr", "en"]) for _ in range(30)]
    harness(tmp_path, "old", {"fr": kinds}, wrong=10)
    harness(tmp_path, "new", {"fr": ["fr"] * 30}, wrong=10)
    scored = score_logs([tmp_path], baseline="old", draws=200)
    table = scored.tables["differences"].set_index(["language", "metric"])
    row = table.loc[("fr", "accuracy")]
    assert row[["difference", "difference_low", "difference_high", "n"]].tolist() == [0, 0, 0, 30]
    gained = table.loc[("all", "language_consistency")]
    share = kinds.count("en") / 30
    assert gained["difference"] == pytest.approx(share, abs=1e-6) and gained["baseline"] == "old"
    assert 0 < gained["difference_low"] < share < gained["difference_high"] < 1
    assert scored.tables["pareto"]["model"].tolist() == ["new", "old"]


def test_models_are_compared_on_what_both_answered(tmp_path: Path) -> None:
    harness(tmp_path, "a", {"fr": ["fr"] * 5})
    harness(tmp_path, "b", {"fr": ["fr"] * 3})
    scored = score_logs([tmp_path], draws=100)
    assert set(scored.tables["differences"]["n"]) == {3}
    assert [said for said in scored.remarks if "on the 3 of 5 questions" in said]


def test_bad_rows_are_counted_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[Any] = [{"id": n, "language": "fr", "answer": "5", "completion": text_of("fr")} for n in range(20)]
    rows[3] |= {"answer": None}
    rows[7] = '{"id": 7, "language"'
    rows[9] |= {"language": "French"}
    path = write(tmp_path / "m.jsonl", rows)
    assert command.main(["score", str(path), "--draws", "100"]) == 1
    found = capsys.readouterr()
    assert f"3 of 20 rows left out: {tmp_path / 'scored' / 'bad_rows.csv'}" in found.err
    errors = pd.read_csv(tmp_path / "scored" / "bad_rows.csv")["error"].tolist()
    assert [error.partition(":")[0] for error in errors] == [f"{path}, line {n}" for n in (4, 8, 10)]
    assert all(error in found.err for error in errors) and "did you mean 'fr'?" in errors[2]
    assert pd.read_csv(tmp_path / "scored" / "scores.csv")["n"].tolist()[0] == 17
    page = (tmp_path / "scored" / "index.html").read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "").replace("www.w3.org", "") and "Accuracy against LCPR" in page


def test_a_question_that_lacks_a_sample_is_left_out_whole(tmp_path: Path) -> None:
    rows: list[Any] = [
        {"id": n, "language": "fr", "answer": "5", "completion": text_of("fr")} for n in range(3) for _ in range(2)
    ]
    rows[2] = {**rows[2], "completion": 7}
    scored = score_logs([write(tmp_path / "m.jsonl", rows)], draws=100)
    assert scored.tables["scores"]["n"].tolist()[0] == 2 and len(scored.bad) == 1
    assert [said for said in scored.remarks if "1 more rows left out" in said]


def table_of(**changes: Any) -> list[dict[str, Any]]:
    row = {"id": "1", "language": "fr", "answer": "5", "completion": text_of("fr")}
    return [{key: value for key, value in (row | changes).items() if value is not ...}]


Make = Callable[[Path], list[str]]


def file_of(name: str, rows: list[Any], *more: str) -> Make:
    return lambda folder: [str(write(folder / name, rows)), *more]


@pytest.mark.parametrize(
    ("make", "said"),
    [  # twelve typical mistakes, and some more
        (lambda folder: [str(folder / "nowhere")], "nowhere: no such file or folder"),
        (lambda folder: [str(folder)], "no logs here (.jsonl, .json, .parquet, .csv, .tsv, .eval)"),
        (file_of("m.jsonl", []), "no rows; give one JSON object per line: id, language, answer, completion"),
        (file_of("m.jsonl", table_of(completion=..., response="x")), "has no key 'completion' (what the model wrote"),
        (file_of("m.jsonl", table_of(completion=..., response="x")), "is it 'response'?"),
        (file_of("m.jsonl", table_of(), "--columns", "id=qid"), "no column 'qid' for 'id'"),
        (file_of("m.jsonl", table_of(), "--columns", "ids=id"), "--columns: 'ids' is not a key; did you mean"),
        (file_of("m.jsonl", table_of(language="Français")), "unknown language 'Français'; did you mean 'fr'?"),
        (file_of("m.jsonl", table_of(answer="#### 5 = 5 kg")), "'answer'"),
        (file_of("m.jsonl", table_of(), "--baseline", "n"), "--baseline: no model 'n'"),
        (file_of("m.jsonl", table_of(), "--draws", "5"), "--draws: 5 is too small; give at least 100"),
        (file_of("m.jsonl", table_of(), "--in-domain", "de"), "--in-domain: no completion in 'de'"),
        (file_of("m.jsonl", table_of(), "--training", "x.jsonl"), "no completion has a 'question'"),
        (file_of("m.txt", table_of()), "not a log that can be read; give one of .jsonl"),
        (file_of(f"samples_gsm8k_{DATE}.jsonl", [harness_line(0, "5")]), "has no key 'language'"),
        (
            file_of(f"samples_mgsm_fr_{DATE}.jsonl", [harness_line(0, "x") | {"resps": [[["-1.5", "False"]]]}]),
            "'resps' holds likelihoods of choices, not texts; run a task that generates",
        ),
        (file_of("m.csv", ["id,language", "1,fr,x"]), "row 2: more cells than its head has"),
        (file_of("m.csv", ["id;language;answer", "1;fr;5"]), "has no key 'completion'"),
        (file_of("m.eval", ["x"]), "not a log of Inspect"),
        (
            file_of("m.jsonl", [*table_of(), *table_of(id="2", completion=f"{TRACES['fr']}[/THINK]5")]),
            "two kinds of think tags",
        ),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, make: Make, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["score", *make(tmp_path)]) == 2
    found = capsys.readouterr()
    [line] = found.err.splitlines()
    assert line.startswith("vernacular score: ") and said in line and not found.out, line
    assert not (tmp_path / "scored").exists()


def test_json_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "m.jsonl", table_of())
    assert command.main(["score", str(path), "--draws", "100", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scores"][0]["accuracy"] == 1 and found["scores"][0]["metrics_version"] == METRICS_VERSION
    assert found["logs"] == {str(path): "a table"} and all(Path(file).exists() for file in found["files"])
