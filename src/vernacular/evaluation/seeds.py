"""Results over several seeds: means and, from five seeds on, intervals by Student's t.

Fewer seeds get no interval: a bootstrap over 3 seeds covers the truth in 73 % of studies, not in 95 %, and the
t-interval of 3 is too wide to say much (our choice).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from vernacular.evaluation.rates import Array
from vernacular.evaluation.statistics import DIGITS, LEVEL

LEAST = 5  # seeds
MEAN = "mean"  # in the column `seed` of a row over all seeds


def t_within(t: Any, freedom: int) -> Any:
    """The probability that Student's t lies between -t and t (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).

    t: a number or an array of them, which may be infinite.
    """
    angle = np.arctan(t / math.sqrt(freedom))
    sine, cosine = np.sin(angle), np.cos(angle)
    term = cosine if freedom % 2 else np.ones_like(cosine)
    total = term if freedom > 1 else np.zeros_like(cosine)
    for k in range(3 if freedom % 2 else 2, freedom - 1, 2):
        term = term * cosine**2 * (k - 1) / k
        total = total + term
    return 2 / math.pi * (angle + sine * total) if freedom % 2 else sine * total


def t_quantile(freedom: int, level: float = LEVEL) -> float:
    """The t with `level` of the probability between -t and t, by bisection."""
    low, high = 0.0, 1e4
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if t_within(middle, freedom) < level else (low, middle)
    return high


def seed_interval(values: Array) -> tuple[Array, Array]:
    """The 95 % t-interval of a mean over seeds: (seed, ...) to two of (...); NaN below LEAST seeds."""
    seeds, mean = len(values), values.mean(axis=0)
    if seeds < LEAST:
        nothing = np.full_like(mean, np.nan)
        return nothing, nothing
    half = t_quantile(seeds - 1) * values.std(axis=0, ddof=1) / math.sqrt(seeds)
    return mean - half, mean + half


def seed_p(values: Array, threshold: float) -> float:
    """The two-sided p-value of a t-test of the mean over seeds (seed,) against a threshold; NaN below LEAST seeds."""
    if len(values) < LEAST:
        return math.nan
    error = values.std(ddof=1) / math.sqrt(len(values))
    distance = abs(float(values.mean()) - threshold)
    if error == 0:
        return 1.0 if distance == 0 else 0.0
    return float(1 - t_within(distance / float(error), len(values) - 1))


def with_means(
    table: pd.DataFrame, keys: Sequence[str], rates: Sequence[str], counts: Sequence[str] = ()
) -> pd.DataFrame:
    """The table and, if it has several seeds, below it a row over the seeds for each of its groups.

    Rows with equal `keys` are a group. A row over seeds has `mean` in its column `seed`. It holds the mean of each of
    `rates` and, from LEAST seeds on and if the table has such columns, the t-interval in `_low` and `_high`, which
    reflects the choice of seeds; in the row of one seed, the interval reflects the choice of questions. Of `counts` it
    holds the sums; a rate that a seed lacks is null. The last column, `seeds`, counts them. Rounded to 6 digits.
    """
    table = table.assign(seeds=1)
    if table["seed"].nunique() < 2:
        return table
    columns, rows = list(table.columns), []
    for _, group in table.groupby(list(keys), sort=False):
        values = group[list(rates)].to_numpy(np.float64)
        row = group.iloc[0].to_dict() | {"seed": MEAN, "seeds": len(group)}
        row |= {name: int(group[name].sum()) for name in counts}
        for name, mean, low, high in zip(rates, values.mean(axis=0), *seed_interval(values), strict=True):
            ends = {name: mean, f"{name}_low": low, f"{name}_high": high}
            row |= {key: round(float(value), DIGITS) for key, value in ends.items() if key in columns}
        rows.append(row)
    return pd.concat([table.astype({"seed": object}), pd.DataFrame(rows, columns=columns)], ignore_index=True)
