"""Tables of several seeds: means, intervals over seeds from five on, and how many there are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from score_rows import write_frames
from scripts import run_script
from slam_scores import LANGUAGES, OPTIONS, answers, cost, frame

from vernacular.evaluation.options import SummaryOptions
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.seeds import t_quantile, with_means
from vernacular.report.language_scores import languages_table

MODELS = ["reasoner", "two-stage", "slam"]


def write_study(folder: Path, seeds: int) -> tuple[list[Path], list[Path]]:
    """(score files, cost files) of a study whose models answer differently with each seed."""
    scores, costs = [], []
    for seed in range(1, seeds + 1):
        random = np.random.default_rng(seed)
        frames = {
            (model, "mini", seed): frame(right & (random.random(right.shape) < 0.9))
            for model, right in answers(MODELS).items()
        }
        scores += write_frames(folder, frames)
        for model in MODELS:
            path = folder / f"costs/seed-{seed}/{model}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            row = {**cost(9, 9), "trainable_parameters": 25 * seed, "total_parameters": 400}
            pd.DataFrame([row]).to_csv(path, index=False)
            costs.append(path)
    return scores, costs


def asked() -> dict[str, dict]:
    return {f"{m}/mini": {"languages": LANGUAGES, "questions": None, "questions_en": None} for m in MODELS}


def make_table(folder: Path, seeds: int) -> pd.DataFrame:
    scores, _ = write_study(folder, seeds)
    options = SummaryOptions(asked(), "s", "miniature", 200, in_domain=["de"])
    out = folder / "scores.csv"
    assert run_script("make_table", *scores, "--options", options.to_json(), "--out", out) == 0
    return pd.read_csv(out)


def test_one_seed_has_no_mean(tmp_path: Path) -> None:
    table = make_table(tmp_path, 1)
    assert set(table["seeds"]) == {1} and set(table["seed"]) == {1}


def test_two_seeds_have_a_mean_and_no_interval(tmp_path: Path) -> None:
    table = make_table(tmp_path, 2)
    means, single = table[table["seed"] == "mean"], table[table["seed"] != "mean"]
    assert set(means["seeds"]) == {2} and set(single["seeds"]) == {1} and 2 * len(means) == len(single)
    keys = ["model", "benchmark", "language"]
    expected = single.groupby(keys)[list(RATES)].mean().round(6)
    pd.testing.assert_frame_equal(means.set_index(keys)[list(RATES)].sort_index(), expected.sort_index(), atol=1e-6)
    ends = [f"{rate}{end}" for rate in RATES for end in ("_low", "_high")]
    assert means[ends].isna().all(axis=None) and single[ends].notna().all(axis=None)
    shown = languages_table(tmp_path / "scores.csv").set_index(["model", "benchmark", "language"])["accuracy"]
    assert len(shown) == 3 * len(LANGUAGES)
    assert shown.to_dict() == pytest.approx({key: expected.loc[key, "accuracy"] for key in shown.index}, abs=1e-6)


def test_five_seeds_have_an_interval(tmp_path: Path) -> None:
    table = make_table(tmp_path, 5)
    chosen = table[(table["model"] == "slam") & (table["language"] == "sw")]
    values = chosen.loc[chosen["seed"] != "mean", "accuracy"].to_numpy()
    row = chosen[chosen["seed"] == "mean"].iloc[0]
    half = t_quantile(4) * values.std(ddof=1) / np.sqrt(5)
    assert row["seeds"] == 5 and row["accuracy"] == pytest.approx(values.mean(), abs=1e-5)
    assert row["accuracy_high"] - row["accuracy_low"] == pytest.approx(2 * half, abs=1e-5)


def test_the_table_of_slam_too(tmp_path: Path) -> None:
    scores, costs = write_study(tmp_path, 5)
    out, options = tmp_path / "slam.csv", replace(OPTIONS, asked=asked()).to_json()
    arguments = (*scores, "--costs", *costs, "--options", options, "--out", out)
    assert run_script("make_slam_table", *arguments) == 0
    table = pd.read_csv(out).query("seed == 'mean'").set_index("model")
    assert set(table["seeds"]) == {5} and list(table.index) == MODELS
    assert table.loc["slam", "tuned_share"] == pytest.approx(25 * 3 / 400) and pd.isna(
        table.loc["reasoner", "tuned_share"]
    )
    assert table.loc["slam", "over_baseline_low"] < table.loc["slam", "over_baseline"]


def test_counts_are_added_up() -> None:
    """And a rate that one of the seeds lacks has no mean."""
    rows = pd.DataFrame({"model": "m", "seed": [1, 2], "rate": [0.5, np.nan], "answer_n": [4, 0]})
    table = with_means(rows, ["model"], ["rate"], ["answer_n"])
    assert table["answer_n"].tolist() == [4, 0, 4] and table["answer_n"].dtype == np.int64
    assert pd.isna(table["rate"].iloc[-1])


def test_what_has_no_value_stays_so() -> None:
    rows = [
        {"model": "m", "seed": seed, "n": 4, "gain": np.nan, "gain_low": np.nan, "gain_high": np.nan} for seed in (1, 2)
    ]
    mean = with_means(pd.DataFrame(rows), ["model"], ["gain"]).iloc[-1]
    assert mean["seed"] == "mean" and pd.isna(mean["gain"]) and mean["seeds"] == 2 and mean["n"] == 4
