"""Anyone's completions, read from JSON lines and scored as the workflow scores its own. No model is needed.

One file per model, <model>.jsonl, with one completion per line; LINE describes the keys of a line.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.corpus.leaks import Evaluation, check_corpus
from vernacular.evaluation.score import golds_of, score_rows
from vernacular.evaluation.statistics import score_table
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import ENGLISH, load_languages
from vernacular.language.prompts import split_completion
from vernacular.storage.messages import nearest
from vernacular.storage.records import read_rows

LINE = {
    "id": "of the question; its translations share it",
    "language": "of the question (ISO 639-1)",
    "answer": "the correct answer",
    "completion": "what the model wrote: trace, </think>, response",
    "benchmark": "name of the set of questions (default: completions)",
    "kind": "math, choice or entailment (default: math)",
    "sample": "number of this completion among those of its question (default: in order)",
    "tokens": "length of the completion (default: unknown, which leaves tokens_mean empty)",
    "question": "its text, for the leak check",
    "choices": "its options, which count as an answer in words, and for the leak check",
}
REQUIRED = ("id", "language", "answer", "completion")
KINDS = ("math", "choice", "entailment")


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(number from 1, object) for each line of a JSON lines file; ValueError for a line that is not a JSON object."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path}, line {number}: not JSON ({error}); give one object per line") from None
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number}: not a JSON object; give one object per line (jq -c '.[]')")
            yield number, row


def read_completions(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of completions with the keys of LINE, defaults filled in, `completion` split in two.

    Raises ValueError (one line: file, line, key, nearest valid choice) for a key that is missing or unusable.
    """
    rows: list[dict[str, Any]] = []
    seen: dict[tuple[str, str, str], set[int]] = {}  # benchmark, id and language -> samples
    for number, given in read_lines(path):
        place = f"{path}, line {number}"
        check_keys(given, place)
        benchmark = str(given.get("benchmark", "completions"))
        identifier, language = str(given["id"]), given["language"]
        samples = seen.setdefault((benchmark, identifier, language), set())
        sample, tokens = given.get("sample", len(samples)), given.get("tokens")
        for key, value in (("sample", sample), ("tokens", 0 if tokens is None else tokens)):
            if type(value) is not int or value < 0:
                raise ValueError(f"{place}: {key} is {value!r}, not a whole number of at least 0")
        if sample in samples:
            raise ValueError(f"{place}: sample {sample} of '{identifier}' ({language}) appears twice")
        samples.add(sample)
        trace, response = split_completion(str(given["completion"]))
        rows.append(
            {
                "id": identifier, "language": language, "sample": sample, "benchmark": benchmark,
                "kind": given.get("kind", "math"), "answer": str(given["answer"]), "trace": trace, "response": response,
                "tokens": tokens, "question": given.get("question"), "choices": given.get("choices"),
                "finish_reason": "stop",
            }
        )  # fmt: skip
    if not rows:
        raise ValueError(f"{path}: no completions; give one JSON object per line: {', '.join(REQUIRED)}")
    return rows


def check_keys(given: Mapping[str, Any], place: str) -> None:
    """Raises ValueError for a required key that is missing, an unknown language or kind, unusable choices."""
    for key in REQUIRED:
        if given.get(key) is None or isinstance(given[key], dict | list):
            hint = nearest(key, [name for name in given if name not in LINE])
            near = f"; {hint.replace('did you mean', 'is it')}" if hint.startswith("did") else ""
            raise ValueError(f"{place}: '{key}' is missing: {LINE[key]}{near}")
    language, kind, choices = given["language"], given.get("kind", "math"), given.get("choices")
    if language not in load_languages():
        raise ValueError(f"{place}: unknown language '{language}'; {nearest(str(language), load_languages())}")
    if kind not in KINDS:
        raise ValueError(f"{place}: unknown kind '{kind}'; {nearest(str(kind), KINDS)}")
    if choices is not None and not (isinstance(choices, list) and all(isinstance(c, str) for c in choices)):
        raise ValueError(f"{place}: choices is {choices!r}, not a list of texts")


def score_completions(
    rows: Iterable[Mapping[str, Any]], identifier: LanguageIdentifier, place: str
) -> dict[str, pd.DataFrame]:
    """benchmark -> records.SCORE rows, with `tokens` 0 where they are unknown.

    Raises ValueError where a question comes with two answers or kinds.
    """
    by_benchmark: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_benchmark.setdefault(row["benchmark"], []).append(row)
    found = {}
    for benchmark, some in by_benchmark.items():
        golds = golds_of(some)
        for row in some:
            gold = golds[row["id"], row["language"]]
            if (gold.kind, gold.answer) != (row["kind"], row["answer"]):
                raise ValueError(f"{place}: '{row['id']}' ({row['language']}) has two answers or kinds")
        with_tokens = [{**row, "tokens": row["tokens"] or 0} for row in some]
        found[benchmark] = pd.DataFrame(score_rows(with_tokens, golds, identifier))
    return found


def summary(
    models: Mapping[str, list[dict[str, Any]]], study: str, candidates: list[str], in_domain: list[str], draws: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(rates with intervals, with the columns of tables/scores.csv; every verdict) of each model's completions.

    candidates: languages of the identifier; empty: those of the completions, and English. Where tokens are unknown,
    tokens_mean is null. Raises ValueError for an in-domain language without completions, for completions in a language
    that is not a candidate, and for incomplete samples.
    """
    languages = {row["language"] for rows in models.values() for row in rows}
    if unknown := sorted(set(in_domain) - languages):
        raise ValueError(f"--in-domain: no completion in '{unknown[0]}'; {nearest(unknown[0], sorted(languages))}")
    if unseen := sorted(languages - set(candidates or languages)):
        raise ValueError(f"--languages: '{unseen[0]}' is missing although there are completions in it; add it")
    identifier = LanguageIdentifier(candidates or sorted(languages | {ENGLISH}))
    uncounted = {(model, row["benchmark"]) for model, rows in models.items() for row in rows if row["tokens"] is None}
    frames, verdicts = {}, []
    for model, rows in models.items():
        for benchmark, scores in score_completions(rows, identifier, model).items():
            frames[model, benchmark, 0] = scores
            known = {"tokens": None} if (model, benchmark) in uncounted else {}
            verdicts.append(scores.assign(model=model, benchmark=benchmark, **known))
    table = score_table(frames, study, in_domain, draws)
    unknown_tokens = [pair in uncounted for pair in zip(table["model"], table["benchmark"], strict=True)]
    table.loc[unknown_tokens, ["tokens_mean", "tokens_mean_low", "tokens_mean_high"]] = None
    return table, pd.concat(verdicts, ignore_index=True)


def check_corpora(models: Mapping[str, list[dict[str, Any]]], corpora: Iterable[Path]) -> tuple[list[dict], list[str]]:
    """The leak check: (a row for each training file, a line for each training row that holds a question).

    corpora: Parquet, or JSON lines with `id`, and texts in `question`, `prompt`, `completion` or `text`. Raises
    ValueError where no completion has a `question`.
    """
    asked = {(row["id"], row["language"]): row for rows in models.values() for row in rows if row["question"]}
    if not asked:
        raise ValueError("--training: no completion has a 'question'; add their texts, or leave the leak check out")
    evaluation = Evaluation(asked.values(), {})
    table, lines = [], []
    for path in corpora:
        rows = read_rows(path) if path.suffix == ".parquet" else (row for _, row in read_lines(path))
        row, leaking = check_corpus(str(path), rows, evaluation, {})
        table.append(row)
        lines += leaking
    return table, lines
