"""Peak memory of the stages that a corpus goes through, on 20 times as many rows against the rows.

    python benchmarks/memory.py [--rows 10000] [--factors 20] [--stages filter]
    python benchmarks/memory.py --rows 500 --factors 10,100 --stages questions,data,traces,filter,leaks,score,table

Each stage runs its script of the workflow in a process of its own on made-up rows (traces of five lines in French and
Korean; all different, since the filter remembers what it has kept), once at each size: the memory is the system's
count, which hardly varies, and 200,000 rows take a minute.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import ROOT, Row, row, run

from vernacular.evaluation.version import METRICS_VERSION
from vernacular.storage.records import GENERATION, QUESTION, RAW_TRACE, SCORE, write_rows

LANGUAGES = ["fr", "ko"]
LINES = {
    "fr": "Ensuite, on ajoute les {n} nouvelles pommes aux précédentes, et on obtient la somme : {n} + 5 = {sum}.",
    "ko": "다음으로, 새로 생긴 사과 {n}개를 원래 있던 것에 더합니다: {n} + 5 = {sum}.",
}
IDENTIFIER = json.dumps({"languages": ["en", *LANGUAGES]})
NUMBERS = {"opening": [2, 2000], "term": [2, 900], "factor": [2, 9], "result": [2, 20000]}


def made_up(count: int) -> Iterator[dict[str, Any]]:
    """With the columns of every table that a stage reads."""
    for number in range(count):
        language = LANGUAGES[number % 2]
        trace = "\n".join(LINES[language].format(n=number + k, sum=number + k + 5) for k in range(5))
        response = f"\\boxed{{{number}}}"
        yield {
            "id": f"q{number // 2}", "problem": f"q{number // 2}", "benchmark": "b", "kind": "math", "sample": 0,
            "language": language,
            "question": f"{number} ?", "choices": None, "answer": str(number), "trace": trace, "response": response,
            "completion": f"{trace}\n</think>\n{response}", "source": "made up", "flaw": None, "prompt": "p",
            "tokens": 80, "characters": 320, "finish_reason": "stop", "correct": number % 3 > 0,
            "trace_language": language,
            "line_pass": True, "word_pass": True, "code_switched": False, "abstained_lines": 0,
            "foreign_script": False, "answer_language": language, "given_up": False, "metrics_version": METRICS_VERSION,
        }  # fmt: skip


def only(count: int, schema: Any) -> Iterator[dict[str, Any]]:
    return ({name: row.get(name) for name in schema.names} for row in made_up(count))


def filtering(folder: Path, count: int) -> list[str]:
    write_rows(folder / "raw.parquet", only(count, RAW_TRACE), RAW_TRACE)
    outputs = [f"--{name}={folder / name}" for name in ("kept", "counts", "quality")]
    limits = json.dumps({"shortest": 1, "longest": 5000})
    return ["filter_traces", f"--raw={folder / 'raw.parquet'}", f"--options={limits}", *outputs]


def scoring(folder: Path, count: int) -> list[str]:
    write_rows(folder / "generations.parquet", only(count, GENERATION), GENERATION)
    write_rows(folder / "questions.parquet", only(count, QUESTION), QUESTION)
    inputs = [f"--{name}={folder / name}.parquet" for name in ("generations", "questions")]
    options = json.dumps({"languages": LANGUAGES, "max_new_tokens": 8})
    return ["score", *inputs, "--benchmark=b", f"--options={options}", f"--out={folder / 'out'}"]


def tabling(folder: Path, count: int) -> list[str]:
    path = folder / "seed-1/scores/m/b.parquet"
    write_rows(path, only(count, SCORE), SCORE)
    asked = {"m/b": {"languages": LANGUAGES, "questions": None, "questions_en": None}}
    options = {"asked": asked, "study": "s", "scale": "benchmark", "in_domain": ["fr"], "draws": 200}
    return ["make_table", str(path), f"--options={json.dumps(options)}", f"--out={folder / 'out'}"]


def benchmarks(count: int) -> dict[str, Any]:
    """Of phrasebook problems as many as make `count` rows in two languages; few are tested."""
    questions = {"train": count // 2, "dev": 0, "test": 100}
    return {"b": {"source": "phrasebook", "setting": "story", "steps": 2, "numbers": NUMBERS, "questions": questions}}


def questions(folder: Path, count: int) -> list[str]:
    options = {"benchmarks": benchmarks(count), "languages": LANGUAGES, "seed": 1}
    return ["make_questions", "--split=train", f"--options={json.dumps(options)}", f"--out={folder / 'questions'}"]


def traces(folder: Path, count: int) -> list[str]:
    before(questions(folder, count))
    options = {"benchmarks": benchmarks(count), "benchmark": "b", "languages": LANGUAGES, "seed": 1}
    given = [f"--input={folder / 'questions'}", f"--options={json.dumps(options)}"]
    return ["make_traces", *given, f"--out={folder / 'out'}"]


def leak_check(folder: Path, count: int) -> list[str]:
    before(training_data(folder, count))
    script, *given = questions(folder, count)
    before([script, *(word.replace("=train", "=test") for word in given)])
    options = {"benchmarks": benchmarks(count), "evaluated": ["b"], "splits": ["test"], "seed": 1}
    corpus = [str(folder / "out"), f"--questions={folder / 'questions'}", f"--options={json.dumps(options)}"]
    return ["check_leaks", *corpus, f"--out={folder / 'leaks'}"]


def training_data(folder: Path, count: int) -> list[str]:
    part = {"task": "reasoning", "benchmarks": {"b": [0.0, 1.0]}, "languages": LANGUAGES, "english_trace_share": 0.0}
    options = {"benchmarks": benchmarks(count), "data": [part], "seed": 1}
    return ["make_training_data", f"--options={json.dumps(options)}", f"--out={folder / 'out'}"]


STAGES: dict[str, Callable[[Path, int], list[str]]] = {
    "questions": questions,
    "data": training_data,
    "traces": traces,
    "filter": filtering,
    "leaks": leak_check,
    "score": scoring,
    "table": tabling,
}


def start(words: list[str]) -> subprocess.Popen:
    """A script of the workflow."""
    command = [sys.executable, str(ROOT / f"workflow/scripts/{words[0]}.py"), *words[1:]]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, stdout=subprocess.DEVNULL)


def before(words: list[str]) -> None:
    """A stage before the one that is measured."""
    if start(words).wait():
        raise SystemExit(f"{words[0]} failed")


def peak(stage: str, count: int) -> float:
    """MiB at the peak of the stage's script on so many rows."""
    with tempfile.TemporaryDirectory() as name:
        script, *arguments = STAGES[stage](Path(name), count)
        arguments += [f"--identifier={IDENTIFIER}"] if stage in ("filter", "score") else []
        _, status, used = os.wait4(start([script, *arguments]).pid, 0)
        if status:
            raise SystemExit(f"{stage} with {count} rows failed")
        return used.ru_maxrss / 1024


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    few = 100 if arguments.tiny else arguments.rows
    for stage in arguments.stages.split(","):
        least = peak(stage, few)
        for factor in map(int, str(arguments.factors).split(",")):
            values = [(peak(stage, factor * few), least)]
            yield row(f"memory: {stage} of {factor * few:,} rows against {few:,}", "MiB", values, "<= 1.1")


if __name__ == "__main__":
    run(__doc__, rows, {"--rows": 10_000, "--factors": "20", "--stages": "filter"})
