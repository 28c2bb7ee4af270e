"""Size and power of the tests behind the claims' verdicts, on simulated studies of known truth.

    python benchmarks/significance.py [--studies 10000]

Two models answer the same n problems, alike or not. A study's differences are right less wrong (1, 0, -1) by problem
and seed; problems have lasting leanings, and each training shifts all of them. `few` and `many`: 2 % or 40 % of the
answers differ where nothing shifts them. Size: the share of studies that are decided though the difference is exactly
the threshold: both ways at threshold 0, wrongly `supported` (nominal 0.025) at -0.02. Power: the share decided rightly
where it is 0.03 (few) or 0.05 (many) against 0, and nothing against -0.02. `the other` is a t-test of the same
differences: over problems with one seed, over seeds' means with several.
"""

import argparse
import os
from collections.abc import Iterator
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from bench import Row, row, run

from vernacular.evaluation.rates import Array
from vernacular.evaluation.seeds import t_within
from vernacular.evaluation.significance import problems_p, seeds_p

BATCH, DRAWS, LEVEL = 500, 999, 0.05


class Setting(NamedTuple):
    problems: int
    seeds: int
    differ: str  # few | many
    threshold: float
    gain: float  # the true difference

    def __str__(self) -> str:
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        return f"n {self.problems}, {seeds}, {self.differ} differ, {self.gain:+g} against {self.threshold:g}"


def differences(random: np.random.Generator, setting: Setting, studies: int) -> Array:
    """(study, seed, problem) of 1, 0 and -1, with the mean `gain` over studies."""
    shape = (studies, setting.seeds, setting.problems)
    one = (studies, 1, setting.problems)
    if setting.differ == "few":
        differing, spread = np.where(random.random(one) < 0.04, 0.5, 0.0), 0.003
        up = np.where(random.random(one) < 0.5, 0.9, 0.1)
    else:
        differing, spread = random.beta(2, 3, one), 0.02
        up = np.where(random.random(one) < 0.5, 0.8, 0.2)
    values = np.where(random.random(shape) < up, 1.0, -1.0) * (random.random(shape) < differing)
    shift = setting.gain + (spread * random.normal(size=(*shape[:2], 1)) if setting.seeds > 1 else 0.0)
    return np.where(random.random(shape) < np.abs(shift), np.sign(shift), values)


def decided(setting: Setting, studies: int, draws: int = DRAWS) -> tuple[float, float]:
    """The share of studies that our test decides, and that a t-test does: against a threshold other than 0, and where
    the gain is beyond the threshold, only those that it decides upwards."""
    random, counts = np.random.default_rng(studies), np.zeros(2)
    for start in range(0, studies, BATCH):
        values = differences(random, setting, min(BATCH, studies - start))
        limits = (setting.threshold, 1.0, draws)
        ours = problems_p(values[:, 0], *limits) if setting.seeds == 1 else seeds_p(values, *limits)
        upwards = values.mean(axis=(1, 2)) > setting.threshold
        both_ways = setting.threshold == 0 and setting.gain == 0
        for place, p in enumerate((ours, t_test(values, setting.threshold))):
            counts[place] += ((p < LEVEL) & (upwards | both_ways)).sum()
    return float(counts[0] / studies), max(float(counts[1] / studies), 1e-9)  # the table has their ratio


def t_test(values: Array, threshold: float) -> Array:
    of_one = values.mean(axis=2) if values.shape[1] > 1 else values[:, 0]
    error = of_one.std(axis=1, ddof=1) / np.sqrt(of_one.shape[1])
    distance = np.abs(of_one.mean(axis=1) - threshold)
    t = np.divide(distance, error, out=np.where(distance > 0, np.inf, 0.0), where=error > 0)
    return 1 - np.asarray(t_within(t, of_one.shape[1] - 1))


def settings(problems: tuple[int, ...] = (100, 200, 1000), seeds: tuple[int, ...] = (1, 5, 8)) -> Iterator[Setting]:
    """Those in which the difference is the threshold, which size is about."""
    for threshold in (0.0, -0.02):
        for differ in ("few", "many"):
            for count in seeds:
                for n in problems:
                    yield Setting(n, count, differ, threshold, threshold)


def powered(setting: Setting) -> Setting:
    """The same setting with a difference to be found."""
    return setting._replace(gain={"few": 0.03, "many": 0.05}[setting.differ] if setting.threshold == 0 else 0.0)


def limit(setting: Setting, studies: int) -> float:
    """The nominal size and two Monte Carlo standard errors."""
    nominal = LEVEL if setting.threshold == 0 else LEVEL / 2
    return nominal + 2 * float(np.sqrt(nominal * (1 - nominal) / studies))


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    studies = 200 if arguments.tiny else arguments.studies
    for setting in settings():
        target = f"ours <= {limit(setting, studies):.4f}"
        yield row(f"size: {setting}", "share of studies", [decided(setting, studies)], target)
        found = powered(setting)
        yield row(f"power: {found}", "share of studies", [decided(found, max(100, studies // 10))])


if __name__ == "__main__":
    run(__doc__, rows, {"--studies": 10_000})
