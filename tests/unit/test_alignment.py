"""The alignment: schedules and forms by hand, and which of the authors' estimators they are (arXiv 2606.15080)."""

import math
import statistics
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vernacular.adamame.alignment import (
    ADJUSTED,
    SCHEDULES,
    FeedbackState,
    adjusted,
    align,
    diversity_weights,
    growth,
    language_entropy,
    normalise,
)

TOTAL, BONUS, QUERY = 90, 2.0, "fr"
SHIPPED = {"schedule": "cosine", "form": "multiplicative", "diversity": "none", "bonus": BONUS, "floor": 0.1}


def advantages(correct: list[float], labels: list[str | None], step: int, **changes: Any) -> list[float]:
    """What one group's completions get in the end: the trainer takes the z-score of every form but the additive."""
    options = SHIPPED | changes
    match = np.array([[float(label == QUERY) for label in labels]])
    state = FeedbackState(0.7, share=0.25)
    scores, strength = align(np.array([correct]), match, [labels], options, step, TOTAL, state)
    found = scores if options["form"] == "additive" else normalise(scores)
    if options["form"] in ADJUSTED:
        found = adjusted(found, np.array([correct]), match, options["form"], strength)
    return found[0].tolist()


# --- Schedules --------------------------------------------------------------------------------------------------------


def test_cosine_grows_from_the_floor_to_one() -> None:
    assert growth("cosine", 0, TOTAL) == 0.1
    assert growth("cosine", 18, TOTAL) == 0.1  # t/T = 0.2: the cosine is 0.0955, below the floor
    assert growth("cosine", 19, TOTAL) == pytest.approx(0.10599, abs=1e-5)
    assert growth("cosine", 45, TOTAL) == pytest.approx(0.5)
    assert growth("cosine", 90, TOTAL) == 1.0
    assert growth("cosine", 0, TOTAL, floor=0.0) == 0.0


def test_linear_staged_constant_none() -> None:
    assert [growth("linear", t, 10) for t in (0, 1, 2, 5, 10)] == [0.1, 0.1, 0.2, 0.5, 1.0]
    assert [growth("staged", t, 10) for t in (0, 4, 5, 10)] == [0.0, 0.0, 1.0, 1.0]
    assert [growth("staged", t, 5) for t in (1, 2)] == [0.0, 1.0]  # from step T // 2 on, as in the authors' code
    assert {growth("constant", t, 10) for t in range(11)} == {1.0}
    assert {growth("none", t, 10) for t in range(11)} == {0.0}


def test_feedback_follows_the_entropy() -> None:
    assert growth("feedback", 5, 10) == 0.0  # nothing seen yet
    for entropy, expected in [(0.0, 0.0), (0.4, 0.0), (0.7, 0.5), (1.0, 1.0)]:
        assert growth("feedback", 5, 10, feedback=FeedbackState(entropy)) == pytest.approx(expected)
    state = FeedbackState()
    state.update(0.8)
    assert state.entropy == 0.8
    state.update(0.3)
    assert state.entropy == pytest.approx(0.9 * 0.8 + 0.1 * 0.3)


def test_unknown_schedule_names_the_known() -> None:
    with pytest.raises(ValueError, match="'cosin'.*cosine"):
        growth("cosin", 0, 1)


def test_entropy_is_relative_to_its_largest_value() -> None:
    assert language_entropy([["fr"] * 4]) == 0.0
    assert language_entropy([["fr", "en", "de", None]]) == pytest.approx(1.0)  # an abstention counts as a language
    assert language_entropy([["fr", "fr", "en", "en"], ["fr"] * 4]) == pytest.approx((math.log(2) / math.log(4)) / 2)
    assert language_entropy([["fr"]]) == 0.0


@given(st.sampled_from(SCHEDULES), st.integers(1, 200), st.data(), st.floats(0, 1))
def test_growth_is_bounded_and_never_falls(schedule: str, total: int, data: Any, floor: float) -> None:
    first, second = sorted(data.draw(st.tuples(st.integers(0, total), st.integers(0, total))))
    state = FeedbackState(0.6)
    assert 0 <= growth(schedule, first, total, floor, state) <= growth(schedule, second, total, floor, state) <= 1


# --- Forms ------------------------------------------------------------------------------------------------------------


def test_all_wrong_group_has_no_advantage() -> None:
    for diversity in ("none", "cosine"):
        assert advantages([0, 0, 0, 0], ["fr", "en", "fr", "de"], 60, diversity=diversity) == [0, 0, 0, 0]


def test_all_correct_mixed_group_favours_the_query_language() -> None:
    match, other, *_ = advantages([1, 1, 1, 1], ["fr", "en", "en", "en"], 0)
    assert match == pytest.approx(1.5, abs=1e-4) and other == pytest.approx(-0.5, abs=1e-4)
    assert advantages([1, 1, 1, 1], ["fr"] * 4, 50) == pytest.approx([0] * 4)
    assert (
        advantages([1, 1, 1, 1], ["fr", "en", "en", "en"], 0, schedule="none") == [0] * 4
    )  # plain GRPO sees no difference


def test_multiplicative_by_hand() -> None:
    correct, match = np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 1.0, 0.0]])
    labels: list[list[str | None]] = [["fr", "en", "fr", "en"]]
    for step, weight in [(0, 1.2), (45, 2.0), (90, 3.0)]:
        scores, strength = align(correct, match, labels, SHIPPED, step, TOTAL)
        assert scores.tolist() == [[pytest.approx(weight), 1.0, 0.0, 0.0]]  # the wrong native answer is paid nothing
        assert strength == pytest.approx(weight - 1)


def test_additive_pays_for_language_without_an_answer() -> None:
    right_english, wrong_native, wrong_english, _ = advantages(
        [1, 0, 0, 0], ["en", "fr", "en", "en"], 90, form="additive"
    )
    # Each row of a one-hot group of four has the z-score 1.5 or -0.5.
    assert wrong_native == pytest.approx(-0.5 + BONUS * 1.5, abs=1e-4)
    assert right_english == pytest.approx(1.5 - BONUS * 0.5, abs=1e-4)
    assert wrong_native > right_english > wrong_english
    none = advantages([1, 0, 0, 0], ["en", "fr", "en", "en"], 90, form="additive", schedule="none")
    assert none == pytest.approx([1.5, -0.5, -0.5, -0.5], abs=1e-4)


def test_diversity_pays_rare_languages_and_fades() -> None:
    labels: list[list[str | None]] = [["fr", "en", "en", None]]
    assert diversity_weights("cosine", labels, 0, 10).tolist() == [[4.0, 2.0, 2.0, 4.0]]
    assert diversity_weights("cosine", labels, 5, 10)[0].tolist() == pytest.approx([2.5, 1.5, 1.5, 2.5])
    assert diversity_weights("cosine", labels, 10, 10).tolist() == [[1.0, 1.0, 1.0, 1.0]]
    assert diversity_weights("none", labels, 0, 10).tolist() == [[1.0, 1.0, 1.0, 1.0]]


def test_diversity_that_follows_the_entropy() -> None:
    labels: list[list[str | None]] = [["fr", "en", "en", "en"], ["fr", "en", "de", None], ["en"] * 4]
    entropy = -(0.25 * math.log(0.25) + 0.75 * math.log(0.75)) / math.log(4)
    adaptive = diversity_weights("adaptive", labels, 3, 10)
    assert adaptive[0].tolist() == pytest.approx([1 + 3 * (1 - entropy), *[1 + (4 / 3 - 1) * (1 - entropy)] * 3])
    assert adaptive[1].tolist() == pytest.approx([1.0] * 4) and adaptive[2].tolist() == [1.0] * 4
    assert diversity_weights("feedback", labels, 3, 10)[0][0] == 4.0  # nothing seen yet
    assert diversity_weights("feedback", labels, 3, 10, FeedbackState(0.3))[0][0] == pytest.approx(2.5)
    assert diversity_weights("feedback", labels, 3, 10, FeedbackState(0.7))[0].tolist() == [1.0] * 4


def test_sum_and_gate_by_hand() -> None:
    correct, match = np.array([[1.0, 1.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 1.0, 0.0]])
    labels: list[list[str | None]] = [["fr", "en", "fr", "en"]]
    slc = SHIPPED | {"form": "sum", "schedule": "constant", "bonus": 1 / 9}
    scores, strength = align(correct, match, labels, slc, 3, TOTAL)
    assert strength == 1 / 9 and (0.9 * scores)[0].tolist() == pytest.approx([1.0, 0.9, 0.1, 0.0])
    gate, _ = align(correct, match, labels, SHIPPED | {"form": "gate"}, 3, TOTAL)
    assert gate.tolist() == [[1.0, -1.0, 0.0, -1.0]]


def test_a_group_of_one_has_no_advantage() -> None:
    assert normalise(np.array([[3.0], [0.0]])).tolist() == [[0.0], [0.0]]


# --- The authors' estimators, written out again -----------------------------------------------------------------------


def z_scores(scores: list[float]) -> list[float]:
    mean, spread = statistics.fmean(scores), statistics.stdev(scores)
    return [(score - mean) / (spread + 1e-6) for score in scores]


def authors(name: str, correct: list[float], labels: list[str | None], step: int) -> list[float]:
    g = max((1 - math.cos(math.pi * step / TOTAL)) / 2, 0.1)
    d = (1 + math.cos(math.pi * step / TOTAL)) / 2
    feedback = min(max((0.7 - 0.4) / 0.6, 0), 1)
    shares = [labels.count(label) / len(labels) for label in set(labels)]
    entropy = -sum(share * math.log(share) for share in shares) / math.log(len(labels))
    scores, matches = [], []
    for r, label in zip(correct, labels, strict=True):
        m = 1.0 if label == QUERY else 0.0
        rarity = len(labels) / sum(other == label for other in labels)
        scores.append(
            {
                "grpo": r,
                "const": r * (1 + BONUS * m),
                "align": r * (1 + BONUS * g * m),
                "adamame": r * (1 + (rarity - 1) * d) * (1 + BONUS * g * m),
                "qlang": r * (1 + (rarity - 1) * d),
                "staged": r * (rarity if step < TOTAL // 2 else 1 + BONUS * m),
                "adaptive": r * (1 + (rarity - 1) * max(0, 1 - entropy)) * (1 + BONUS * g * m),
                "feedback": r * (1 + (rarity - 1) * max(0, 1 - 0.7 / 0.6)) * (1 + BONUS * feedback * m),
                "rcalign": r * (1 + (rarity - 1) * d),
                **dict.fromkeys(("tworwd", "correctonly", "lagrangian", "postnorm"), r),
                "allcorrect": m if all(correct) else r,
            }[name]
        )
        matches.append(m)
    if name == "tworwd":
        return [a + BONUS * b for a, b in zip(z_scores(scores), z_scores(matches), strict=True)]
    found = z_scores(scores)
    if name in ("correctonly", "lagrangian"):
        weight = BONUS if name == "correctonly" else BONUS * 0.25
        return [a + weight * m * (r > 0) for a, m, r in zip(found, matches, correct, strict=True)]
    if name in ("postnorm", "rcalign"):
        return [a * (1 + BONUS * g * m) for a, m in zip(found, matches, strict=True)]
    return found


REPRODUCED: list[tuple[str, dict[str, str], tuple[int, ...]]] = [
    ("align", {}, (0, 17, 45, 89)),  # the one that they ship
    ("adamame", {"diversity": "cosine"}, (0, 17, 45, 89)),
    ("qlang", {"schedule": "none", "diversity": "cosine"}, (0, 17, 45, 89)),
    ("const", {"schedule": "constant"}, (0, 45, 89)),
    ("tworwd", {"schedule": "constant", "form": "additive"}, (0, 45, 89)),
    ("grpo", {"schedule": "none"}, (0, 45, 89)),
    ("adaptive", {"diversity": "adaptive"}, (0, 17, 45, 89)),
    ("feedback", {"schedule": "feedback", "diversity": "feedback"}, (0, 45, 89)),
    ("correctonly", {"schedule": "constant", "form": "correct-only"}, (0, 89)),
    ("grpo", {"schedule": "phased", "form": "correct-only"}, (0, 62)),
    ("correctonly", {"schedule": "phased", "form": "correct-only"}, (63, 89)),  # from 0.7 T on
    ("lagrangian", {"schedule": "lagrangian", "form": "correct-only"}, (0, 89)),
    ("postnorm", {"form": "rescaled"}, (0, 45, 89)),
    ("rcalign", {"form": "rescaled", "diversity": "cosine"}, (0, 45, 89)),
    ("allcorrect", {"form": "all-correct"}, (0, 89)),
    # Before the middle theirs rewards rare languages and ours, by DESIGN, is plain GRPO.
    ("staged", {"schedule": "staged"}, (45, 89)),
    ("grpo", {"schedule": "staged"}, (0, 44)),
]


@pytest.mark.parametrize("name, changes, steps", REPRODUCED)
def test_estimators_of_the_authors(name: str, changes: dict[str, str], steps: tuple[int, ...]) -> None:
    labels = ["fr", "en", "fr", "en", "en", None, "de", "fr"]
    groups: list[list[float]] = [[1, 1, 0, 1, 0, 1, 0, 0], [1] * 8, [0] * 8]
    for step, correct in product(steps, groups):
        assert advantages(correct, labels, step, **changes) == pytest.approx(
            authors(name, correct, labels, step), abs=1e-9
        )


def test_the_lagrangian_controller_by_hand() -> None:
    """Weight 0 in the first batch; then 0.05 (0.9 - average) more each time, from 0 to the bonus."""
    state, weight, average = FeedbackState(), 0.0, None
    for matched in (0.1, 0.1, 0.9, 1.0, 1.0, *[1.0] * 60, *[0.0] * 60):
        assert BONUS * growth("lagrangian", 3, TOTAL, feedback=state) == pytest.approx(weight, abs=1e-12)
        state.control(matched, BONUS)
        average = matched if average is None else 0.9 * average + 0.1 * matched
        weight = max(0.0, min(BONUS, weight + 0.05 * (0.9 - average)))
    assert weight == BONUS == BONUS * state.share
    for _ in range(600):
        state.control(1.0, BONUS)
    assert state.share == 0


# --- Properties -------------------------------------------------------------------------------------------------------

GROUP = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from(["fr", "en", "de", None])), min_size=2, max_size=8
)
OPTIONS = st.fixed_dictionaries(
    {
        "schedule": st.sampled_from(SCHEDULES),
        "form": st.sampled_from(["multiplicative", "additive", "sum", "gate", "all-correct", *ADJUSTED]),
        "diversity": st.sampled_from(["none", "cosine", "adaptive", "feedback"]),
        "bonus": st.floats(0, 10),
        "floor": st.floats(0, 1),
    }
)


@given(GROUP, OPTIONS, st.integers(0, TOTAL), st.randoms(use_true_random=False))
def test_order_within_a_group_does_not_matter(group: list, options: dict, step: int, random: Any) -> None:
    order = random.sample(range(len(group)), len(group))
    got = advantages([r for r, _ in group], [label for _, label in group], step, **options)
    shuffled = [group[i] for i in order]
    again = advantages([r for r, _ in shuffled], [label for _, label in shuffled], step, **options)
    assert again == pytest.approx([got[i] for i in order], abs=1e-6)


@given(GROUP, OPTIONS, st.integers(0, TOTAL))
def test_scores_are_bounded_and_groups_apart(group: list, options: dict, step: int) -> None:
    n = len(group)
    correct = np.array([[r for r, _ in group], [1.0 - r for r, _ in group]])
    match = np.array([[float(label == QUERY) for _, label in group]] * 2)
    labels = [[label for _, label in group]] * 2
    scores, strength = align(correct, match, labels, options, step, TOTAL, FeedbackState(0.5))
    alone, _ = align(correct[:1], match[:1], labels[:1], options, step, TOTAL, FeedbackState(0.5))
    assert scores[0].tolist() == pytest.approx(alone[0].tolist())
    assert 0 <= strength <= options["bonus"]
    if options["form"] == "multiplicative":
        assert (scores >= 0).all() and (scores <= n * (1 + strength) + 1e-9).all()
        assert (scores[correct == 0] == 0).all()
    elif options["form"] == "sum":
        assert (scores >= 0).all() and (scores <= n + strength + 1e-9).all()
    elif options["form"] in ("all-correct", *ADJUSTED):
        assert (scores >= 0).all() and (scores <= n + 1e-9).all()
    elif options["form"] == "gate":
        assert (scores[match == 0] == -1).all() and (scores[match > 0] >= 0).all()
    else:  # the z-score of n numbers is at most (n - 1) / sqrt(n)
        assert np.abs(scores).max() <= (1 + strength) * (n - 1) / math.sqrt(n) + 1e-6
        assert scores.sum(axis=1).tolist() == pytest.approx([0, 0], abs=1e-6)


@given(GROUP, st.integers(0, TOTAL - 1), st.sampled_from(["cosine", "linear", "staged", "constant", "none"]))
def test_a_right_native_answer_gains_with_time(group: list, step: int, schedule: str) -> None:
    correct, match = np.array([[r for r, _ in group]]), np.array([[float(label == QUERY) for _, label in group]])
    labels, options = [[label for _, label in group]], SHIPPED | {"schedule": schedule}
    now, later = (align(correct, match, labels, options, t, TOTAL)[0] for t in (step, step + 1))
    assert (later >= now).all()
    assert (later == now)[(correct == 0) | (match == 0)].all()
