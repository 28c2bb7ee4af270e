"""Rates, macro averages and intervals, on made-up scores whose truth is known."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from score_rows import score_frame, score_row

from vernacular.evaluation import statistics
from vernacular.evaluation.rates import RATES, rates
from vernacular.evaluation.statistics import COLUMNS, joint_estimates, score_table
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.storage import records
from vernacular.storage.tables import with_bounds

ACCURACY, LCPR = RATES.index("accuracy"), RATES.index("lcpr")


def row(
    identifier: str, language: str = "fr", sample: int = 0, *, correct: bool = True, trace: str | None = "same",
    line: bool = True, word: bool | None = True, switched: bool = False, tokens: int = 10, foreign: bool | None = False,
    answer: str | None = "same",
) -> dict:  # fmt: skip
    return score_row(
        identifier, language, sample, correct=correct, trace_language=language if trace == "same" else trace,
        line_pass=line, word_pass=word if line else None, code_switched=switched, foreign_script=foreign,
        answer_language=language if answer == "same" else answer, tokens=tokens, characters=3 * tokens,
    )  # fmt: skip


def clustered(random: np.random.Generator, ids: int, languages: list[str], samples: int) -> pd.DataFrame:
    """Questions of differing difficulty, alike in every language; half the answers are right in the long run.

    Of the traces 0.7 have all lines in the language, and 0.8 of those have no foreign word: LCPR is 2(.7)(.8)/1.5.
    """
    cells = ids * len(languages) * samples
    right = random.random(cells) < np.repeat(random.beta(1, 1, ids), len(languages) * samples)
    # A question's traces pass or fail much alike, too: the mean of Beta(7a, 3a) is 0.7.
    line = random.random(cells) < np.repeat(random.beta(2.1, 0.9, ids), len(languages) * samples)
    word = random.random(cells) < 0.8
    grid = pd.MultiIndex.from_product([[f"q{i:04}" for i in range(ids)], languages, range(samples)])
    scores = grid.to_frame(index=False, name=["id", "language", "sample"])
    return scores.assign(
        correct=right, answer="1", trace_language=scores["language"], line_pass=line,
        word_pass=pd.Series(word, dtype="boolean").mask(~line), code_switched=False, abstained_lines=0, tokens=10,
        finish_reason="stop", foreign_script=False, problem=None, characters=30, answer_language=scores["language"],
    )  # fmt: skip


def test_rates_by_hand():
    scores = score_frame(
        [
            row("a", sample=0, correct=True, tokens=10),
            row("a", sample=1, correct=False, word=False, tokens=20, answer="en"),
            row("b", sample=0, correct=False, trace="en", line=False, switched=True, tokens=30, foreign=True),
            row("b", sample=1, correct=False, trace=None, line=False, tokens=0, answer=None),
        ]
    )
    assert rates(scores) == pytest.approx(
        {
            "accuracy": 1 / 4, "pass_at_k": 1 / 2, "language_consistency": 2 / 4, "lpr": 2 / 4, "wpr": 1 / 2,
            "lcpr": 1 / 2, "code_switch_rate": 1 / 4, "foreign_script_rate": 1 / 4, "abstained_rate": 1 / 4,
            "tokens_mean": 15.0, "tokens_by_characters": 11.25, "answer_consistency": 2 / 3, "wpr_by_question": 1 / 2,
                "lcpr_by_question": 1 / 2,
        }
    )  # fmt: skip


def test_wpr_of_all_traces_and_of_each_question():
    """Four traces of `a` pass by line and one of them by word, one of `b` both, none of `c` the first."""
    scores = [row("a", sample=n, word=n == 0) for n in range(4)]
    scores += [row("b", sample=n, line=n == 0) for n in range(4)]
    scores += [row("c", sample=n, line=False) for n in range(4)]
    found = rates(score_frame(scores))
    assert found["lpr"] == pytest.approx(5 / 12)
    assert (found["wpr"], found["wpr_by_question"]) == pytest.approx((2 / 5, (1 / 4 + 1) / 2))
    assert found["lcpr_by_question"] == pytest.approx(2 * 5 / 12 * 5 / 8 / (5 / 12 + 5 / 8))


def test_lcpr_is_the_harmonic_mean():
    scores = score_frame(row(str(i), line=i < 6, word=i < 3) for i in range(10))
    found = rates(scores)
    assert (found["lpr"], found["wpr"]) == (0.6, 0.5)
    assert found["lcpr"] == pytest.approx(2 * 0.6 * 0.5 / 1.1)


def test_an_empty_trace_fails_lpr_and_abstains():
    empty = {**row("b", trace=None, line=False), "answer": None, "tokens": 0, "finish_reason": "prompt_too_long"}
    found = rates(score_frame([row("a"), empty]))
    assert (found["lpr"], found["wpr"], found["abstained_rate"]) == (0.5, 1.0, 0.5)


def test_no_passing_trace_is_zero_not_nan():
    found = rates(score_frame(row(name, trace="en", line=False) for name in "ab"))
    assert (found["lpr"], found["wpr"], found["lcpr"], found["language_consistency"]) == (0, 0, 0, 0)


def test_responses_are_counted_where_their_language_is_identified():
    """fr: 1 of 2 identified is in French; de: none is identified, so the group is that of fr; en: all."""
    rows = [row(f"q{i}", "fr", answer=("fr", "ky", None, None)[i]) for i in range(4)]
    rows += [row(f"q{i}", "de", answer=None) for i in range(4)] + [row(f"q{i}", "en") for i in range(4)]
    table = score_table({("m", "b", 0): score_frame(rows)}, "s", []).set_index("language")
    found = table[["answer_consistency", "answer_consistency_low", "answer_consistency_high", "answer_n"]]
    assert found.loc["fr"].tolist() == found.loc["all"].tolist() == [0.5, 0, 1, 2]
    assert found.loc["en"].tolist() == [1, 1, 1, 4]
    assert found.loc["de"].isna().tolist() == [True, True, True, False] and found.loc["de", "answer_n"] == 0
    assert table["answer_n"].dtype == table["metrics_version"].dtype == np.int64
    assert table["accuracy"].notna().all() and set(table["metrics_version"]) == {METRICS_VERSION}


@pytest.mark.filterwarnings("error")
def test_what_was_not_asked_for_has_no_rate():
    found = score_table({("m", "b", 0): score_frame(row(name, foreign=None, answer=None) for name in "ab")}, "s", [])
    nothing = with_bounds("foreign_script_rate", "answer_consistency")
    assert found[nothing].isna().all(axis=None) and found.drop(columns=nothing).notna().all(axis=None)


def test_groups_are_macro_averages_without_english():
    # fr: LPR 1, WPR 1/2; de: LPR 1/2, WPR 1; twice as many questions in de as in fr; English all wrong.
    rows = [row(f"q{i}", "fr", correct=i < 1, word=i < 1) for i in range(2)]
    rows += [row(f"q{i}", "de", correct=i < 3, line=i < 2) for i in range(4)]
    rows += [row(f"q{i}", "en", correct=False, trace="de", line=False) for i in range(4)]
    table = score_table({("m", "b", 0): score_frame(rows)}, "study", ["fr", "pt"]).set_index("language")
    assert list(table.index) == ["all", "in-domain", "out-of-domain", "de", "en", "fr"]
    assert table.loc["all", "accuracy"] == pytest.approx((1 / 2 + 3 / 4) / 2)
    of_language = 2 * 0.5 / 1.5
    assert table.loc["all", "lcpr"] == pytest.approx(of_language, abs=1e-6)  # 0.75 if taken of averaged LPR and WPR
    assert table.loc["in-domain", "accuracy"] == table.loc["fr", "accuracy"] == 0.5
    assert table.loc["out-of-domain", "accuracy"] == table.loc["de", "accuracy"] == 0.75
    assert table.loc["en", "accuracy"] == 0
    assert table["n"].to_dict() == {"all": 6, "in-domain": 2, "out-of-domain": 4, "de": 4, "en": 4, "fr": 2}


def test_no_language_is_out_of_domain_where_none_is_in_domain():
    table = score_table({("m", "b", 0): score_frame(row(name) for name in "ab")}, "study", [])
    assert list(table["language"]) == ["all", "fr"]


def test_table_has_the_columns_of_the_design_and_lacks_empty_groups():
    table = score_table({("m", "b", 3): score_frame(row(name) for name in "ab")}, "study", ["fr"])
    assert tuple(table.columns) == COLUMNS
    assert COLUMNS[:10] == (
        "study", "model", "benchmark", "language", "seed", "n", "k", "accuracy", "accuracy_low", "accuracy_high",
    )  # fmt: skip
    assert list(table["language"]) == ["all", "in-domain", "fr"]
    assert table[["study", "model", "benchmark", "seed", "k"]].iloc[0].tolist() == ["study", "m", "b", 3, 1]


def test_points_lie_in_their_intervals():
    table = score_table({("m", "b", 0): clustered(np.random.default_rng(1), 80, ["de", "en", "fr"], 2)}, "s", ["fr"])
    for rate in RATES:
        assert (table[f"{rate}_low"] <= table[rate]).all() and (table[rate] <= table[f"{rate}_high"]).all()


def test_translations_do_not_narrow_the_interval():
    """Ten copies of one language tell no more than the one; a bootstrap over rows would give a third of the width."""
    one = clustered(np.random.default_rng(2), 100, ["fr"], 1)
    codes = ["fr", *"abcdefghi"]
    ten = pd.concat(
        [one.assign(language=code, trace_language=code, answer_language=code) for code in codes], ignore_index=True
    )
    columns = [f"{rate}{end}" for rate in RATES for end in ("_low", "_high")]
    tables = [score_table({("m", "b", 0): scores}, "s", []).set_index("language") for scores in (one, ten)]
    np.testing.assert_allclose(tables[0].loc["all", columns].astype(float), tables[1].loc["all", columns].astype(float))
    assert tables[0].loc["all", "accuracy_high"] - tables[0].loc["all", "accuracy_low"] > 0.15


def test_intervals_cover_the_truth():
    random, truth = np.random.default_rng(3), {ACCURACY: 0.5, LCPR: 2 * 0.7 * 0.8 / 1.5}
    studies, held = 1000, dict.fromkeys(truth, 0)
    for study in range(studies):
        scores = clustered(random, 100, ["fr", "ja"], 2)
        low, high = statistics.interval(joint_estimates({0: scores}, f"study {study}", 300)[0].draws)
        for rate, value in truth.items():
            held[rate] += low[rate] <= value <= high[rate]
    for count in held.values():
        assert 0.93 <= count / studies <= 0.97, held


def test_tables_are_the_same_bytes_whatever_the_order_of_rows_and_the_other_models():
    random = np.random.default_rng(4)
    first, second = (clustered(random, 40, ["de", "fr"], 2) for _ in range(2))
    alone = score_table({("a", "b", 0): first}, "s", ["fr"]).to_csv(index=False)
    shuffled = first.sample(frac=1, random_state=5)
    both = score_table({("z", "b", 0): second, ("a", "b", 0): shuffled}, "s", ["fr"])
    assert both[both["model"] == "a"].to_csv(index=False) == alone


def test_draws_are_the_same_in_every_process():
    code = "from vernacular.evaluation.statistics import draw_weights as d; print(*d('mini', 9, 9), *d('other', 9, 9))"
    path, printed = os.pathsep.join(sys.path), set()
    for seed in "12":
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code]
        printed.add(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    mini, other = (list(statistics.draw_weights(name, 9, 9)) for name in ("mini", "other"))
    assert printed == {" ".join(map(str, [*mini, *other])) + "\n"}
    assert np.shape(mini) == (9, 9) and (np.sum(mini, axis=1) == 9).all() and not np.array_equal(mini, other)


def test_draws_are_paired_between_models():
    """A model and its copy with each answer turned round: their accuracies sum to 1 in every single draw."""
    scores = clustered(np.random.default_rng(6), 50, ["de", "fr"], 2)
    found = joint_estimates({"m": scores, "turned": scores.assign(correct=~scores["correct"])}, "b")
    assert found["m"].draws.shape == (statistics.DRAWS, len(RATES))
    np.testing.assert_allclose(found["m"].draws[:, ACCURACY] + found["turned"].draws[:, ACCURACY], 1)
    assert found["m"].draws[:, ACCURACY].std() > 0


def test_scores_survive_parquet(tmp_path):
    """Nulls arrive as None or NaN, by way of the file; nothing may change through it."""
    rows = [row("a"), row("b", trace=None, line=False), row("c", word=False)]
    records.write_rows(tmp_path / "scores.parquet", rows, records.SCORE)
    read = pd.DataFrame(list(records.read_rows(tmp_path / "scores.parquet")))
    assert rates(read) == rates(pd.read_parquet(tmp_path / "scores.parquet")) == rates(score_frame(rows))


def test_a_language_of_few_questions_may_be_missed_by_draws():
    rows = [row(f"q{i}", "fr", correct=i % 2 == 0) for i in range(20)] + [row("q0", "de")]
    table = score_table({("m", "b", 0): score_frame(rows)}, "s", ["fr"])
    assert not table.isna().any(axis=None)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (score_frame([]), "no rows"),
        (score_frame([row("a")]).drop(columns="tokens"), "no column tokens"),
        (
            score_frame([row("a")]).drop(columns="answer_language"),
            "no column answer_language; score the generations again",
        ),
        (score_frame([row("a"), row("a")]), "sample 0 of a .fr. occurs twice"),
        (score_frame([row("a"), row("a", sample=1), row("b")]), "b .fr. has 1 of 2 samples"),
        (score_frame([{**row("a"), "correct": None}]), "null in column correct"),
        (score_frame([{**row("a"), "word_pass": None}]), "word_pass must be null exactly where"),
    ],
)
def test_broken_scores_are_refused(scores, message):
    with pytest.raises(ValueError, match=message) as error:
        score_table({("lrm", "mini-mgsm", 0): scores}, "s", [])
    assert str(error.value).startswith("lrm on mini-mgsm, seed 0: ") and "\n" not in str(error.value)


def test_frames_that_cannot_be_compared_are_refused():
    left = score_frame(row(name) for name in "ab")
    with pytest.raises(ValueError, match="m and n were scored on different questions"):
        joint_estimates({"m": left, "n": score_frame(row(name) for name in "ac")}, "b")
    with pytest.raises(ValueError, match="m and n were scored on different languages"):
        joint_estimates({"m": left, "n": score_frame(row(name, "de") for name in "ab")}, "b")
    with pytest.raises(ValueError, match="English alone"):
        joint_estimates({"m": score_frame([row("a", "en")])}, "b")
