"""Claims: verdicts on made-up scores of known truth, coverage, several seeds."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_scores import OPTIONS, answers, claim, frame, made, verdict
from slam_scores import cost, probe_rows

from vernacular.evaluation.claims import claims_table, timed_table
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.seeds import seed_interval, t_quantile, t_within
from vernacular.evaluation.statistics import problem_parts
from vernacular.evaluation.verdicts import claim_p, holm

# --- verdicts


@pytest.mark.parametrize(
    ("new", "old", "direction", "threshold", "expected"),
    [
        (0.8, 0.4, "higher", 0, "supported"),
        (0.4, 0.8, "higher", 0, "contradicted"),
        (0.4, 0.8, "lower", 0, "supported"),
        (0.6, 0.6, "higher", 0, "undecided"),
        (0.6, 0.6, "higher", -0.3, "supported"),  # loses no more than that
        (0.4, 0.8, "higher", -0.1, "contradicted"),
    ],
)
def test_verdicts_follow_the_scores(new: float, old: float, direction: str, threshold: float, expected: str) -> None:
    row = verdict(made({"new": new, "old": old}), direction=direction, threshold=threshold)
    part = {"supported": "as claimed", "contradicted": "against it", "undecided": "open"}[expected]
    assert (row["verdict"], row["part"]) == (expected, part)
    assert row["low"] <= row["measured"] <= row["high"] and row["measured"] == pytest.approx(new - old, abs=0.1)
    assert row["n"] == 160 and row["seeds"] == 1 and np.isnan(row["seeds_low"])
    trained = replace(OPTIONS, trained=["new"])
    row = claims_table({"c": claim(direction=direction)}, made({"new": new, "old": old}), {}, trained).iloc[0]
    assert row["verdict"] == "1 training, no verdict" and np.isnan(row["p_holm"]) and row["p"] <= 1


def test_a_claim_on_two_metrics_needs_both() -> None:
    random = np.random.default_rng(1)
    passes = {"new": answers(random, 0.9), "old": answers(random, 0.3)}
    frames = {(m, "mini", 0): frame(answers(random, 0.5), ["de", "en", "fr"], line) for m, line in passes.items()}
    table = claims_table({"c": claim(metrics=["accuracy", "lcpr"])}, frames, {}, OPTIONS)
    assert table["part"].tolist() == ["open", "as claimed"] and set(table["verdict"]) == {"undecided"}
    assert set(table["claim_p"]) == {max(table["p"])} if (table["measured"] > 0).all() else {1.0}


def test_languages_of_one_model() -> None:
    """Collapse: the model is right in English alone."""
    right = np.zeros((60, 3, 1), bool)
    right[:, 1] = True  # en
    row = verdict({("new", "mini", 0): frame(right, ["de", "en", "fr"])}, baseline=None, than=["en"], direction="lower")
    assert row["measured"] == -1 and row["verdict"] == "supported" and row["languages"] == "all against en"


def test_gains_that_differ_between_languages() -> None:
    random = np.random.default_rng(2)
    old, new = answers(random, 0.4), answers(random, 0.4)
    new[:, 0] = True  # it gains in German, which is out-of-domain
    frames = {("new", "mini", 0): frame(new, ["de", "en", "fr"]), ("old", "mini", 0): frame(old, ["de", "en", "fr"])}
    row = verdict(frames, languages="out-of-domain", than="in-domain")
    gains = [new[:, place].mean() - old[:, place].mean() for place in (0, 2)]
    assert row["measured"] == pytest.approx(gains[0] - gains[1], abs=1e-6) and row["verdict"] == "supported"
    assert verdict(frames, languages=["fr", "te"], than=["de"])["measured"] == pytest.approx(-row["measured"])


def test_the_models_share_the_draws() -> None:
    """Two models that answer alike differ by exactly nothing, however much the questions vary."""
    right = answers(np.random.default_rng(3), 0.5)
    frames = {(model, "mini", 0): frame(right, ["de", "en", "fr"]) for model in ("new", "old")}
    row = verdict(frames)
    assert (row["measured"], row["p"], row["verdict"]) == (0, 1, "undecided")
    assert -0.06 < row["low"] < 0 < row["high"] < 0.06  # of 80 problems one in twenty may differ that was not seen


def test_questions_of_one_problem_count_once() -> None:
    """A hundred and sixty questions are eight problems, of which one model answers six and the other none."""
    right = np.repeat(np.arange(8) < 6, 20).reshape(160, 1, 1)
    frames = {("new", "mini", 0): frame(right, ["de"]), ("old", "mini", 0): frame(np.zeros_like(right), ["de"])}
    assert verdict(frames)["p"] < 0.001
    names = {name: f"p{int(name[1:]) // 20}" for name in frames["old", "mini", 0]["id"]}
    frames = {key: scores.assign(problem=scores["id"].map(names)) for key, scores in frames.items()}
    assert verdict(frames)["p"] == pytest.approx(2 / 2**6, abs=0.01)


def test_only_common_questions_count() -> None:
    frames = made({"new": 0.8, "old": 0.4})
    scores = frames["new", "mini", 0]
    frames["new", "mini", 0] = scores[(scores["id"] < "q0050") & (scores["language"] != "fr")]
    row = verdict(frames)
    assert row["n"] == 50
    common = frames["old", "mini", 0].query("id < 'q0050' and language == 'de'")["correct"].mean()
    own = frames["new", "mini", 0].query("language == 'de'")["correct"].mean()
    assert row["measured"] == pytest.approx(own - common, abs=1e-6)


def test_tokens() -> None:
    frames = made({"new": 0.5}, tokens=40) | made({"old": 0.5}, tokens=50)
    row = verdict(frames, metrics=["tokens_mean"], direction="lower")
    assert (row["measured"], row["low"], row["high"]) == (-10, -10, -10) and row["verdict"] == "supported"
    assert verdict(frames, metrics=["tokens_by_characters"], direction="lower")["measured"] == -7.5


def test_what_is_not_there_says_so() -> None:
    frames = made({"new": 0.8, "old": 0.4})
    row = verdict(frames, baseline="odl")
    assert row["verdict"] == row["part"] == "not in this study" and row["note"] == "no model 'odl'; did you mean 'old'?"
    assert np.isnan(row["measured"]) and np.isnan(row["p_holm"])
    table = claims_table({"c": claim(benchmarks=["mini", "*xnli*"])}, frames, {}, OPTIONS)
    assert table["part"].tolist() == ["as claimed", "not in this study"]
    assert set(table["verdict"]) == {"undecided"}  # one of its two parts is open
    table = claims_table({"c": claim(benchmarks=["mini", "*xnli*"], direction="lower")}, frames, {}, OPTIONS)
    assert set(table["verdict"]) == {"contradicted"}  # one is enough
    elsewhere = replace(OPTIONS, evaluated=["new", "old", "other"], complete=False)
    row = claims_table({"c": claim(baseline="other")}, frames, {}, elsewhere).iloc[0]
    assert row["verdict"] == "not asked for" and "snakemake claims --configfile FILE`, where FILE is" in row["note"]
    assert verdict(frames, languages=["te"])["verdict"] == "not in this study"


def test_published_figures_stand_beside_the_measured_ones() -> None:
    published = [
        {"figures": "5 against 3", "difference": 0.02, "benchmark": "*gsm*", "metric": None},
        {"figures": "4 against 3", "difference": 0.01, "benchmark": "m*", "metric": "accuracy"},
    ]
    row = verdict(made({"new": 0.8, "old": 0.4}), published=published)
    assert (row["published"], row["published_as"]) == (0.01, "4 against 3")


def test_holm_by_hand() -> None:
    values = [0.01, 0.04, 0.03, float("nan"), 0.005]
    assert holm(values, 4) == pytest.approx([0.03, 0.06, 0.06, float("nan"), 0.02], nan_ok=True)
    assert holm(values, 6) == pytest.approx([0.05, 0.12, 0.12, float("nan"), 0.03], nan_ok=True)
    assert holm([0.6, 0.7], 2) == [1, 1]


def test_a_claim_has_the_largest_p_of_its_parts_and_the_least_of_those_against_it_times_their_number() -> None:
    def part(measured: float, p: float) -> dict[str, Any]:
        return {"measured": measured, "threshold": 0, "direction": "higher", "p": p}

    assert claim_p([part(1, 0.01), part(2, 0.03), part(1, 0.02)]) == 0.03
    assert claim_p([part(1, 0.001), part(-2, 0.01), part(-1, 0.2)]) == 0.03
    assert np.isnan(claim_p([part(1, 0.001), {}])) and claim_p([part(-1, 0.001), {}]) == 0.002


def test_many_claims_of_a_paper_cost_significance_whether_or_not_they_are_measured() -> None:
    frames = made({"new": 0.66, "old": 0.55})
    assert 0.001 < verdict(frames)["p"] < 0.05 and verdict(frames)["verdict"] == "supported"
    of_many = replace(OPTIONS, families={"P": 30})
    alone = claims_table({"c": claim()}, frames, {}, of_many)
    table = claims_table({f"c{i}": claim() for i in range(30)}, frames, {}, of_many)
    assert {*alone["verdict"], *table["verdict"]} == {"undecided"} and (table["p"] < 0.05).all()


# --- intervals


def test_parts_by_problem_are_those_of_the_problems() -> None:
    """Of a mean they are the problems' own means; of any rate their mean is the rate."""
    random = np.random.default_rng(8)
    right, line = answers(random, 0.5), answers(random, 0.7)
    found = problem_parts({0: frame(right, ["de", "en", "fr"], line)}, "mini", {"g": ["de", "fr"]})[0]["g"]
    own = right[:, [0, 2]].mean(axis=(1, 2))
    assert np.allclose(found.values[:, RATES.index("accuracy")], own) and found.weight == pytest.approx(1)
    passed = line[:, [0, 2]].mean(axis=(0, 2))
    assert found.values[:, RATES.index("lcpr")].mean() == pytest.approx((2 * passed / (1 + passed)).mean())


def test_t_intervals_cover_the_truth() -> None:
    values = np.random.default_rng(6).normal(0.3, 0.1, (5, 1000))
    low, high = seed_interval(values)
    assert 930 <= ((low <= 0.3) & (high >= 0.3)).sum() <= 970
    assert np.isnan(seed_interval(values[:4])).all()


def test_students_t_by_tables() -> None:
    """Quantiles of 95 % between, as every table has them."""
    for freedom, t in {1: 12.706, 2: 4.303, 4: 2.776, 5: 2.571, 9: 2.262, 30: 2.042}.items():
        assert t_quantile(freedom) == pytest.approx(t, abs=5e-4)
        assert t_within(t, freedom) == pytest.approx(0.95, abs=1e-4)


# --- several seeds


def test_seeds_decide_from_five_on() -> None:
    """Each single seed is sure of its questions, but the seeds disagree: over seeds nothing is known."""
    random = np.random.default_rng(7)
    frames: dict[tuple[str, str, int], pd.DataFrame] = {}
    for seed in range(6):
        rates = {"new": 0.9, "old": 0.3} if seed < 4 else {"new": 0.2, "old": 0.9}
        for model, rate in rates.items():
            frames[model, "mini", seed] = frame(answers(random, rate), ["de", "en", "fr"])
    trained = replace(OPTIONS, trained=["new", "old"])
    row = claims_table({"c": claim()}, frames, {}, trained).iloc[0]
    assert row["low"] > 0 and row["seeds_low"] < 0 < row["seeds_high"] and row["seeds"] == 6
    assert row["verdict"] == "undecided" and row["p"] > 0.05
    few = {key: scores for key, scores in frames.items() if key[2] < 3}
    row = claims_table({"c": claim()}, few, {}, trained).iloc[0]
    assert (row["verdict"], row["part"]) == ("3 trainings, no verdict", "as claimed")
    assert verdict(few)["verdict"] == "supported"  # models that nobody trained here are what the claim is about


# --- layers and time


def test_layers_by_their_msd() -> None:
    of_layers = claim(metrics=["msd_depth"], baseline=None, direction="lower")

    def row(*msd: list[float]) -> dict[str, Any]:
        probes = {"new": {seed: pd.DataFrame(probe_rows(values)) for seed, values in enumerate(msd)}}
        return claims_table({"c": of_layers}, {}, probes, OPTIONS).iloc[0].to_dict()

    falling = [0.9 - 0.1 * layer for layer in range(8)]
    assert row(falling)["measured"] == -1 and row(falling)["verdict"] == "supported" and row(falling)["n"] == 8
    assert row(falling[::-1])["verdict"] == "contradicted"
    assert row([0.3, 0.1, 0.4, 0.1, 0.5, 0.2, 0.6, 0.3])["verdict"] == "undecided"
    assert row([0.2] * 8)["measured"] == 0
    assert claims_table({"c": of_layers}, {}, {}, OPTIONS)["verdict"].item() == "not in this study"


def test_time_stands_apart() -> None:
    timed = {"c": claim(metrics=["seconds"], threshold=4.0)}
    options = replace(OPTIONS, chains={"new": ["new"], "old": ["first", "old"]})
    costs = {(m, s): cost(v, 9) for s in range(5) for m, v in {"new": 10 + s / 9, "first": 20, "old": 50}.items()}
    assert claims_table(timed, {}, {}, options).empty
    one = timed_table(timed, {k: v for k, v in costs.items() if k[1] == 0}, options).iloc[0]
    assert one["measured"] == 7 and one["verdict"] == "undecided" and one["note"] == "no interval below 5 seeds"
    five = timed_table(timed, costs, options).iloc[0]
    assert five["verdict"] == "supported" and five["timed"] and 6.5 < five["seeds_low"] < five["seeds_high"] < 7.1
