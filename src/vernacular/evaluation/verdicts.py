"""From what was measured for each part of a claim to a verdict on the claim.

A part is one metric on one benchmark. A claim holds where all of its parts lie on the claimed side, so its p-value is
the largest of theirs (an intersection-union test; Berger 1982); it is false where one part lies on the other side, and
the least p-value of those is multiplied by the number of parts, as one of many would be small by chance. Holm's
correction (1979) is over all claims of the same paper in the file of claims, however few of them a table can measure.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from vernacular.evaluation.seeds import LEAST
from vernacular.evaluation.statistics import DIGITS
from vernacular.evaluation.version import METRICS_VERSION

COLUMNS = (
    *("study", "claim", "paper", "statement", "metric", "benchmark", "languages", "model", "baseline"),
    *("direction", "threshold", "published", "published_as", "measured", "low", "high", "p", "part"),
    *("claim_p", "p_holm", "verdict", "n", "seeds", "seeds_low", "seeds_high", "detectable", "timed", "note"),
    "metrics_version",
)
SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
NOT_IN_STUDY, NOT_ASKED = "not in this study", "not asked for"
AS_CLAIMED, AGAINST, OPEN = "as claimed", "against it", "open"  # of a part by itself
LEVEL = 0.05


def with_verdicts(rows: Sequence[dict[str, Any]], families: Mapping[str, int], trained: Sequence[str]) -> pd.DataFrame:
    """The table of all rows, those of a claim in sequence: the state of each part, and the verdict on each claim.

    rows: with `measured` where a part was measured, with `part` (why not) where it was not. families: paper -> claims
    in the file; trained: the models that trainings of the study made. Of fewer than LEAST of those there is no verdict.
    """
    claims = [list(group) for _, group in groupby(rows, key=lambda row: row["claim"])]
    for parts in claims:
        for row in parts:
            if "measured" in row:
                row["part"] = OPEN if not row["p"] < LEVEL else AS_CLAIMED if side(row) > 0 else AGAINST
        told = verdict_without_p(parts, trained)
        for row in parts:
            row |= {"verdict": told, "claim_p": np.nan if told else claim_p(parts)}
    for paper in {parts[0]["paper"] for parts in claims}:
        family = [parts for parts in claims if parts[0]["paper"] == paper]
        adjusted = holm([parts[0]["claim_p"] for parts in family], families[paper])
        for parts, p in zip(family, adjusted, strict=True):
            for row in parts:
                row |= {"p_holm": p, "verdict": row["verdict"] or verdict(parts, p), "metrics_version": METRICS_VERSION}
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    rounded = ["published", "measured", "low", "high", "p", "claim_p", "p_holm", "seeds_low", "seeds_high"]
    rounded += ["detectable"]
    table[rounded] = table[rounded].astype(np.float64).round(DIGITS) + 0.0  # -0.0 becomes 0.0
    return table.astype({"n": "Int64"})


def side(row: Mapping[str, Any]) -> float:
    """How far a measured part lies beyond its threshold, on the claimed side."""
    return float((row["measured"] - row["threshold"]) * (1 if row["direction"] == "higher" else -1))


def verdict_without_p(parts: Sequence[Mapping[str, Any]], trained: Sequence[str]) -> str | None:
    """The verdict on a claim of which nothing, or too few trainings, were measured; else None."""
    measured = [row for row in parts if "measured" in row]
    if not measured:
        states = {row["part"] for row in parts}
        return NOT_IN_STUDY if NOT_IN_STUDY in states else NOT_ASKED
    seeds = min(row["seeds"] for row in measured)
    if seeds < LEAST and {measured[0]["model"], measured[0]["baseline"]} & {*trained}:
        return f"{seeds} training{'s' if seeds > 1 else ''}, no verdict"
    return None


def claim_p(parts: Sequence[Mapping[str, Any]]) -> float:
    """The p-value of a claim, from those of its parts; NaN where one that would have to hold has none."""
    against = [row["p"] for row in parts if "measured" in row and side(row) <= 0 and not np.isnan(row["p"])]
    if against:
        return float(min(1.0, len(parts) * min(against)))
    every = [row.get("p", np.nan) for row in parts]
    return float("nan") if np.isnan(every).any() else float(max(every))


def verdict(parts: Sequence[Mapping[str, Any]], p: float) -> str:
    """supported where every part lies on the claimed side, contradicted where one does not; by Holm's p-value."""
    if not p < LEVEL:
        return UNDECIDED
    return SUPPORTED if all("measured" in row and side(row) > 0 for row in parts) else CONTRADICTED


def holm(values: Sequence[float], family: int) -> list[float]:
    """Holm's adjusted p-values among `family` claims, in the order given; NaN stays NaN, and counts as a claim whose p
    is 1."""
    order = sorted((i for i, p in enumerate(values) if not np.isnan(p)), key=lambda i: values[i])
    adjusted, largest = [float("nan")] * len(values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (family - rank) * values[i]))
        adjusted[i] = largest
    return adjusted
