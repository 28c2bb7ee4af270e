"""What models wrote: for each language one question, and each model's first completion of it, with its verdicts."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from vernacular.language.prompts import question_text

VERDICTS = (
    *("correct", "answer", "trace_language", "line_pass", "word_pass", "code_switched", "foreign_script"),
    *("answer_language", "finish_reason", "metrics_version"),
)
COLUMNS = ("language", "id", "question", "gold", "model", "trace", "response", *VERDICTS)


def sample_table(
    generations: Mapping[str, pd.DataFrame], scores: Mapping[str, pd.DataFrame], questions: pd.DataFrame
) -> pd.DataFrame:
    """`tables/samples.csv`: COLUMNS, a row for each language and model.

    generations, scores: model -> rows (records.GENERATION, records.SCORE) of one benchmark and seed; questions: its
    rows of records.QUESTION. In each language the question is the first by id that every model was asked there, so that
    nobody picks it; a completion is that of sample 0. An id has the same question in all languages.
    """
    asked = [set(zip(rows["id"], rows["language"], strict=True)) for rows in generations.values()]
    common = sorted(set.intersection(*asked)) if asked else []
    first = {language: identifier for identifier, language in reversed(common)}
    by_key = {(row["id"], row["language"]): row for row in questions.to_dict("records")}
    rows = []
    for language in sorted(first):
        identifier = first[language]
        question = by_key[identifier, language]
        for model, written in generations.items():
            text, verdict = (one_row(table, identifier, language) for table in (written, scores[model]))
            rows.append(
                {
                    "language": language, "id": identifier, "question": question_of(question),
                    "gold": question["answer"], "model": model, "trace": text["trace"], "response": text["response"],
                    **{name: verdict[name] for name in VERDICTS},
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def one_row(table: pd.DataFrame, identifier: str, language: str) -> dict[Hashable, Any]:
    chosen = table[(table["id"] == identifier) & (table["language"] == language) & (table["sample"] == 0)]
    return chosen.iloc[0].to_dict()


def question_of(row: Mapping[Hashable, Any]) -> str:
    choices = row.get("choices")
    return question_text(row["question"], None if choices is None else list(choices))
