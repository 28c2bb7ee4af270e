"""The finding of a study in two sentences: what its verdicts say, and which models lead. True whatever they are."""

from collections.abc import Sequence

import pandas as pd

from vernacular.evaluation.seeds import LEAST
from vernacular.evaluation.verdicts import CONTRADICTED, NOT_ASKED, NOT_IN_STUDY, SUPPORTED, UNDECIDED
from vernacular.language.languages import ENGLISH

TESTED = (SUPPORTED, CONTRADICTED, UNDECIDED)


def findings(scores: pd.DataFrame, claims: pd.DataFrame | None) -> list[str]:
    """The two sentences. scores: rows of tables/scores.csv, over the seeds where there are several; claims: rows of
    tables/claims.csv and costs/claims.csv. Without claims one sentence is about accuracy, the other about LCPR."""
    leads = [leading(scores, "accuracy", "accuracy"), leading(scores, "lcpr", "LCPR")]
    if claims is None or claims.empty:
        return [f"{place(scores)}, {leads[0]}.", f"On the same questions, {leads[1]}."]
    return [of_claims(claims), f"{place(scores)}, {leads[0]}; {leads[1]}."]


def of_claims(claims: pd.DataFrame) -> str:
    """How many claims have which verdict, in a sentence."""
    every = claims.drop_duplicates("claim")
    verdicts = every["verdict"]
    untold = int((~verdicts.isin([*TESTED, NOT_IN_STUDY, NOT_ASKED])).sum())  # as "1 training, no verdict"
    few = f"no verdict, since that needs {LEAST} trainings of each model"
    said = [with_statements(every[verdicts == verdict], verdict) for verdict in TESTED if (verdicts == verdict).any()]
    tested = int(verdicts.isin(TESTED).sum())
    if tested:
        rest = f"; {number_of(untold, 'more claim')} {be(untold, 'has', 'have')} {few}" if untold else ""
        if tested == 1:
            return f"The one claim tested here {said[0].removeprefix('1 ')}{rest}."
        return f"Of {tested} claims tested here, {listed(said)}{rest}."
    if untold:
        return f"{number_of(untold, 'claim')} could be measured here, but {be(untold, 'has', 'have')} {few}."
    if (verdicts == NOT_ASKED).all():
        return "No claim was tested here."
    return "None of the claims is about models and benchmarks of this study."


def with_statements(claims: pd.DataFrame, verdict: str) -> str:
    """`1 is supported (its sentence)`; the sentences of one or two claims that are decided."""
    count = len(claims)
    quoted = verdict != UNDECIDED and count <= 2
    statements = "; ".join(f"“{text.rstrip('.')}”" for text in claims["statement"])
    return f"{count} {be(count, 'is', 'are')} {verdict}{f' ({statements})' if quoted else ''}"


def be(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def number_of(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def main_rows(scores: pd.DataFrame) -> pd.DataFrame:
    """The rows of the first benchmark that average the languages other than English; else those in English."""
    first = scores[scores["benchmark"] == scores["benchmark"].iloc[0]]
    group = "all" if (first["language"] == "all").any() else ENGLISH
    return first[first["language"] == group]


def place(scores: pd.DataFrame) -> str:
    rows = main_rows(scores)
    where = "on average over the languages other than English" if rows["language"].iloc[0] == "all" else "in English"
    return f"On {rows['benchmark'].iloc[0]}, {where}"


def leading(scores: pd.DataFrame, metric: str, name: str) -> str:
    """Which model has the highest value of a rate, with its interval, and whether those of others overlap with it."""
    rows = main_rows(scores).dropna(subset=[metric])
    if rows.empty:
        return f"no model has a measured {name}"
    article = "an" if name[0] in "aeiouL" else "a"
    if len(rows) == 1:
        row = rows.iloc[0]
        return f"{row['model']} has {article} {name} of {row[metric]:.3f}{interval_of(row, metric)}"
    best = rows[metric].max()
    if best == 0:
        return f"no model has {article} {name} above 0"
    leaders, others = rows[rows[metric] == best], rows[rows[metric] < best]
    if others.empty:
        return f"all models have the same {name}, {best:.3f}"
    if len(leaders) > 1:
        return f"{listed(list(leaders['model']))} share the highest {name}, {best:.3f}"
    first = leaders.iloc[0]
    near = int((others[f"{metric}_high"] >= first[f"{metric}_low"]).sum())
    which = "the other model's" if len(others) == 1 else f"those of {near} of the {len(others)} other models"
    overlap = f", which overlaps with {which}" if near else ""
    return f"{first['model']} has the highest {name}, {best:.3f}{interval_of(first, metric)}{overlap}"


def interval_of(row: pd.Series, metric: str) -> str:
    low, high = row[f"{metric}_low"], row[f"{metric}_high"]
    return "" if pd.isna(low) else f" (95 % interval {low:.3f} to {high:.3f})"
