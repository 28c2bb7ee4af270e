"""AdaMame's alignment: how the reward of GRPO grows for traces in the query's language (arXiv 2606.15080).

Four orthogonal choices, each a pure function: the schedule g(t), the form in which language joins correctness, the
diversity weight, and the state of the feedback schedule. Of the estimators in the authors' code, combinations of
these give adamame_align (which they ship: cosine, multiplicative), adamame (diversity cosine), _qlang (the same with
schedule none), _const (constant), _tworwd (constant, additive), _adaptive and _feedback (diversity adaptive, feedback),
_allcorrect (all-correct), _postnorm (cosine, rescaled), _rcalign (the same with diversity cosine), and, all of the form
correct-only, _correctonly (constant), _phased and _lagrangian. `staged` is theirs from T/2 on; before that theirs
favours rare languages and ours is plain GRPO. Of other work, `sum` with a bonus of 1/9 is SLC-RL's 0.9 r + 0.1 m, and
`gate` with `match: both` M-Thinker's gate (arXiv 2510.07300) without its conditions on length and tags. Not here:
_strat (z-scores within the languages of a group) and _add (two more weights, and no B), which no launcher names.

Shapes: `correct` r, `match` m and the scores are float64 arrays (groups, completions); a group holds the completions
of one prompt. Steps t run from 0 to T - 1, T being `total`; theirs count from 1, so that ours is one rollout behind.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SCHEDULES = ("none", "constant", "linear", "cosine", "staged", "phased", "feedback", "lagrangian")
ADJUSTED = ("correct-only", "rescaled")  # forms that change advantages after the z-score, whose mean is then not 0
# Keeps a group of equal rewards at advantage 0, as in AdaMame's code. Only `additive` takes z-scores here; the other
# forms get TRL's, with its 1e-4: 0.03 % less where one of eight answers is right or wrong.
EPSILON = 1e-6
PHASE, TARGET, RATE, DECAY = 0.7, 0.9, 0.05, 0.9  # of phased and lagrangian, as in AdaMame's code


@dataclass
class FeedbackState:
    """What the batches so far have shown; kept in checkpoints.

    entropy: moving average of the languages' entropy in a batch, relative to its largest value log n; matched: of the
    share of matches; share: of the bonus that the schedule `lagrangian` gives in the next batch.
    """

    entropy: float | None = None
    matched: float | None = None
    share: float = 0.0

    def update(self, entropy: float, decay: float = DECAY) -> None:
        self.entropy = entropy if self.entropy is None else decay * self.entropy + (1 - decay) * entropy

    def control(self, matched: float, bonus: float) -> None:
        """Raise `share` where too few traces match, after the batch that was scored with the present one.

        The weight of a match, bonus g, moves by RATE times what the moving average lacks of TARGET, from 0 to `bonus`.
        """
        self.matched = matched if self.matched is None else DECAY * self.matched + (1 - DECAY) * matched
        weight = min(max(bonus * self.share + RATE * (TARGET - self.matched), 0.0), bonus)
        self.share = weight / bonus if bonus else 0.0


Schedule = str | Callable[[int, int], float]  # one of SCHEDULES, or the study's own (own_functions.own_schedule)


def growth(
    schedule: Schedule, step: int, total: int, floor: float = 0.1, feedback: FeedbackState | None = None
) -> float:
    """g(t) in [0, 1]. `cosine` with a floor of 0.1 is AdaMame's; `feedback` is its clip((eta - 0.4) / 0.6, 0, 1)."""
    if not isinstance(schedule, str):
        return schedule(step, total)
    progress = step / total
    if schedule == "none":
        return 0.0
    if schedule == "constant":
        return 1.0
    if schedule == "linear":
        return max(progress, floor)
    if schedule == "cosine":
        return max((1 - math.cos(math.pi * progress)) / 2, floor)
    if schedule == "staged":
        return 0.0 if step < total // 2 else 1.0
    if schedule == "phased":
        return 0.0 if progress < PHASE else 1.0
    if schedule == "lagrangian":
        return feedback.share if feedback else 0.0
    if schedule == "feedback":
        entropy = feedback.entropy if feedback and feedback.entropy is not None else 0.0
        return min(max((entropy - 0.4) / 0.6, 0.0), 1.0)
    raise ValueError(f"schedule '{schedule}' is not one of {', '.join(SCHEDULES)}")


def language_entropy(languages: list[list[str | None]]) -> float:
    """Mean over groups of the entropy of their traces' languages, by log n; 0 to 1 (abstentions are a language)."""
    return float(np.mean([group_entropy(group) for group in languages]))


def group_entropy(group: list[str | None]) -> float:
    """The entropy of the languages of one group's n traces, by log n."""
    shares = np.unique([label or "" for label in group], return_counts=True)[1] / len(group)
    return float(-(shares * np.log(shares)).sum() / math.log(len(group))) if len(group) > 1 else 0.0


def diversity_weights(
    kind: str, languages: list[list[str | None]], step: int, total: int, feedback: FeedbackState | None = None
) -> Array:
    """1 + (n/n_l - 1) d, with n_l of a group's n completions in this one's language; (groups, n).

    d: `none` 0; `cosine` (1 + cos(pi t/T))/2; `adaptive` 1 - H/log n, H the entropy of the group's languages;
    `feedback` max(0, 1 - eta/0.6), eta its moving average over batches.
    """

    def decay(group: list[str | None]) -> float:
        if kind == "cosine":
            return (1 + math.cos(math.pi * step / total)) / 2
        if kind == "adaptive":
            return max(0.0, 1 - group_entropy(group))
        entropy = feedback.entropy if feedback and feedback.entropy is not None else 0.0
        return max(0.0, 1 - entropy / 0.6) if kind == "feedback" else 0.0

    rows = []
    for group in languages:
        factor = decay(group)
        rows.append([1 + (len(group) / group.count(label) - 1) * factor for label in group])
    return np.array(rows, dtype=float)


def normalise(values: Array) -> Array:
    """N(): the z-score within each group (sample standard deviation, as torch's)."""
    spread = values.std(axis=1, ddof=1, keepdims=True) if values.shape[1] > 1 else np.zeros((len(values), 1))
    return (values - values.mean(axis=1, keepdims=True)) / (spread + EPSILON)


def align(
    correct: Array,
    match: Array,
    languages: list[list[str | None]],
    options: dict[str, Any],
    step: int,
    total: int,
    feedback: FeedbackState | None = None,
) -> tuple[Array, float]:
    """The scores of a batch and the g(t) they were made with.

    `multiplicative`: r (1 + bonus g m). A wrong answer earns nothing.
    `sum`: r + bonus g m. `gate`: r where m, else -1; neither bonus nor schedule counts.
    `all-correct`: m in a group whose answers are all right, else r. `correct-only`, `rescaled`: r; see `adjusted`.
    Of all these the trainer takes the group z-score.
    `additive`: N(r) + bonus g N(m), whose group mean is 0: the trainer must not scale it again.
    """
    strength = options["bonus"] * growth(options["schedule"], step, total, options["floor"], feedback)
    reward = correct * diversity_weights(options["diversity"], languages, step, total, feedback)
    if options["form"] == "additive":
        return normalise(reward) + strength * normalise(match), strength
    if options["form"] == "sum":
        return reward + strength * match, strength
    if options["form"] == "gate":
        return np.where(match > 0, reward, -1.0), strength
    if options["form"] == "all-correct":
        return np.where(correct.all(axis=1, keepdims=True), match, reward), strength
    if options["form"] in ADJUSTED:
        return reward, strength
    return reward * (1 + strength * match), strength


def adjusted(advantages: Array, correct: Array, match: Array, form: str, strength: float) -> Array:
    """The advantages of a form of ADJUSTED; all are (groups, completions).

    `correct-only`: A + bonus g m for right answers, a tiebreaker among them. `rescaled`: A (1 + bonus g m).
    """
    if form == "correct-only":
        return advantages + strength * match * (correct > 0)
    return advantages * (1 + strength * match)
