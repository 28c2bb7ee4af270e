"""The tables of docs/small.md and docs/evidence.md are those of the committed files.

`python tests/unit/test_measured_tables.py PART` prints the tables of a part as they have to be there: of a part of the
small scale (docs/small/PART-*.csv) or of an evidence study (docs/evidence/PART/claims.csv).
"""

import sys
from pathlib import Path

import pandas as pd
import pytest

DOCS = Path(__file__).parents[2] / "docs"
SMALL = sorted(path.name.removesuffix("-scores.csv") for path in (DOCS / "small").glob("*-scores.csv"))
EVIDENCE = sorted(path.parent.name for path in (DOCS / "evidence").glob("*/claims.csv"))


def between(row: pd.Series, metric: str) -> str:
    return f"{row[metric]:.3f} [{row[f'{metric}_low']:.3f}, {row[f'{metric}_high']:.3f}]"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows]]


def score_tables(part: str) -> list[str]:
    """Two tables: each model over all languages but English, and its accuracy and LCPR language by language."""
    scores = pd.read_csv(DOCS / "small" / f"{part}-scores.csv")
    models = list(dict.fromkeys(scores["model"]))
    found = scores.set_index(["model", "language"])
    languages = [name for name in scores["language"].unique() if name not in ("all", "in-domain", "out-of-domain")]
    overall = [
        [f"`{model}`", *(between(found.loc[model, "all"], metric) for metric in ("accuracy", "lcpr"))]
        + [f"{found.loc[(model, 'all'), name]:.3f}" for name in ("code_switch_rate", "abstained_rate")]
        + [f"{found.loc[(model, 'all'), 'tokens_mean']:.1f}"]
        for model in models
    ]
    each = [
        [f"`{model}`"]
        + [f"{found.loc[(model, name), 'accuracy']:.2f} / {found.loc[(model, name), 'lcpr']:.2f}" for name in languages]
        for model in models
    ]
    head = ["model", "accuracy", "LCPR", "code-switching", "no language found", "tokens"]
    return [*table(head, overall), "", *table(["accuracy / LCPR", *languages], each)]


def measured(rows: pd.DataFrame) -> str:
    """A difference with its interval: over problems and seeds where there are enough seeds, else over problems."""
    (row,) = rows.to_dict("records")
    digits = 2 if row["metric"].startswith("tokens") else 3
    low, high = ("low", "high") if pd.isna(row["seeds_low"]) else ("seeds_low", "seeds_high")
    return f"{row['measured']:.{digits}f} [{row[low]:.{digits}f}, {row[high]:.{digits}f}]"


def claim_table(part: str) -> list[str]:
    """A row for each claim that the seeds measured and each of its metrics, a column for each benchmark."""
    claims = pd.read_csv(DOCS / "evidence" / part / "claims.csv")
    claims = claims[claims["measured"].notna()]
    benchmarks = list(dict.fromkeys(claims["benchmark"]))
    rows = []
    for (claim, metric), parts in claims.groupby(["claim", "metric"], sort=False):
        published = parts["published"].dropna()
        rows.append(
            [f"`{claim}`", f"`{metric}`", f"{published.iloc[0]:+.3f}" if len(published) else ""]
            + [measured(parts[parts["benchmark"] == benchmark]) for benchmark in benchmarks]
            + [f"{parts['detectable'].max():.3f}", parts["verdict"].iloc[0]]
        )
    return table(["claim", "metric", "published", *benchmarks, "seen in 80 %", "verdict"], rows)


@pytest.mark.parametrize("part", SMALL)
def test_the_small_scales_tables_are_those_of_the_files(part: str) -> None:
    assert "\n".join(score_tables(part)) in (DOCS / "small.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", EVIDENCE)
def test_the_table_of_claims_is_that_of_the_seeds(part: str) -> None:
    assert "\n".join(claim_table(part)) in (DOCS / "evidence.md").read_text(encoding="utf-8")


def test_what_was_measured_is_there() -> None:
    assert {"merges", "slam"} <= {*SMALL}


if __name__ == "__main__":
    part = sys.argv[1]
    print("\n".join(score_tables(part) if part in SMALL else claim_table(part)))
