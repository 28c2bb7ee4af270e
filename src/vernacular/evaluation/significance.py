"""Tests of a mean of problems' differences: over problems, for models as they are; over problems and seeds, for how
they were trained. benchmarks/significance.py simulates their size and power.

Values have the shape (..., problem) or (..., seed, problem), so that thousands of studies can be tested at once. Random
draws are seeded: a table comes out the same each time.
"""

from collections.abc import Iterator
from statistics import NormalDist

import numpy as np

from vernacular.evaluation.rates import Array
from vernacular.evaluation.seeds import t_quantile, t_within
from vernacular.evaluation.statistics import LEVEL

BLOCK = 250  # draws held at once
POWER = 0.8  # of a difference that a study is said to be able to find (our choice, as is usual)
TELLING = 10  # problems that differ, below which no such difference is given: it would be guessed from too few


def problems_p(values: Array, threshold: float, reach: float | None, draws: int) -> Array:
    """The two-sided p-value that the mean of values (..., problem) is the threshold, over the choice of problems:
    (...).

    By flipping signs at threshold 0, where two models that are alike differ as often one way as the other, and where
    values have no bounds; else by the bound of the mean, since values around another threshold are not symmetric.
    reach: the farthest from 0 that a value can lie; None where nothing bounds it.
    """
    if threshold == 0 or reach is None:
        return sign_flip_p(values - threshold, draws)
    return bound_p(values, threshold, reach, draws)


def sign_flip_p(values: Array, draws: int) -> Array:
    """The two-sided p-value of `draws` random flips of the signs of values (..., problem): (...).

    Fisher's randomization test of paired differences (Fisher 1935, section 21), as exact with random flips as with all
    of them, since the values as they are count as one more draw (Davison and Hinkley 1997, section 4.2.1). Where no
    difference is other than 0, p is 1.
    """
    flat = values.reshape(-1, values.shape[-1])
    # Sums that are equal except for rounding count as equal.
    reached = np.abs(flat.sum(axis=1)) - 1e-9 * np.abs(flat).sum(axis=1)
    random, as_far = np.random.default_rng(0), np.zeros(len(flat))
    for size in blocks(draws):
        signs = 2.0 * random.integers(0, 2, (size, flat.shape[1])) - 1
        as_far += (np.abs(signs @ flat.T) >= reached).sum(axis=0)
    return ((1 + as_far) / (1 + draws)).reshape(values.shape[:-1])


def bound_p(values: Array, threshold: float, reach: float, draws: int) -> Array:
    """The two-sided p-value that the mean of bounded values (..., problem) is the threshold: (...).

    Gaffke's bound (2005; Learned-Miller and Thomas 2019, arXiv 1905.06208) averages the values with random weights,
    evenly from all that sum to 1, and with them one more value at the worst end: -reach when asking whether the mean is
    above the threshold, reach when asking whether it is below. For values of two kinds this is Clopper and Pearson's
    exact bound (1934). That it holds for any others is a conjecture, which our simulations bear out; a bootstrap that
    never saw a difference is sure that there is none.
    """
    flat = values.reshape(-1, values.shape[-1])
    low, high = ends(flat, reach)
    below, above = np.zeros(len(flat)), np.zeros(len(flat))
    for weights in random_weights(flat.shape[1], draws):
        means = weights[:, 1:] @ flat.T
        below += (means + weights[:, :1] * low <= threshold).sum(axis=0)
        above += (means + weights[:, :1] * high >= threshold).sum(axis=0)
    p = 2 * (1 + np.minimum(below, above)) / (1 + draws)
    return np.minimum(1.0, p).reshape(values.shape[:-1])


def problems_interval(values: Array, reach: float | None, draws: int) -> tuple[float, float]:
    """The 95 % interval of the mean of values (problem,) over the choice of problems: from the lower to the upper bound
    of `bound_p`, with the farthest value that was seen as the end where nothing bounds them."""
    low, high = ends(values[None], 0.0 if reach is None else reach, seen=reach is None)
    weights = np.concatenate(list(random_weights(len(values), draws)))
    means = weights[:, 1:] @ values
    return (
        float(np.quantile(means + weights[:, 0] * low, (1 - LEVEL) / 2)),
        float(np.quantile(means + weights[:, 0] * high, (1 + LEVEL) / 2)),
    )


def ends(values: Array, reach: float, seen: bool = False) -> tuple[Array, Array]:
    """The worst and the best that a further value of each row can be: reach, or farther where one was seen."""
    least, most = values.min(axis=1), values.max(axis=1)
    return (least, most) if seen else (np.minimum(least, -reach), np.maximum(most, reach))


def random_weights(count: int, draws: int) -> Iterator[Array]:
    """Blocks (draw, 1 + count) of weights that sum to 1, each such set as likely as any other."""
    random = np.random.default_rng(0)
    for size in blocks(draws):
        found = random.standard_exponential((size, 1 + count))
        yield found / found.sum(axis=1, keepdims=True)


def blocks(draws: int) -> list[int]:
    return [min(BLOCK, draws - start) for start in range(0, draws, BLOCK)]


def crossed_error(values: Array) -> tuple[Array, Array]:
    """(variance, degrees of freedom) of the mean of values (..., seed, problem), both (...).

    Seeds and problems are crossed: every seed answers every problem, and another study would draw others of both. The
    variance of the mean is that over seeds plus that over problems, less what both contain of what is left (Cornfield
    and Tukey 1956; by two-way clusters: Cameron, Gelbach and Miller 2011); at least the greater of the two. The degrees
    of freedom are Satterthwaite's (1946), rounded down, and at least those of the seeds.
    """
    seeds, problems = values.shape[-2:]
    of_seeds, of_problems = values.mean(axis=-1), values.mean(axis=-2)
    mean = of_seeds.mean(axis=-1)
    rest = values - of_seeds[..., None] - of_problems[..., None, :] + mean[..., None, None]
    by_seed = of_seeds.var(axis=-1, ddof=1) / seeds
    by_problem = of_problems.var(axis=-1, ddof=1) / problems if problems > 1 else np.zeros_like(by_seed)
    both = (rest**2).sum(axis=(-2, -1)) / max(1, (seeds - 1) * (problems - 1)) / (seeds * problems)
    variance = np.maximum(by_seed + by_problem - both, np.maximum(by_seed, by_problem))
    split = by_seed**2 / (seeds - 1) + by_problem**2 / max(1, problems - 1)
    freedom = np.divide(variance**2, split, out=np.full_like(variance, seeds - 1), where=split > 0)
    return variance, np.maximum(np.floor(freedom + 1e-9), seeds - 1)


def seeds_p(values: Array, threshold: float, reach: float | None, draws: int) -> Array:
    """The two-sided p-value that the mean of values (..., seed, problem) is the threshold, over the choice of problems
    and of seeds: (...).

    Student's t of `crossed_error`; and never less than the problems' own test says of the mean over seeds, which knows
    what a variance does not where few problems differ.
    """
    variance, freedom = crossed_error(values)
    distance = np.abs(values.mean(axis=(-2, -1)) - threshold)
    t = np.divide(distance, np.sqrt(variance), out=np.where(distance > 1e-12, np.inf, 0.0), where=variance > 1e-24)
    p = np.ones_like(t)
    for degrees in np.unique(freedom):
        here = freedom == degrees
        p[here] = 1 - t_within(t[here], int(degrees))
    return np.maximum(p, problems_p(values.mean(axis=-2), threshold, reach, draws))


def seeds_interval(values: Array) -> tuple[float, float]:
    """The 95 % interval of the mean of values (seed, problem) over the choice of problems and of seeds:
    `crossed_error`, by Student's t."""
    variance, freedom = crossed_error(values)
    half = t_quantile(int(freedom)) * np.sqrt(variance)
    return float(values.mean() - half), float(values.mean() + half)


def detectable(values: Array, threshold: float, interval: tuple[float, float], over_seeds: bool) -> float:
    """How far from the threshold the true mean would have to be for POWER of such studies to find it, from the
    variation of values (seed, problem): the distance at which the test decides in half of them, and the standard error
    times the quantile of POWER, by the normal distribution or, over seeds, Student's t. NaN if fewer than TELLING
    problems differ.

    interval: `problems_interval` of the mean over seeds, which is how far a bound reaches at a threshold other than 0.
    """
    of_problems = values.mean(axis=0)
    if (of_problems != 0).sum() < TELLING:
        return float("nan")
    error = float(of_problems.std(ddof=1) / np.sqrt(len(of_problems)))
    decides, more = NormalDist().inv_cdf((1 + LEVEL) / 2), NormalDist().inv_cdf(POWER)
    if over_seeds:
        variance, freedom = crossed_error(values)
        error = float(np.sqrt(variance))
        decides, more = t_quantile(int(freedom)), t_quantile(int(freedom), 2 * POWER - 1)
    reach = 0.0 if threshold == 0 else max(abs(end - float(of_problems.mean())) for end in interval)
    return max(decides * error, reach) + more * error
