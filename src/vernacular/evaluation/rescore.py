"""Anyone's completions, read from JSON lines and scored as the workflow scores its own. No model is needed.

One file per model, <model>.jsonl, with one completion per line; corpus.lines.LINE describes the keys of a line.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypedDict

import pandas as pd

from vernacular.corpus.leaks import Evaluation, check_corpus
from vernacular.corpus.lines import REQUIRED, answer_of, check_keys, nearest_language, read_lines
from vernacular.corpus.readers import shown
from vernacular.evaluation.score import golds_of, score_rows
from vernacular.evaluation.statistics import score_table
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.languages import ENGLISH, is_language
from vernacular.language.prompts import split_completion
from vernacular.language.thinking import FAMILIES, families_in
from vernacular.storage.records import read_rows


class Summary(TypedDict):
    """What a summary is of: the study's name, the identifier's candidates (empty: the languages of the completions, and
    English), the training languages, and the draws of the bootstrap."""

    study: str
    languages: list[str]
    in_domain: list[str]
    draws: int


def read_completions(path: Path, tags: str | None = None) -> list[dict[str, Any]]:
    """The rows of a file of completions with the keys of LINE, defaults filled in, `completion` split in two.

    tags: of the thinking (thinking.FAMILIES); None: those that the file uses. `tags` of a row is null where no
    completion of the file has any. Raises ValueError (one line: file, line, key, nearest valid choice) for a key that
    is missing or unusable, for a question with two answers, and for tags of two families.
    """
    rows = take_rows((f"{path}, line {number}", given) for number, given in read_lines(path))
    if not rows:
        raise ValueError(f"{path}: no completions; give one JSON object per line: {', '.join(REQUIRED)}")
    return split_rows(rows, path, tags)


def take_rows(
    lines: Iterable[tuple[str, Mapping[str, Any] | ValueError]], bad: list[str] | None = None
) -> list[dict[str, Any]]:
    """The rows of a model's completions from (place, line with the keys of LINE, or why there is none).

    A place is a path, `, ` and a line or row. bad: takes the errors of rows, which are then left out; None: the first
    one is raised.
    """
    rows: list[dict[str, Any]] = []
    seen: dict[tuple[str, str, str], set[int]] = {}  # benchmark, id and language -> samples
    golds: dict[tuple[str, str, str], tuple[str, str, str]] = {}  # -> answer, kind and the place that has them
    for place, given in lines:
        try:
            if isinstance(given, ValueError):
                raise given
            rows.append(take_row(place, given, seen, golds))
        except ValueError as error:
            if bad is None:
                raise
            bad.append(str(error))
    return rows


def take_row(
    place: str,
    given: Mapping[str, Any],
    seen: dict[tuple[str, str, str], set[int]],
    golds: dict[tuple[str, str, str], tuple[str, str, str]],
) -> dict[str, Any]:
    check_keys(given, place)
    benchmark, kind = given.get("benchmark") or "completions", given.get("kind") or "math"
    identifier, language, answer = str(given["id"]), given["language"], answer_of(given, place)
    samples = seen.setdefault((benchmark, identifier, language), set())
    sample, tokens = given.get("sample"), given.get("tokens")
    sample = len(samples) if sample is None else sample
    for key, value in (("sample", sample), ("tokens", 0 if tokens is None else tokens)):
        if type(value) is not int or value < 0:
            raise ValueError(f"{place}: '{key}' is {shown(value)}, not a whole number of at least 0")
    if sample in samples:
        raise ValueError(f"{place}: sample {sample} of '{identifier}' ({language}) appears twice")
    first = golds.setdefault((benchmark, identifier, language), (answer, kind, place.rpartition(", ")[2]))
    if first[:2] != (answer, kind):
        raise ValueError(
            f"{place}: '{identifier}' ({language}) has two answers or kinds: {shown(answer)} ({kind}) here, "
            f"{shown(first[0])} ({first[1]}) in {first[2]}"
        )
    samples.add(sample)
    return {
        "id": identifier, "language": language, "sample": sample, "benchmark": benchmark, "kind": kind,
        "answer": answer, "completion": given["completion"], "tokens": tokens,
        "question": given.get("question"), "choices": given.get("choices"), "finish_reason": "stop", "place": place,
    }  # fmt: skip


def split_rows(rows: list[dict[str, Any]], path: Path, tags: str | None) -> list[dict[str, Any]]:
    """The rows with `tags`, `trace` and `response` instead of `completion` and `place`.

    Raises ValueError for tags of two families; path: what it names.
    """
    weights: dict[str, dict[int, tuple[int, str]]] = {}  # family -> weight -> the first row, and its place
    for number, row in enumerate(rows if tags is None else ()):
        for family, weight in families_in(row["completion"]).items():
            weights.setdefault(family, {}).setdefault(weight, (number, row["place"].rpartition(", ")[2]))
    tags = tags or family_of(weights, path)
    for row in rows:
        trace, response = split_completion(row["completion"], tags)
        del row["place"]
        row |= {"tags": tags, "trace": trace, "response": response}
    return rows


def family_of(weights: Mapping[str, Mapping[int, tuple[int, str]]], path: Path) -> str | None:
    """The one family of tags of a file; None for none. weights: family -> how sure its tags are -> the first row.

    Raises ValueError, which names both, for two.
    """
    surest = max((weight for found in weights.values() for weight in found), default=0)
    found = {family: lines[surest] for family, lines in weights.items() if surest in lines}
    if len(found) > 1:
        (one, (_, line)), (other, (_, second)) = sorted(found.items(), key=lambda item: item[1])[:2]
        raise ValueError(
            f"{path}: two kinds of think tags, {FAMILIES[one].opening} in {line} and "
            f"{FAMILIES[other].opening} in {second}; name the right one: --think-tags {one} or {other}"
        )
    return next(iter(found), None)


def remark(path: Path, rows: list[dict[str, Any]], thinking: bool = True) -> str | None:
    """What a reader should know of how a file's completions were taken apart; None where there is nothing to say.

    thinking: whether the models are expected to mark it.
    """
    tags, count = rows[0]["tags"], sum(not row["trace"] and not row["response"] for row in rows)
    if tags and count:
        what = f"in {count} of {len(rows)} completions thinking never ends ({FAMILIES[tags].ending})"
        return f"{path}: {what}: no trace, and no right answer"
    if tags is None and thinking:
        what = f"none of the {len(rows)} completions has tags round its thinking"
        then = "the whole completion is its trace, and its last box or line the response"
        return f"{path}: {what}, so {then}; --no-thinking if that is as it should be"
    return None


def score_completions(rows: Iterable[Mapping[str, Any]], identifier: LanguageIdentifier) -> dict[str, pd.DataFrame]:
    """benchmark -> records.SCORE rows, with `tokens` 0 where they are unknown."""
    by_benchmark: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_benchmark.setdefault(row["benchmark"], []).append(row)
    found = {}
    for benchmark, some in by_benchmark.items():
        with_tokens = [{**row, "tokens": row["tokens"] or 0} for row in some]
        found[benchmark] = pd.DataFrame(score_rows(with_tokens, golds_of(some), identifier))
    return found


def summary(models: Mapping[str, list[dict[str, Any]]], options: Summary) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(rates with intervals, with the columns of tables/scores.csv; every verdict) of each model's completions.

    Where tokens are unknown, tokens_mean is null. Raises ValueError for an in-domain language without completions, for
    completions in a language that is not a candidate, and for incomplete samples.
    """
    frames, verdicts = scored_frames(models, options)
    return rate_table(frames, verdicts, options), verdicts


def scored_frames(
    models: Mapping[str, list[dict[str, Any]]], options: Summary, said: Callable[[str], object] = lambda model: None
) -> tuple[dict[tuple[str, str, int], pd.DataFrame], pd.DataFrame]:
    """((model, benchmark, 0) -> its scores; every verdict, with `tokens` null where they are unknown). Raises as
    `summary`. said: called with the name of each model before it is scored."""
    in_domain, candidates = options["in_domain"], options["languages"]
    languages = {row["language"] for rows in models.values() for row in rows}
    if unknown := sorted(set(in_domain) - languages):
        hint = nearest_language(unknown[0], sorted(languages))
        raise ValueError(f"--in-domain: no completion in '{unknown[0]}'; {hint}")
    if unknown := [code for code in candidates if not is_language(code)]:
        raise ValueError(f"--languages: unknown language '{unknown[0]}'; {nearest_language(unknown[0])}")
    if unseen := sorted(languages - set(candidates or languages)):
        raise ValueError(f"--languages: '{unseen[0]}' is missing although there are completions in it; add it")
    identifier = LanguageIdentifier(candidates or sorted(languages | {ENGLISH}))
    uncounted = {(model, row["benchmark"]) for model, rows in models.items() for row in rows if row["tokens"] is None}
    frames, verdicts = {}, []
    for model, rows in models.items():
        said(model)
        for benchmark, scores in score_completions(rows, identifier).items():
            frames[model, benchmark, 0] = scores
            known = {"tokens": None} if (model, benchmark) in uncounted else {}
            verdicts.append(scores.assign(model=model, benchmark=benchmark, **known))
    return frames, pd.concat(verdicts, ignore_index=True)


def rate_table(
    frames: Mapping[tuple[str, str, int], pd.DataFrame], verdicts: pd.DataFrame, options: Summary
) -> pd.DataFrame:
    """Rates with intervals; tokens_mean is null where the verdicts' `tokens` are. ValueError for incomplete samples."""
    table = score_table(frames, options["study"], options["in_domain"], options["draws"])
    missing = verdicts[verdicts["tokens"].isna()]
    uncounted = set(zip(missing["model"], missing["benchmark"], strict=True))
    unknown_tokens = [pair in uncounted for pair in zip(table["model"], table["benchmark"], strict=True)]
    table.loc[unknown_tokens, ["tokens_mean", "tokens_mean_low", "tokens_mean_high"]] = None
    return table


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
