"""The tables of the merges against slow, obvious computations."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merge_scores import (
    DRAWS,
    FEW,
    IDS,
    LANGUAGES,
    MODELS,
    OPTIONS,
    answers,
    changed,
    frame,
    slow_mean,
    slow_rates,
    slow_values,
    study,
    without,
)

from vernacular.evaluation.statistics import score_table
from vernacular.report.merge_tables import MERGE_COLUMNS, in_order, language_table, low_resource_of, merge_table

# --- tables/merge.csv -------------------------------------------------------------------------------------------------


def test_every_value_against_a_direct_computation_where_english_has_more_questions():
    table = merge_table(study(), OPTIONS)
    assert tuple(table.columns) == MERGE_COLUMNS
    assert table["model"].tolist() == MODELS
    row = table.set_index("model").loc["st-merge"]
    assert (row["study"], row["benchmark"], row["seed"]) == ("s", "mini", 0)
    assert (row["n"], row["languages"]) == (IDS + 3 * FEW, 4)
    own, baseline, reference = (slow_rates(answers()[model]) for model in ("st-merge", "mindmerger", "llm"))
    low = ["sw", "th"]
    expected = {
        "average": slow_mean(own, LANGUAGES),
        "english": slow_mean(own, ["en"]),
        "low_resource": slow_mean(own, low),
        "average_gain": slow_mean(own, LANGUAGES) - slow_mean(baseline, LANGUAGES),
        "low_resource_gain": slow_mean(own, low) - slow_mean(baseline, low),
        "english_change": slow_mean(own, ["en"]) - slow_mean(reference, ["en"]),
    }
    for name, values in expected.items():
        found = [row[f"{name}{suffix}"] for suffix in ("", "_low", "_high")]
        assert found == pytest.approx(slow_values(values), abs=2e-6), name
        assert found[1] < found[0] < found[2]


def test_a_model_is_not_compared_with_itself():
    table = merge_table(study(), OPTIONS).set_index("model")
    gains = [column for column in MERGE_COLUMNS if "_gain" in column]
    changes = [column for column in MERGE_COLUMNS if column.startswith("english_change")]
    assert len(gains) == 6 and len(changes) == 3
    assert table.loc["mindmerger", gains].isna().all() and table.loc["llm", changes].isna().all()
    assert table.drop(index="mindmerger")[gains].notna().all(axis=None)
    assert table.drop(index="llm")[changes].notna().all(axis=None)


def test_pairing_narrows_the_interval_of_a_gain():
    """Two models that fail on the same questions but for one: unpaired, the interval would be many times as wide."""
    right = np.random.default_rng(5).random((IDS, 1)) < np.full((IDS, 4), 0.5)
    better = right.copy()
    better[np.flatnonzero(~right[:FEW, 0])[0]] = True
    frames = {("llm", "mini", 0): frame(right), ("mindmerger", "mini", 0): frame(right)}
    row = merge_table(frames | {("st-merge", "mini", 0): frame(better)}, OPTIONS).iloc[2]
    assert row["average_gain"] == pytest.approx((3 / FEW + 1 / IDS) / 4, abs=1e-6)
    assert row["low_resource_gain"] == pytest.approx(1 / FEW, abs=1e-6)
    assert row["english_change"] == pytest.approx(1 / IDS, abs=1e-6)
    assert row["average_gain_low"] == row["low_resource_gain_low"] == row["english_change_low"] == 0
    assert row["english_change_high"] <= 4 / IDS < row["english_high"] - row["english_low"]


def test_equal_models_differ_by_nothing():
    right = answers()["llm"]
    table = merge_table({(model, "mini", 0): frame(right) for model in MODELS}, OPTIONS)
    differences = [column for column in MERGE_COLUMNS if "gain" in column or "change" in column]
    assert table.iloc[2][differences].tolist() == [0.0] * 9
    assert "-0.0," not in table.to_csv() and "-0.0\n" not in table.to_csv()


def test_seeds_and_benchmarks_are_compared_within_themselves():
    frames = study("mini", 0) | study("mini", 1) | study("other", 2)
    table = merge_table(frames, OPTIONS)
    assert list(zip(table["model"], table["benchmark"], table["seed"], strict=True)) == list(frames)
    for seed, found in zip((0, 1, 2), table["average_gain"][2::3], strict=True):
        points = {m: slow_mean(slow_rates(right)[:1], LANGUAGES)[0] for m, right in answers(seed).items()}
        assert found == pytest.approx(points["st-merge"] - points["mindmerger"], abs=1e-6)
    for rows in (table[table["benchmark"] == "other"], table[table["seed"] == 1]):
        alone = {key: scores for key, scores in frames.items() if key[1:] == tuple(rows.iloc[0][["benchmark", "seed"]])}
        pd.testing.assert_frame_equal(merge_table(alone, OPTIONS), rows.reset_index(drop=True))


def test_what_a_benchmark_has_no_language_for_is_empty():
    table = merge_table(study(), replace(OPTIONS, low_resource=["ur", "en"]))
    assert table.filter(like="low_resource").isna().all(axis=None)
    assert table[["average", "average_low", "english"]].notna().all(axis=None)

    without = {key: scores[scores["language"] != "en"] for key, scores in study().items()}
    table = merge_table(without, OPTIONS)
    assert table.filter(like="english").isna().all(axis=None)
    assert table[["average", "average_low", "low_resource"]].notna().all(axis=None)
    assert table["languages"].tolist() == [3] * 3


def test_single_benchmarks_may_lack_models_that_nothing_is_compared_with():
    frames = study("mini") | study("other")
    del frames["st-merge", "other", 0]
    assert len(merge_table(frames, OPTIONS)) == 5
    assert language_table(frames, "other", OPTIONS)["model"].tolist() == ["llm", "mindmerger"]


# --- tables/merge-<benchmark>.csv -------------------------------------------------------------------------------------


def test_the_papers_layout():
    table = language_table(study() | study("other"), "mini", OPTIONS)
    assert table.columns.tolist() == ["model", "seed", "th", "sw", "de", "en", "average", "metrics_version"]
    assert table["model"].tolist() == MODELS and table["seed"].tolist() == [0, 0, 0]
    for model, row in table.set_index("model").iterrows():
        rates = slow_rates(answers()[str(model)])
        for column in ("th", "sw", "de", "en", "average"):
            values = slow_values(slow_mean(rates, LANGUAGES if column == "average" else [column]))
            point, low, high = (f"{100 * round(value, 6):.1f}" for value in values)
            assert row[column] == f"{point} ({low}-{high})"


def test_languages_have_the_intervals_of_the_scores_table():
    frames = study()
    rows = score_table(frames, "s", [], DRAWS).set_index(["model", "language"])
    table = language_table(frames, "mini", OPTIONS).set_index("model")
    for model in MODELS:
        for code in LANGUAGES:
            values = rows.loc[(model, code), ["accuracy", "accuracy_low", "accuracy_high"]]
            point, low, high = (f"{100 * value:.1f}" for value in values)
            assert table.loc[model, code] == f"{point} ({low}-{high})"


def test_each_seed_has_a_row():
    table = language_table(study("mini", 3) | study("mini", 4), "mini", OPTIONS)
    assert list(zip(table["model"], table["seed"], strict=True)) == [(m, s) for s in (3, 4) for m in MODELS]
    alone = language_table(study("mini", 4), "mini", OPTIONS)
    pd.testing.assert_frame_equal(table[table["seed"] == 4].reset_index(drop=True), alone)


@given(
    st.lists(st.sampled_from(["en", "de", "sw", "th", "ur", "zh", "bn"])), st.lists(st.sampled_from(["en", "sw", "th"]))
)
@settings(max_examples=60, deadline=None)
def test_languages_stand_once_and_in_order(languages, low_resource):
    found = in_order(languages, low_resource)
    assert sorted(found) == sorted(set(languages))
    assert "en" not in found[:-1]
    first = low_resource_of(languages, low_resource)
    assert found[: len(first)] == first == sorted(first, key=low_resource.index)
    others = [code for code in found[len(first) :] if code != "en"]
    assert others == sorted(others) and not {*others} & {*low_resource}


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (without(study(), "llm"), "^mini, seed 0: no scores of 'llm', merge.reference; add it"),
        (without(study(), "mindmerger"), "^mini, seed 0: no scores of 'mindmerger', merge.baseline; add it"),
        (study() | without(study("mini", 7), "mindmerger"), "^mini, seed 7: no scores of 'mindmerger'"),
        (
            changed("st-merge", lambda rows: rows["id"] != "q39"),
            r"^mini: llm \(seed 0\) and st-merge \(seed 0\) were scored on different questions, such as q39 \(en\)",
        ),
        (changed("llm", lambda rows: rows["language"] != "sw"), r"different questions, such as q00 \(sw\)"),
        # The ids and the languages are the same, since English has all of them; the questions are not.
        (
            changed("st-merge", lambda rows: (rows["id"] != "q03") | (rows["language"] != "th")),
            r"different questions, such as q03 \(th\); evaluate",
        ),
        (changed("st-merge", lambda rows: rows["id"] == "none"), r"^st-merge \(seed 0\) on mini: scores: no rows"),
        (
            study() | {("mindmerger", "mini", 0): study()["llm", "mini", 0].drop(columns="id")},
            r"^mindmerger \(seed 0\) on mini: scores: no column id",
        ),
    ],
)
def test_broken_scores_are_refused(frames, message):
    with pytest.raises(ValueError, match=message) as error:
        merge_table(frames, OPTIONS)
    assert "\n" not in str(error.value)


def test_tables_of_languages_are_refused_where_models_cannot_stand_side_by_side():
    with pytest.raises(ValueError, match="^mono: no model was scored on it; add it"):
        language_table(study(), "mono", OPTIONS)
    with pytest.raises(ValueError, match="different questions"):
        language_table(changed("st-merge", lambda rows: rows["id"] != "q02"), "mini", OPTIONS)
