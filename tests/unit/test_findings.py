"""The two sentences of the finding: true for whatever verdicts and scores there are."""

from typing import Any

import pandas as pd
import pytest

from vernacular.report.findings import findings


def scores(rates: dict[str, tuple[float, float]], language: str = "all", wide: float = 0.05) -> pd.DataFrame:
    """Rows of tables/scores.csv: model -> accuracy and LCPR, with intervals of that half-width."""
    rows = []
    for model, values in rates.items():
        row: dict[str, Any] = {"model": model, "benchmark": "mini", "language": language}
        for metric, value in zip(("accuracy", "lcpr"), values, strict=True):
            row |= {metric: value, f"{metric}_low": value - wide, f"{metric}_high": value + wide}
        rows.append(row)
    return pd.DataFrame(rows)


def claims(*verdicts: str) -> pd.DataFrame:
    rows = [{"claim": f"c{n}", "statement": f"Claim {n}.", "verdict": verdict} for n, verdict in enumerate(verdicts)]
    return pd.DataFrame([row for row in rows for _ in range(2)])  # a claim has a row for each of its parts


TWO = scores({"a": (0.5, 0.9), "b": (0.7, 0.2)})


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        (["supported"], "The one claim tested here is supported (“Claim 0”)."),
        (
            ["supported", "contradicted", "undecided", "undecided", "not in this study"],
            "Of 4 claims tested here, 1 is supported (“Claim 0”), 1 is contradicted (“Claim 1”) and 2 are undecided.",
        ),
        (["undecided"] * 3, "Of 3 claims tested here, 3 are undecided."),
        (["supported"] * 3, "Of 3 claims tested here, 3 are supported."),
        (
            ["contradicted", "1 training, no verdict"],
            "The one claim tested here is contradicted (“Claim 0”); 1 more claim has no verdict, since that needs 5 "
            "trainings of each model.",
        ),
        (
            ["1 training, no verdict"] * 2 + ["not asked for"],
            "2 claims could be measured here, but have no verdict, since that needs 5 trainings of each model.",
        ),
        (["not in this study"] * 2, "None of the claims is about models and benchmarks of this study."),
        (["not asked for"], "No claim was tested here."),
    ],
)
def test_what_the_verdicts_say(verdicts: list[str], sentence: str) -> None:
    found = findings(TWO, claims(*verdicts))
    assert len(found) == 2 and found[0] == sentence


def test_which_models_lead() -> None:
    assert findings(TWO, claims("undecided"))[1] == (
        "On mini, on average over the languages other than English, b has the highest accuracy, 0.700 (95 % interval "
        "0.650 to 0.750); a has the highest LCPR, 0.900 (95 % interval 0.850 to 0.950)."
    )
    first, second = findings(TWO, None)
    assert first.endswith("b has the highest accuracy, 0.700 (95 % interval 0.650 to 0.750).")
    assert second.startswith("On the same questions, a has the highest LCPR")


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        ({"a": (0.5, 0.9)}, "a has an accuracy of 0.500 (95 % interval 0.450 to 0.550); a has an LCPR of 0.900"),
        ({"a": (0.0, 0.1), "b": (0.0, 0.1)}, "no model has an accuracy above 0; all models have the same LCPR, 0.100"),
        (
            {"a": (0.5, 0.1), "b": (0.5, 0.3), "c": (0.2, 0.3)},
            "a and b share the highest accuracy, 0.500; b and c share",
        ),
        ({"a": (0.5, 0.1), "b": (0.42, 0.0)}, "0.550), which overlaps with the other model's; a has the highest LCPR"),
        ({"a": (0.5, 0.9), "b": (0.42, 0), "c": (0.1, 0)}, "which overlaps with those of 1 of the 2 other models;"),
        ({"a": (0.5, float("nan"))}, "no model has a measured LCPR."),
    ],
)
def test_ties_zeros_overlaps_and_one_model(rates: dict[str, tuple[float, float]], words: str) -> None:
    assert words in findings(scores(rates), claims("undecided"))[1]


def test_only_english_was_asked_and_means_without_intervals() -> None:
    rows = scores({"a": (0.5, 0.9)}, "en").assign(accuracy_low=None, accuracy_high=None)
    assert findings(rows, None)[0] == "On mini, in English, a has an accuracy of 0.500."
