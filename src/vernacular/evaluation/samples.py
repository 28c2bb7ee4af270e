"""What models wrote: for each language one question, and each model's first completion of it, with its verdicts."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.language.prompts import question_text

VERDICTS = (
    *("correct", "answer", "trace_language", "line_pass", "word_pass", "code_switched", "foreign_script"),
    *("answer_language", "finish_reason", "metrics_version"),
)
COLUMNS = ("language", "id", "question", "gold", "differ", "model", "trace", "line_languages", "response", *VERDICTS)
RULES = {"answers": "correct", "languages": "in_language"}  # what models differ in, by which a question is chosen
NO_LABEL = "-"  # of a line that the identifier abstains from, or that is not text


def sample_table(
    generations: Mapping[str, pd.DataFrame],
    scores: Mapping[str, pd.DataFrame],
    questions: pd.DataFrame,
    identifier: LanguageIdentifier,
) -> pd.DataFrame:
    """`tables/samples.csv`: COLUMNS, a row for each language and model.

    generations, scores: model -> rows (records.GENERATION, records.SCORE) of one benchmark and seed; questions: its
    rows of records.QUESTION. A completion is that of sample 0. In each language the question is the first by id that
    some models answer correctly and others do not; else the first of which some traces are in its language and others
    are not; else the first: a rule picks it, nobody's taste, and it is not typical (our choice). differ: `answers`,
    `languages` or empty, after that rule. line_languages: the language of each line of the trace, with spaces between.
    """
    asked = [set(zip(rows["id"], rows["language"], strict=True)) for rows in generations.values()]
    shared = sorted(set.intersection(*asked)) if asked else []
    if not shared:
        return pd.DataFrame(columns=list(COLUMNS))
    told = pd.concat([first_verdicts(rows).assign(model=model) for model, rows in scores.items()])
    common = pd.MultiIndex.from_tuples(shared, names=["id", "language"])
    varied = {key: told.groupby(["id", "language"])[name].nunique().reindex(common) > 1 for key, name in RULES.items()}
    by_key = {(row["id"], row["language"]): row for row in questions.to_dict("records")}
    rows = []
    for language in sorted(set(common.get_level_values("language"))):
        key, differ = chosen_question(language, varied)
        question = by_key[key, language]
        for model, written in generations.items():
            text, verdict = (one_row(table, key, language) for table in (written, scores[model]))
            rows.append(
                {
                    "language": language, "id": key, "question": question_of(question),
                    "gold": question["answer"], "differ": differ, "model": model, "trace": text["trace"],
                    "line_languages": line_languages(text["trace"], language, identifier),
                    "response": text["response"], **{name: verdict[name] for name in VERDICTS},
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def first_verdicts(scores: pd.DataFrame) -> pd.DataFrame:
    """id, language, correct and in_language of the completions of sample 0."""
    rows = scores.loc[scores["sample"] == 0, ["id", "language", "correct", "trace_language"]]
    return rows.assign(in_language=rows["trace_language"] == rows["language"])


def chosen_question(language: str, varied: Mapping[str, pd.Series]) -> tuple[str, str]:
    """(its id, what models differ in there). varied: key of RULES -> (id, language) -> whether they differ in it."""
    for key, found in varied.items():
        here = found.xs(language, level="language")
        if here.any():
            return str(here.index[here][0]), key
    return str(here.index[0]), ""


def line_languages(trace: str, language: str, identifier: LanguageIdentifier) -> str:
    """The label of each line of str.splitlines, as scoring sees it; NO_LABEL for lines that it does not name."""
    (found,) = judge([trace or ""], [language], identifier)
    waiting = list(found.lines)
    labels = []
    for line in (trace or "").splitlines():
        named = bool(waiting) and waiting[0][0] == line.strip()
        labels.append((waiting.pop(0)[1] if named else None) or NO_LABEL)
    return " ".join(labels)


def one_row(table: pd.DataFrame, identifier: str, language: str) -> dict[Hashable, Any]:
    chosen = table[(table["id"] == identifier) & (table["language"] == language) & (table["sample"] == 0)]
    return chosen.iloc[0].to_dict()


def question_of(row: Mapping[Hashable, Any]) -> str:
    choices = row.get("choices")
    return question_text(row["question"], None if choices is None else list(choices))
