"""The tables of docs/small.md are those that the parts wrote, docs/small/PART-*.csv.

`python tests/unit/test_small_docs.py PART` prints a part's tables as they have to be there.
"""

import sys
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "small"
PARTS = sorted(path.name.removesuffix("-scores.csv") for path in FOLDER.glob("*-scores.csv"))


def between(row: pd.Series, metric: str) -> str:
    return f"{row[metric]:.3f} [{row[f'{metric}_low']:.3f}, {row[f'{metric}_high']:.3f}]"


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows]]


def tables_of(part: str) -> list[str]:
    """Two tables: each model over all languages but English, and its accuracy and LCPR language by language."""
    scores = pd.read_csv(FOLDER / f"{part}-scores.csv")
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


def test_the_parts_that_were_run_are_there() -> None:
    assert {"merges", "slam"} <= {*PARTS}


@pytest.mark.parametrize("part", PARTS)
def test_the_tables_are_those_of_the_files(part: str) -> None:
    text = (FOLDER.parent / "small.md").read_text(encoding="utf-8")
    assert "\n".join(tables_of(part)) in text


if __name__ == "__main__":
    print("\n".join(tables_of(sys.argv[1])))
