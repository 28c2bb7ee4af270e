"""What was measured for a claim: differences of scores, the correlation of MSD with depth, ratios of seconds.

Differences are paired: both models answered the same questions, and were trained with the same seed.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from vernacular.evaluation.claim_terms import sides
from vernacular.evaluation.frames import Frames, Run, benchmarks_of, runs_on
from vernacular.evaluation.options import ClaimsOptions
from vernacular.evaluation.rates import COUNTED, RATES, Array
from vernacular.evaluation.seeds import LEAST, seed_interval, seed_p
from vernacular.evaluation.significance import detectable, problems_interval, problems_p, seeds_interval, seeds_p
from vernacular.evaluation.statistics import Parts, problem_parts
from vernacular.language.languages import ENGLISH

PERMUTATIONS = 9999
UNKNOWN = (np.nan, np.nan)

Claim = Mapping[str, Any]  # study.claims.load_claims
Costs = Mapping[Run, Mapping[str, float]]  # results.read_costs


class Result(NamedTuple):
    """What was measured for a part of a claim: `values` (seed,), the p-value, the 95 % intervals over problems and,
    from LEAST seeds on, over seeds.

    n: questions, translations one by one; layers for `msd_depth`.
    """

    values: Array
    p: float
    over_problems: tuple[float, float] = UNKNOWN
    over_seeds: tuple[float, float] = UNKNOWN
    n: int = 0
    detectable: float = np.nan  # significance.detectable


def of_seeds(values: Array, threshold: float) -> Result:
    """What one value for each seed says."""
    low, high = seed_interval(values)
    return Result(values, seed_p(values, threshold), over_seeds=(float(low), float(high)))


def time_ratios(costs: Costs, chains: Sequence[Sequence[str]]) -> Array:
    """(seed,): seconds of the second chain over those of the first, for the seeds that have the costs of both."""
    stages = [stage for chain in chains for stage in chain]
    seeds = [seed for seed in sorted({seed for _, seed in costs}) if all((stage, seed) in costs for stage in stages)]
    totals = [[sum(costs[stage, seed]["seconds"] for stage in chain) for chain in chains] for seed in seeds]
    return np.array([other / own for own, other in totals])


def score_results(claim: Claim, frames: Frames, options: ClaimsOptions) -> dict[tuple[str, str], Result]:
    """(metric, benchmark) -> result, for the benchmarks on which all models of the claim were scored."""
    names = sides(claim)
    results = {}
    for benchmark in benchmarks_of(frames):
        if not any(fnmatchcase(benchmark, pattern) for pattern in claim["benchmarks"]):
            continue
        scores = runs_on(frames, benchmark)
        seeds = sorted(set.intersection(*({seed for name, seed in scores if name == model} for model in names)))
        if not seeds:
            continue
        compared = on_common_questions({(model, seed): scores[model, seed] for seed in seeds for model in names})
        some = next(iter(compared.values()))
        inside = options.in_domain.get(f"{claim['model']}/{benchmark}", [])
        groups = {
            key: members(claim[key], some["language"], inside)
            for key in ("languages", "than")
            if claim[key] is not None
        }
        if not all(groups.values()):
            continue
        parts = problem_parts(compared, benchmark, groups)
        asked = some[some["language"].isin({code for codes in groups.values() for code in codes})]
        n = len(asked[["id", "language"]].drop_duplicates())
        contrasts = [contrast([parts[model, seed] for model in names], list(groups)) for seed in seeds]
        values = np.stack([found.values for found in contrasts])
        reach = len(names) * len(groups) / 2 * contrasts[0].weight
        for metric in claim["metrics"]:
            of_metric = np.ascontiguousarray(values[:, :, RATES.index(metric)])
            bound = None if metric in COUNTED else reach
            results[metric, benchmark] = score_result(of_metric, claim["threshold"], bound, n, options.draws)
    return results


def score_result(values: Array, threshold: float, reach: float | None, n: int, draws: int) -> Result:
    """What differences (seed, problem) say; reach: significance.problems_p."""
    of_problems = values.mean(axis=0)
    interval = problems_interval(of_problems, reach, draws)
    several = len(values) >= LEAST
    found = detectable(values, threshold, interval, several)
    if not several:
        p = float(problems_p(of_problems, threshold, reach, draws))
        return Result(values.mean(axis=1), p, interval, n=n, detectable=found)
    p = float(seeds_p(values, threshold, reach, draws))
    return Result(values.mean(axis=1), p, interval, seeds_interval(values), n, found)


def contrast(models: Sequence[Mapping[str, Parts]], groups: Sequence[str]) -> Parts:
    """First model minus second, in the first group of languages minus the second; a missing second counts as 0."""
    signed = [
        (of_model * of_group, parts[group])
        for of_model, parts in zip((1, -1), models, strict=False)
        for of_group, group in zip((1, -1), groups, strict=False)
    ]
    values = np.sum([sign * parts.values for sign, parts in signed], axis=0)
    return Parts(values, max(parts.weight for _, parts in signed))


def on_common_questions(frames: dict[Run, pd.DataFrame]) -> dict[Run, pd.DataFrame]:
    """The rows of the questions and languages that all frames have: one evaluation may ask more than another."""
    keys = [pd.MultiIndex.from_frame(scores[["id", "language"]]) for scores in frames.values()]
    common = keys[0].unique()
    for other in keys[1:]:
        common = common.intersection(other.unique())
    return {run: scores[key.isin(common)] for (run, scores), key in zip(frames.items(), keys, strict=True)}


def members(group: str | Sequence[str], evaluated: Iterable[str], in_domain: Sequence[str]) -> list[str]:
    """The codes of a group of languages, or of a list, that were evaluated."""
    languages = sorted(set(evaluated))
    others = [code for code in languages if code != ENGLISH]
    if group == "every":
        return languages
    if group == "all":
        return others
    if group in ("in-domain", "out-of-domain"):
        # Without in-domain languages, the study does not say which ones it trained on.
        return [code for code in others if (code in in_domain) == (group == "in-domain")] if in_domain else []
    return [code for code in languages if code in group]


def layer_result(probes: Mapping[int, pd.DataFrame]) -> Result:
    """Spearman's correlation of MSD with the layer's number for each seed.

    p by permuting the layers of each seed (seeded); from LEAST seeds on at least that of a t-test over seeds.
    """
    random = np.random.default_rng(0)
    values, mixed = [], []
    for seed in sorted(probes):
        msd = probes[seed].groupby("layer")["msd"].first().sort_index()
        ranks: Array = np.array([msd.rank().tolist()])
        values.append(float(depth_correlation(ranks)[0]))
        permuted = random.permuted(np.repeat(ranks, PERMUTATIONS, axis=0), axis=1)
        mixed.append(depth_correlation(permuted))
    measured = np.array(values)
    rarer = int((np.abs(np.mean(mixed, axis=0)) >= abs(measured.mean()) - 1e-12).sum())
    found = of_seeds(measured, 0.0)
    return found._replace(p=float(np.nanmax([found.p, (1 + rarer) / (1 + PERMUTATIONS)])), n=ranks.shape[1])


def depth_correlation(ranks: Array) -> Array:
    """Pearson's correlation of ranks (n, layer) with the layer: (n,), 0 where all are equal."""
    depth = np.arange(ranks.shape[1]) - (ranks.shape[1] - 1) / 2
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    scale = np.sqrt((centred**2).sum(axis=1) * (depth**2).sum())
    return np.divide(centred @ depth, scale, out=np.zeros(len(ranks)), where=scale > 0)
