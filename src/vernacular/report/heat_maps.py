"""Scores by language as the page shows them: a map of models by languages for each metric, with every number."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from vernacular.report.words import head_words
from vernacular.storage.tables import with_bounds

GROUPS = ("all", "in-domain", "out-of-domain")
# Metric -> (title, what it means). The first two are open on the page.
METRICS = {
    "accuracy": ("Accuracy", "Share of completions with the right answer."),
    "lcpr": ("LCPR", "How many traces stay in the question's language, line by line and word by word."),
    "code_switch_rate": ("Switching", "Share of traces that switch languages within."),
    "foreign_script_rate": ("Foreign script", "Share of traces with letters that the language does not use."),
    "answer_consistency": ("Language of responses", "Share of responses in the question's language, of those whose "
                           "language can be told (their number is in the cell); box and mathematics do not count."),
    "tokens_mean": ("Tokens", "Mean tokens of a completion; the colour begins at 0."),
}  # fmt: skip
OPEN = ("accuracy", "lcpr")


def score_maps(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """For each of METRICS the models by language: groups first, then languages by code.

    rows: of one benchmark. A cell is value, low, high, how many responses were identified (only of these), and its
    strength from 0 to 1, of the value itself where that is a rate; None for no row.
    """
    found = set(rows["language"])
    if "in-domain" not in found:
        found.discard("out-of-domain")  # the same as all of them
    columns = [group for group in GROUPS if group in found] + sorted(found - set(GROUPS))
    by_place = {(row["model"], row["language"]): row for row in rows.to_dict("records")}
    return [
        {
            "title": title,
            "meaning": meaning,
            "digits": 1 if metric == "tokens_mean" else 3,
            "open": metric in OPEN,
            "columns": [(code, *head_words(code)) for code in columns],
            "rows": [
                (model, [cell_of(by_place.get((model, code)), metric, highest) for code in columns])
                for model in dict.fromkeys(rows["model"])
            ],
        }
        for metric, (title, meaning) in METRICS.items()
        for highest in [float(rows[metric].max()) if metric == "tokens_mean" else 1.0]
    ]


def cell_of(row: Mapping[Any, Any] | None, metric: str, highest: float) -> dict[str, Any] | None:
    """highest: the value of strength 1."""
    if row is None:
        return None
    value, low, high = (row[name] for name in with_bounds(metric))
    return {
        "value": value,
        "low": low,
        "high": high,
        "strength": round(value / highest, 3) if highest and pd.notna(value) else 0.0,
        "of": int(row["answer_n"]) if metric == "answer_consistency" else None,
    }
