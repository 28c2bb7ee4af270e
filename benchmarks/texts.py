"""Texts to measure with: questions and traces of the phrasebooks, which every clone has, and MGSM's where given."""

import argparse
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import ROOT

from vernacular.corpus.miniature import make_problems, render_completion, render_question
from vernacular.language.languages import load_languages
from vernacular.language.prompts import join_completion, split_completion
from vernacular.storage.yaml_file import read_yaml
from vernacular.study.resolve import resolve_study

LANGUAGES = list(load_languages())
Labelled = list[tuple[str, str]]  # (text, language)
SENTENCE_END = re.compile(r"(?<=[.!?।])\s+|(?<=[。！？])\s*|\n+")
THAI_CLAUSE = re.compile(r"\s+(?=[\u0e01-\u0e2e\u0e40-\u0e44])")  # Thai ends clauses and sentences with a blank


def sentences(text: str, language: str) -> list[str]:
    pieces = (THAI_CLAUSE if language == "th" else SENTENCE_END).split(text)
    return [piece.strip() for piece in pieces if len(piece.strip()) > 3]


def default_study() -> dict[str, Any]:
    file = ROOT / "config" / "config.yaml"
    return resolve_study(read_yaml(file), str(file))


def word_problems(count: int) -> dict[str, tuple[str, Any]]:
    """Id -> (setting, problem): so many training problems of the default study's two benchmarks of word problems."""
    found = {}
    for name, about in default_study()["benchmarks"].items():
        if about["setting"] in ("story", "frame"):
            problems = make_problems(name, {**about, "questions": {"train": (count + 1) // 2}}, "train", 1)
            found |= {identifier: (about["setting"], problem) for identifier, problem in problems.items()}
    return found


def read_mgsm(folder: Path) -> Labelled:
    """(question, language) of every mgsm_<language>.tsv (question, tab, answer)."""
    found = []
    for path in sorted(folder.glob("mgsm_*.tsv")):
        language = path.stem.removeprefix("mgsm_")
        rows = path.read_text(encoding="utf-8").split("\n")
        found += [(row.rsplit("\t", 1)[0], language) for row in rows if row]
    if not found:
        raise SystemExit(f"{folder}: no mgsm_<language>.tsv there; give the folder with --mgsm DIR")
    return found


def questions(count: int) -> Labelled:
    """(question, language) of so many word problems in each of the 23 languages."""
    return [
        (render_question(code, identifier, problem, setting, 1), code)
        for identifier, (setting, problem) in word_problems(count).items()
        for code in LANGUAGES
    ]


def lines_of(languages: list[str], mgsm: Path | None) -> dict[str, list[str]]:
    """Language -> lines that a trace may hold: those of the phrasebooks' traces, or sentences of MGSM's questions."""
    found: dict[str, list[str]] = {code: [] for code in languages}
    for text, language in read_mgsm(mgsm) if mgsm else []:
        if language in found:
            found[language] += sentences(text, language)
    problems = word_problems(300)
    for code in [] if mgsm else languages:
        traces = [split_completion(render_completion(code, i, problem, 1))[0] for i, (_, problem) in problems.items()]
        found[code] = [line for trace in traces for line in trace.split("\n")]
    return found


def trace_rows(count: int, languages: list[str], mgsm: Path | None = None, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Rows with the columns of records.RAW_TRACE, GENERATION and QUESTION, and `spoken`, the language of a whole trace.

    A trace has 200 to 2,000 characters (log-uniform), in lines drawn from `lines_of` with other numbers, so that hardly
    two are equal. One trace in twenty is in another language, another twentieth changes to one half-way, and another
    has a wrong answer.
    """
    choice, lines = random.Random(seed), lines_of(languages, mgsm)
    for number in range(count):
        language, length = choice.choice(languages), 200 * 10 ** choice.random()
        other = choice.choice([code for code in languages if code != language])
        flaw = choice.choices(["wrong-language", "code-switched", "wrong-answer", None], [1, 1, 1, 17])[0]
        trace = ""
        while len(trace) < length:
            foreign = flaw == "wrong-language" or flaw == "code-switched" and len(trace) > length / 2
            line = choice.choice(lines[other if foreign else language])
            trace += re.sub(r"\d+", lambda _: str(choice.randrange(2, 1000)), line) + "\n"
        trace = trace.strip()[:2000].strip()
        answer = choice.randrange(1, 5000)
        response = f"\\boxed{{{answer + (flaw == 'wrong-answer')}}}"
        spoken = {"wrong-language": other, "code-switched": None}.get(str(flaw), language)
        yield {
            "id": f"q{number}", "language": language, "sample": 0, "question": f"{number} ?", "answer": str(answer),
            "trace": trace, "response": response, "completion": join_completion(trace, response), "prompt": "p",
            "source": "made up", "flaw": flaw, "spoken": spoken, "tokens": 80, "finish_reason": "stop",
            "benchmark": "b", "kind": "math", "choices": None,
        }  # fmt: skip


def trace_pools(arguments: argparse.Namespace) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(where they are from, rows) of phrasebooks and, where --mgsm names its folder, of MGSM."""
    pools: list[tuple[str, Path | None, list[str]]] = [("phrasebooks", None, ["fr", "ja", "ko", "pt", "th"])]
    if arguments.mgsm:
        pools.append(("MGSM", Path(arguments.mgsm), ["fr", "ja", "de", "sw", "th"]))
    for source, folder, languages in pools:
        yield source, list(trace_rows(20 if arguments.tiny else 2000, languages, folder))
