"""SLAM's tables against slow, obvious computations."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slam_scores import (
    DRAWS,
    IDS,
    LANGUAGES,
    MSD,
    OPTIONS,
    answers,
    cost,
    frame,
    parameters,
    planted,
    probe_rows,
    slow_interval,
)

from vernacular.evaluation.statistics import draw_weights
from vernacular.report.slam_tables import (
    COST_COLUMNS,
    SLAM_COLUMNS,
    SWEEP_COLUMNS,
    slam_costs,
    slam_table,
    spearman,
    sweep_table,
)


def test_paired_intervals_against_a_direct_computation():
    right = answers(["reasoner", "two-stage", "slam"])
    frames = {(model, "mini", 0): frame(table) for model, table in right.items()}
    table = slam_table(frames, parameters("two-stage", "slam"), OPTIONS)
    assert tuple(table.columns) == SLAM_COLUMNS
    row = table.set_index("model").loc["slam"]

    english, mean, changes, means, over = [], [], [], [], []
    for weights in draw_weights("mini", IDS, DRAWS):
        drawn = [i for i, times in enumerate(weights.astype(int)) for _ in range(times)]
        of = {m: [sum(t[i, j] for i in drawn) / len(drawn) for j in range(3)] for m, t in right.items()}
        english.append(of["slam"][1])
        mean.append(sum(of["slam"]) / 3)
        changes.append(of["slam"][1] - of["reasoner"][1])
        means.append(sum(of["slam"]) / 3 - sum(of["reasoner"]) / 3)
        over.append(sum(of["slam"]) / 3 - sum(of["two-stage"]) / 3)
    found = {
        "accuracy_en": (right["slam"][:, 1].mean(), english),
        "accuracy_mean": (right["slam"].mean(), mean),
        "change_en": (right["slam"][:, 1].mean() - right["reasoner"][:, 1].mean(), changes),
        "change_mean": (right["slam"].mean() - right["reasoner"].mean(), means),
        "over_baseline": (right["slam"].mean() - right["two-stage"].mean(), over),
    }
    for name, (point, draws) in found.items():
        low, high = slow_interval(draws)
        assert row[name] == pytest.approx(point, abs=1e-6)
        assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx((low, high), abs=2e-6)
        assert low < high
    assert row["n"] == IDS * len(LANGUAGES)


def test_pairing_narrows_the_interval_of_a_difference():
    """Two models that fail on the same questions but for one: unpaired, the interval would be ten times as wide."""
    right = np.random.default_rng(5).random((IDS, 1)) < np.full((IDS, 3), 0.5)
    better = right.copy()
    better[np.flatnonzero(~right[:, 0])[0]] = True
    frames = {("reasoner", "mini", 0): frame(right), ("two-stage", "mini", 0): frame(better)}
    row = slam_table(frames, parameters("two-stage"), OPTIONS).iloc[1]
    assert row["change_mean"] == pytest.approx(1 / IDS, abs=1e-6)
    assert row["change_mean_low"] == 0
    assert row["change_mean_high"] - row["change_mean_low"] <= 4 / IDS
    assert row["accuracy_mean_high"] - row["accuracy_mean_low"] > 8 / IDS


def test_an_equal_of_the_reference_has_changed_by_nothing():
    right = answers(["reasoner", "two-stage"])
    frames = {(m, "mini", 0): frame(t) for m, t in {**right, "copy": right["reasoner"]}.items()}
    table = slam_table(frames, parameters("two-stage", "copy"), OPTIONS).set_index("model")
    zero = [f"{name}{suffix}" for name in ("change_en", "change_mean") for suffix in ("", "_low", "_high")]
    for model in ("reasoner", "copy"):
        assert table.loc[model, zero].tolist() == [0.0] * 6
    assert table.loc["two-stage", ["over_baseline", "over_baseline_low", "over_baseline_high"]].tolist() == [0.0] * 3
    assert "-0.0," not in table.to_csv() and "-0.0\n" not in table.to_csv()
    assert table["tuned_share"].isna().to_dict() == {"reasoner": True, "two-stage": False, "copy": False}
    assert table.loc["copy", "tuned_share"] == 0.0625


def test_the_mean_includes_english_and_weighs_languages_alike():
    # English: 4 questions, all right; de: the same ids, none right; sw: only two of the ids, one right.
    whole = frame(np.array([[0, 1, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0]], bool))
    scores = whole[~((whole["language"] == "sw") & whole["id"].isin(["q02", "q03"]))]
    frames = {(model, "mini", 0): scores for model in ("reasoner", "two-stage")}
    row = slam_table(frames, parameters("two-stage"), OPTIONS).iloc[0]
    assert (row["accuracy_en"], row["accuracy_mean"], row["n"]) == (1.0, 0.5, 10)


def test_seeds_and_benchmarks_are_compared_within_themselves():
    right = answers(["a", "b", "c", "d"])
    frames = {
        ("reasoner", "mini", 0): frame(right["a"]), ("two-stage", "mini", 0): frame(right["b"]),
        ("reasoner", "mini", 1): frame(right["c"]), ("two-stage", "mini", 1): frame(right["d"]),
        ("reasoner", "other", 1): frame(right["d"]), ("two-stage", "other", 1): frame(right["d"]),
    }  # fmt: skip
    table = slam_table(frames, parameters("two-stage") | parameters("two-stage", seed=1), OPTIONS)
    assert list(zip(table["model"], table["benchmark"], table["seed"], strict=True)) == list(frames)
    expected = [right["b"].mean() - right["a"].mean(), right["d"].mean() - right["c"].mean(), 0.0]
    assert table["change_mean"].tolist()[1::2] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "reasonr"}, "^mini, seed 0: no scores of 'reasonr', slam.reference; add it"),
        ({"baseline": "lora"}, "^mini, seed 0: no scores of 'lora', slam.baseline; add it"),
        ({"questions": 29}, "^mini: .*reasoner.* and .*slam.* were scored on different questions"),
        ({"languages": ["de", "en", "th"]}, "^mini: .*reasoner.* and .*slam.* were scored on different languages"),
        ({"english": False}, "^mini: scored in languages without 'en'; add"),
        ({"costs": {}}, "^slam, seed 0: no costs with trainable and total parameters"),
        ({"costs": {("slam", 0): {"total_parameters": 3}}}, "^slam, seed 0: no costs with trainable"),
    ],
)
def test_broken_tables_are_refused(change, message):
    right = answers(["reasoner", "slam"])
    languages = change.get("languages", LANGUAGES)
    frames = {
        ("reasoner", "mini", 0): frame(right["reasoner"]),
        ("slam", "mini", 0): frame(right["slam"][: change.get("questions", IDS)], languages),
    }
    if not change.get("english", True):
        frames = {key: scores[scores["language"] != "en"] for key, scores in frames.items()}
    models = {role: change[role] for role in ("reference", "baseline") if role in change}
    options = replace(OPTIONS, **{"baseline": "slam", **models})
    with pytest.raises(ValueError, match=message) as error:
        slam_table(frames, change.get("costs", parameters("slam")), options)
    assert "\n" not in str(error.value)


CHAINS = {"two-stage": ["question-alignment", "two-stage"], "slam": ["slam"], "reasoner": ["reasoner"]}
COSTS = {
    ("question-alignment", 1): cost(200, 2_000_000, peak=900, optimizer=80),
    ("two-stage", 1): cost(100, 4_000_000, peak=800, optimizer=90),
    ("slam", 1): cost(40, 1_000_000, peak=300, optimizer=7),
    ("reasoner", 1): cost(77, 77),
}


def test_costs_add_up_over_the_stages():
    table = slam_costs(COSTS, replace(OPTIONS, chains=CHAINS))
    assert tuple(table.columns) == COST_COLUMNS
    two, slam = table.to_dict("records")
    assert two == {
        "study": "s", "model": "two-stage", "seed": 1, "stages": "question-alignment + two-stage", "seconds": 300,
        "tokens": 6_000_000, "peak_memory": 900, "optimizer_bytes": 90, "seconds_per_million_tokens": 50,
        "speedup_at_budget": 1, "speedup_at_equal_tokens": 1,
    }  # fmt: skip
    assert (slam["stages"], slam["seconds"], slam["seconds_per_million_tokens"]) == ("slam", 40, 40)
    assert (slam["speedup_at_budget"], slam["speedup_at_equal_tokens"]) == (7.5, 1.25)
    assert (slam["peak_memory"], slam["optimizer_bytes"]) == (300, 7)


@pytest.mark.parametrize(
    ("costs", "chains", "message"),
    [
        (COSTS, {"slam": ["slam"]}, "^chains: no baseline 'two-stage' among slam"),
        (COSTS, CHAINS | {"slam": []}, "^chains: slam counts no stage"),
        (COSTS, CHAINS | {"slam": ["slam", "lora"]}, "^chains: slam counts slam . lora; .* itself last"),
        (COSTS, CHAINS | {"slam": ["reasoner", "slam"]}, "^chains: slam counts reasoner . slam; .*'reasoner' does not"),
        (COSTS, CHAINS | {"lora": ["lora"]}, "^costs of lora, seed 1: seconds is missing"),
        (COSTS | {("slam", 2): cost(1, 1)}, CHAINS, "^costs of two-stage, seed 2|^costs of question-alignment, seed 2"),
        (COSTS | {("slam", 1): cost(1, 0)}, CHAINS, "^costs of slam, seed 1: tokens is 0"),
        (COSTS | {("slam", 1): cost(float("nan"), 1)}, CHAINS, "^costs of slam, seed 1: seconds is nan"),
    ],
)
def test_broken_costs_are_refused(costs, chains, message):
    with pytest.raises(ValueError, match=message) as error:
        slam_costs(costs, replace(OPTIONS, chains=chains))
    assert "\n" not in str(error.value)


def test_a_planted_correlation_is_found():
    frames, tuned = planted([28, 21, 7, 14])
    table = sweep_table(frames, {0: pd.DataFrame(probe_rows(MSD))}, tuned, OPTIONS)
    assert tuple(table.columns) == SWEEP_COLUMNS
    assert table["layer"].tolist() == [0, 1, 2, 3] and table["model"].tolist() == [f"sweep-{i}" for i in range(4)]
    assert table["msd"].tolist() == MSD
    assert table["msd_rank"].tolist() == table["gain_rank"].tolist() == [1, 2, 4, 3]
    assert table["gain"].tolist() == pytest.approx([28 / 30, 21 / 30, 7 / 30, 14 / 30], abs=1e-6)
    assert (table["gain_low"] < table["gain"]).all() and (table["gain"] < table["gain_high"]).all()
    # Nested sets of right answers: every draw keeps their order, but for ties that leave out all that tells them apart.
    assert table[["spearman", "spearman_high"]].to_numpy().tolist() == [[1.0, 1.0]] * 4
    assert (table["spearman_low"] > 0.9).all()

    frames, tuned = planted([7, 14, 28, 21])
    turned = sweep_table(frames, {0: pd.DataFrame(probe_rows(MSD))}, tuned, OPTIONS)
    assert turned["spearman"].tolist() == [-1.0] * 4


def test_the_interval_of_the_correlation_against_a_direct_computation():
    right = answers([f"sweep-{i}" for i in range(4)], {f"sweep-{i}": r for i, r in enumerate((0.5, 0.55, 0.4, 0.45))})
    frames = {("reasoner", "mini", 0): frame(answers(["m"], {"m": 0.4})["m"])}
    frames |= {(model, "mini", 0): frame(table) for model, table in right.items()}
    found = sweep_table(frames, {0: pd.DataFrame(probe_rows(MSD))}, {(m, 0): int(m[-1]) for m in right}, OPTIONS).iloc[
        0
    ]
    reference, draws = answers(["m"], {"m": 0.4})["m"], []
    for weights in draw_weights("mini", IDS, DRAWS):
        gains = [round(float((weights @ (t.astype(int) - reference).mean(axis=1)) / IDS), 6) for t in right.values()]
        draws.append(pd.Series(MSD).rank().corr(pd.Series(gains).rank()))
    low, high = np.nanquantile(draws, [0.025, 0.975])
    assert (found["spearman_low"], found["spearman_high"]) == pytest.approx((low, high), abs=1e-6)
    assert found["spearman"] == pytest.approx(0.8) and low < 0.5


def test_what_is_constant_correlates_with_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for counts, msd in (([9, 9, 9, 9], MSD), ([9, 8, 7, 6], [0.1] * 4)):
            frames, tuned = planted(counts)
            table = sweep_table(frames, {0: pd.DataFrame(probe_rows(msd))}, tuned, OPTIONS)
            assert table[["spearman", "spearman_low", "spearman_high"]].isna().all(axis=None)
    assert table["msd_rank"].tolist() == [1] * 4


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=9))
@settings(max_examples=60, deadline=None)
def test_spearman_is_pandas_own_of_ranks(pairs):
    left, right = np.array(pairs, float).T
    found = spearman(left[None], np.stack([right, -right, left]))
    constant = len(set(left)) == 1 or len(set(right)) == 1
    assert np.isnan(found[0]) == constant
    if not constant:
        expected = np.corrcoef(pd.Series(left).rank(), pd.Series(right).rank())[0, 1]
        assert found == pytest.approx([expected, -expected, 1.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probes": {1: pd.DataFrame(probe_rows(MSD))}}, "^seed 0: no probe.parquet"),
        ({"probes": {0: pd.DataFrame(probe_rows(MSD[:3]))}}, "^seed 0: sweep-3 tunes layer 3, .* the layers 0 to 2"),
        ({"tuned": {("sweep-3", 0): 2}}, "^mini, seed 0: sweep-2 and sweep-3 both tune layer 2"),
        ({"tuned": {("sweep-9", 0): 9}}, "^mini, seed 0: sweep-9 tunes a layer, but has no scores"),
        ({"without": "sweep-1"}, "^mini, seed 0: sweep-1 was scored, but has no layers.json"),
        ({"reference": "base"}, "^mini, seed 0: reasoner was scored, but has no layers.json"),
        ({"unscored": ["reasoner"]}, "^mini, seed 0: no scores of 'reasoner', slam.reference"),
        ({"unscored": [f"sweep-{i}" for i in range(4)]}, "^mini, seed 0: no model that tunes a layer was scored"),
    ],
)
def test_broken_sweeps_are_refused(change, message):
    frames, tuned = planted([28, 21, 7, 14])
    frames = {key: scores for key, scores in frames.items() if key[0] not in change.get("unscored", [])}
    tuned = {key: layer for key, layer in (tuned | change.get("tuned", {})).items() if key[0] != change.get("without")}
    probes = change.get("probes", {0: pd.DataFrame(probe_rows(MSD))})
    with pytest.raises(ValueError, match=message) as error:
        sweep_table(frames, probes, tuned, replace(OPTIONS, reference=change.get("reference", "reasoner")))
    assert "\n" not in str(error.value)
