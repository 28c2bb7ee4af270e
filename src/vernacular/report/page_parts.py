"""The parts of a page that are lists: claims by what this study says of them, criteria, points of the plot, samples."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from vernacular.evaluation.samples import NO_LABEL
from vernacular.evaluation.verdicts import CONTRADICTED, NOT_ASKED, NOT_IN_STUDY, SUPPORTED, UNDECIDED
from vernacular.language.languages import ENGLISH, name_of
from vernacular.report.words import VERDICT_PARTS, languages_words, metric_words

DECIDED = (SUPPORTED, CONTRADICTED, UNDECIDED)
WHOLE = ("tokens_mean", "tokens_by_characters", "seconds")  # metrics that are not shares of 1


def number(value: Any, digits: int = 3, sign: bool = False) -> str:
    """A number as the page shows it; a dash if it is missing."""
    return "–" if pd.isna(value) else f"{value:{'+' if sign else ''}.{digits}f}".replace("-", "−")


def with_none(table: pd.DataFrame) -> pd.DataFrame:
    """The table with None for missing values."""
    return table.astype(object).where(table.notna(), None)


def claims_of(table: pd.DataFrame, samples: Mapping[str, int]) -> dict[str, list[dict[str, Any]]]:
    """The claims in three groups: `decided` (supported, contradicted, undecided, in this order), `measured` (without a
    verdict) and `others` (not measured here). samples: benchmark -> how many of each question."""
    groups: dict[str, list[dict[str, Any]]] = {"decided": [], "measured": [], "others": []}
    for _, rows in with_none(table).groupby("claim", sort=False):
        first = rows.iloc[0]
        verdict = first["verdict"]
        claim = {
            **{key: first[key] for key in ("paper", "statement", "verdict", "p_holm")},
            "parts": [part_of(row, samples) for row in rows.to_dict("records") if row["measured"] is not None],
            "note": (first["note"] or "").replace("`", ""),
        }
        group = "decided" if verdict in DECIDED else "others" if verdict in (NOT_IN_STUDY, NOT_ASKED) else "measured"
        groups[group].append(claim)
    groups["decided"].sort(key=lambda claim: DECIDED.index(claim["verdict"]))
    return groups


def part_of(row: Mapping[Any, Any], samples: Mapping[str, int]) -> dict[str, Any]:
    """What was measured for a part of a claim, in words."""
    metric, benchmark = row["metric"], row["benchmark"]
    digits = 1 if metric in WHOLE else 3
    baseline = row["baseline"]
    difference = bool(baseline) and metric != "seconds" or " against " in (row["languages"] or "")
    low, high = ("seeds_low", "seeds_high") if row["seeds_low"] is not None else ("low", "high")
    joined = "against" if metric == "seconds" else "minus"
    below = "above" if row["direction"] == "higher" else "below"
    return {
        "models": f"{row['model']} {joined} {baseline}" if baseline else row["model"],
        "metric": metric_words(metric, samples.get(benchmark)),
        "benchmark": benchmark,
        "languages": languages_words(row["languages"]) if row["languages"] else "",
        "claimed": f"{below} {row['threshold']:g}".replace("-", "−"),
        "measured": number(row["measured"], digits, difference),
        "interval": "" if row[low] is None else f"{number(row[low], digits, difference)} to "
        f"{number(row[high], digits, difference)}",
        "p": number(row["p"], 4),
        "detectable": "" if row["detectable"] is None else number(row["detectable"], digits),
        "part": VERDICT_PARTS.get(row["part"], row["part"]),
        "published": published_of(row, digits, difference),
        "note": row["note"] or "",
    }  # fmt: skip


def published_of(row: Mapping[Any, Any], digits: int, difference: bool) -> str:
    """The paper's figure, with the metric and data that it is of."""
    value = "" if row["published"] is None else number(row["published"], digits, difference)
    figures = row["published_as"] or ""
    return f"{value} ({figures})" if value and figures else value or figures


COMPARED = {  # how a criterion compares models (evaluation/regime.py), {0} being the first of them and {1} the rest
    "value": "{metric} of {0}",
    "difference": "{metric} of {0} minus that of {1}",
    "range": "{metric}: the highest minus the lowest of {0}, {1}",
    "oracle": "{metric}: what the best of {0}, {1} for each language gains over the best one for all",
}


def regime_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The criteria of the study's regime: what each measures, in words, the value, its bounds, and whether it is in
    them."""
    return [
        {
            **{key: row[key] for key in ("criterion", "reached", "why")},
            "what": f"{compared_words(row)}; {row['benchmark']}, {languages_words(row['languages'])}",
            "measured": number(row["measured"]),
            "bounds": bounds_words(row["low"], row["high"]),
        }
        for row in with_none(table).to_dict("records")
    ]


def compared_words(row: Mapping[Any, Any]) -> str:
    first, *rest = row["models"].split(" ")
    return COMPARED[row["compare"]].format(first, ", ".join(rest), metric=metric_words(row["metric"]))


def bounds_words(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        text = f"at most {high:g}" if low is None else f"at least {low:g}"
    else:
        text = f"{low:g} to {high:g}"
    return text.replace("-", "−")


def points_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The Pareto plot in words and numbers: for each benchmark its models; tip: what the point of a model tells."""
    benchmarks = []
    for benchmark, rows in table.groupby("benchmark", sort=False):
        points = []
        for place, row in rows.iterrows():
            share = row["on_front_share"]
            percent = "over 99" if 0.995 <= share < 1 else "under 1" if 0 < share < 0.005 else f"{100 * share:.0f}"
            front = "on the front" if row["on_front"] else "off the front"
            values = {
                metric: number(row[metric]) for metric in ("accuracy", "lcpr")
            } | {f"{metric}_interval": interval(row, metric) for metric in ("accuracy", "lcpr")}  # fmt: skip
            resampled = f"on it in {percent} % of resamplings"
            tip = (
                f"{row['model']} on {benchmark}: accuracy {values['accuracy']}{values['accuracy_interval']}, "
                f"LCPR {values['lcpr']}{values['lcpr_interval']}, {number(row['tokens_mean'], 1)} tokens"
            ) + (f"; {front}, {resampled}" if len(rows) > 1 else "")
            points.append(
                {"id": f"point-{place}", "model": row["model"], "front": front, "resampled": resampled, "tip": tip,
                 "tokens": number(row["tokens_mean"], 1), **values}
            )  # fmt: skip
        volume = number(rows["hypervolume"].iloc[0])
        benchmarks.append({"benchmark": benchmark, "points": points, "hypervolume": volume})
    return benchmarks


def interval(row: pd.Series, metric: str) -> str:
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return "" if pd.isna(low) else f" ({number(low)} to {number(high)})"


def samples_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """For each language its question and what each model wrote; first where answers differ, English last."""
    found = [
        {
            **{key: rows[key].iloc[0] for key in ("language", "id", "question", "gold", "differ")},
            "name": name_of(str(language)),
            "completions": [
                {**row, "lines": lines_of(row["trace"], row["line_languages"], str(language))}
                for row in rows.to_dict("records")
            ],
        }
        for language, rows in with_none(table).groupby("language", sort=False)
    ]
    order = {"answers": 0, "languages": 1}
    return sorted(found, key=lambda sample: (sample["language"] == ENGLISH, order.get(sample["differ"] or "", 2)))


def lines_of(trace: str | None, labels: str | None, language: str) -> list[dict[str, str]]:
    """The lines of a trace: text, label (a code, empty where there is none) and kind, how the page shows it: `own` for
    the question's language, `english`, `other`, or `untold`."""
    kinds = {language: "own", NO_LABEL: "untold", ENGLISH: "own" if language == ENGLISH else "english"}
    named = (labels or "").split(" ")
    lines = (trace or "").splitlines()
    return [
        {"text": text, "label": "" if label == NO_LABEL else label, "kind": kinds.get(label, "other")}
        for text, label in zip(lines, [*named, *[NO_LABEL] * len(lines)], strict=False)
    ]
