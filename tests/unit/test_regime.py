"""The criteria of a regime: their arithmetic from score rows, their bounds, and what the shipped ones read."""

import itertools
import json
from typing import Any

import pandas as pd
import pytest
import yaml
from score_rows import score_frame, score_row, write_frames
from scripts import script

from vernacular.evaluation.options import RegimeOptions
from vernacular.evaluation.regime import COMPARISONS, regime_table
from vernacular.study.regime import FILE, MODELS, load_criteria

LANGUAGES = ["de", "en", "fr"]
OPTIONS = RegimeOptions("s", {}, {f"{model}/dev": ["fr"] for model in "abcd"})


def criterion(**options: Any) -> dict[str, Any]:
    defaults = {"metric": "accuracy", "models": ["a"], "compare": "value", "languages": "all", "than": None}
    return defaults | {"low": None, "high": None, "why": "It matters."} | options


def scores(right: dict[str, int], tokens: dict[str, list[int]] | None = None, switched: int = 0) -> pd.DataFrame:
    """Ten questions a language, of which the first `right` are answered; `switched` traces change their language."""
    rows = [
        score_row(
            f"q{number}",
            language,
            correct=number < right[language],
            line_pass=number >= switched,
            word_pass=True if number >= switched else None,
            code_switched=number < switched,
            tokens=(tokens or {}).get(language, [10])[number % len((tokens or {}).get(language, [10]))],
        )
        for language, number in itertools.product(right, range(10))
    ]
    return score_frame(rows).astype({"word_pass": "boolean"})


def measure(frames: dict[str, pd.DataFrame], **options: Any) -> dict[str, Any]:
    named = {(model, "dev", 1): frame for model, frame in frames.items()}
    (row,) = regime_table({"part": {"name": criterion(**options)}}, named, OPTIONS).to_dict("records")
    return row


A, B = scores({"de": 2, "en": 9, "fr": 6}), scores({"de": 4, "en": 8, "fr": 3})


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 0.4),  # each language weighs the same; without English
        ({"languages": "every"}, 17 / 30),
        ({"languages": ["en"]}, 0.9),
        ({"languages": "in-domain"}, 0.6),
        ({"languages": "out-of-domain"}, 0.2),
        ({"languages": "in-domain", "than": "out-of-domain"}, 0.4),
        ({"languages": ["de", "sw"], "than": ["en"]}, -0.7),  # what was not evaluated does not count
        ({"models": ["a", "b"], "compare": "difference"}, 0.05),
        ({"models": ["a", "b"], "compare": "difference", "languages": "in-domain", "than": "out-of-domain"}, 0.5),
        ({"models": ["b", "a"], "compare": "difference", "languages": ["en"]}, -0.1),
        ({"models": ["b", "a"], "compare": "range", "languages": "every"}, 2 / 30),
        ({"models": ["a", "b"], "compare": "oracle"}, 0.1),  # de by b, fr by a: 0.5, and a alone 0.4
        ({"models": ["a", "b"], "compare": "oracle", "languages": ["de"]}, 0.0),
    ],
)
def test_what_is_measured(options: dict[str, Any], expected: float) -> None:
    assert measure({"a": A, "b": B}, **options)["measured"] == pytest.approx(expected, abs=1e-6)


def test_the_spread_of_tokens_is_within_languages() -> None:
    told = {"de": [10, 30], "en": [10], "fr": [200, 200]}  # 10 / 20 and 0
    frame = scores({"de": 5, "en": 5, "fr": 5}, told)
    assert measure({"a": frame}, metric="tokens_spread")["measured"] == pytest.approx(0.25)


def test_lines_in_another_language_count() -> None:
    frame = scores({"de": 5, "en": 5, "fr": 5}, switched=2)
    assert measure({"a": frame}, metric="code_switch_rate")["measured"] == pytest.approx(0.2)
    assert measure({"a": frame}, metric="lcpr")["measured"] == pytest.approx(2 * 0.8 / 1.8, abs=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "reached"),
    [(0.4, 0.7, True), (None, 0.4, True), (0.41, None, False), (None, 0.39, False), (0.1, 0.3, False)],
)
def test_bounds_are_reached_where_they_are_met(low: float | None, high: float | None, reached: bool) -> None:
    assert measure({"a": A}, low=low, high=high)["reached"] is reached
    difference = {"models": ["b", "a"], "compare": "difference", "languages": ["de"]}  # 0.3 - 0.2 is less than 0.1
    assert measure({"a": scores({"de": 2}), "b": scores({"de": 3})}, **difference, low=0.1)["reached"]


def test_seeds_are_averaged_and_benchmarks_have_rows() -> None:
    frames = {("a", "dev", 1): A, ("a", "dev", 2): B, ("a", "other", 1): A, ("b", "dev", 1): B}
    options = RegimeOptions("s", {}, {"a/dev": [], "a/other": [], "b/dev": []})
    table = regime_table(
        {"p": {"one": criterion(), "two": criterion(models=["a", "b"], compare="range")}}, frames, options
    )
    found = {(row.criterion, row.benchmark): (row.measured, row.seeds) for row in table.itertuples()}
    assert found == {("one", "dev"): (0.375, 2), ("one", "other"): (0.4, 1), ("two", "dev"): (0.05, 1)}


def test_what_cannot_be_measured_says_so() -> None:
    with pytest.raises(ValueError, match="part.name: no benchmark has scores of all of a, c; give their dev scores"):
        measure({"a": A}, models=["a", "c"], compare="difference")
    with pytest.raises(ValueError, match=r"part.name, dev: nothing was evaluated in the languages \['sw'\]"):
        measure({"a": A}, languages=["sw"])
    with pytest.raises(ValueError, match="part.name, dev: a model has no scores in 'fr'"):
        measure({"a": A, "b": scores({"de": 4, "en": 8})}, models=["a", "b"], compare="difference")


def test_the_script_writes_a_row_for_each_criterion(tmp_path: Any, capsys: Any) -> None:
    paths = write_frames(tmp_path, {("a", "dev", 1): A, ("b", "dev", 1): B})
    wanted = {"languages": LANGUAGES, "questions": None, "questions_en": None}
    options = RegimeOptions("s", {"a/dev": wanted, "b/dev": wanted}, {"a/dev": ["fr"], "b/dev": ["fr"]})
    criteria = {"p": {"one": criterion(low=0.5), "two": criterion(models=["a", "b"], compare="difference", low=0.05)}}
    arguments = ["--criteria", json.dumps(criteria)]
    out = tmp_path / "regime.csv"
    assert (
        script("check_regime").main([*map(str, paths), *arguments, "--options", options.to_json(), "--out", str(out)])
        == 0
    )
    table = pd.read_csv(out)
    assert table[["criterion", "measured", "low", "reached"]].values.tolist() == [
        ["one", 0.4, 0.5, False],
        ["two", 0.05, 0.05, True],
    ]
    assert "not reached: p.one on dev: 0.400\nreached: p.two on dev: 0.050\n" in capsys.readouterr().out


def test_the_shipped_criteria_read_no_model_that_a_paper_proposes() -> None:
    criteria = load_criteria()
    assert {"adamame", "slam", "merges"} <= set(criteria) and set(COMPARISONS) == set(MODELS)
    claims = yaml.safe_load((FILE.parent / "claims.yaml").read_text(encoding="utf-8"))["claims"]
    proposed = {claim["model"] for claim in claims.values() if claim.get("baseline")}
    compared = {name for named in criteria.values() for one in named.values() for name in one["models"]}
    assert "adamame" in proposed and not compared & (proposed | {"constant", "fidelity-reward", "slam", "st-merge"})
