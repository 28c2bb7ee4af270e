"""Paired comparisons of accuracy, as the tables of SLAM and of the merges make them.

Differences are paired: a model and the one that it is compared with have the same seed and the same questions, and
share the bootstrap's draws.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from vernacular.evaluation.frames import Frames, Run
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.statistics import DIGITS, Estimate, interval, joint_estimates
from vernacular.report.options import MergeOptions, SlamOptions


def accuracies(scores: Mapping[Run, pd.DataFrame], benchmark: str, draws: int, group: str) -> dict[Run, Estimate]:
    """The accuracy in a group of languages of statistics.joint_estimates: `point` (), `draws` (draw,)."""
    accuracy = RATES.index("accuracy")
    estimates = joint_estimates(scores, benchmark, draws, group)
    return {run: Estimate(found.point[..., accuracy], found.draws[..., accuracy]) for run, found in estimates.items()}


def difference(left: Estimate, right: Estimate) -> Estimate:
    """left - right, draw by draw."""
    return Estimate(left.point - right.point, left.draws - right.draws)


def bounded(estimate: Estimate | None) -> list[float]:
    """Value, low and high of the 95 % interval, rounded; NaN for no estimate."""
    if estimate is None:
        return [np.nan] * 3
    # Adding 0 turns a difference of -0.0 into 0.0.
    return [round(float(value), DIGITS) + 0.0 for value in (estimate.point, *interval(estimate.draws))]


def scored_model(frames: Frames, options: SlamOptions | MergeOptions, role: str, benchmark: str, seed: int) -> str:
    """The model that the options name for a role. Raises ValueError if it was not scored on the benchmark."""
    model: str = getattr(options, role)
    if (model, benchmark, seed) not in frames:
        raise ValueError(
            f"{benchmark}, seed {seed}: no scores of '{model}', {options.section}.{role}; "
            "add it to the models of the evaluation"
        )
    return model
