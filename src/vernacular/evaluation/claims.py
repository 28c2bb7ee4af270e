"""The papers' claims tested on a study's own scores, probes and costs (tables/claims.csv, costs/claims.csv).

config/claims.yaml says what a claim compares. Differences are paired: both models answered the same questions, were
trained with the same seed, and share the bootstrap's draws, each of which includes all languages and samples of a
question. A verdict follows from the data alone: Holm's p-value (Holm 1979) over all parts of a table.
"""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from vernacular.evaluation.claim_terms import OF_LAYERS, OF_TIME, sides
from vernacular.evaluation.frames import Frames, Run, benchmarks_of, runs_on
from vernacular.evaluation.options import ClaimsOptions
from vernacular.evaluation.seeds import LEAST, seed_interval, seed_p
from vernacular.evaluation.statistics import DIGITS, ENGLISH, RATES, Array, Estimate, group_estimates, interval
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.storage.messages import nearest

COLUMNS = (
    *("study", "claim", "paper", "statement", "metric", "benchmark", "languages", "model", "baseline"),
    *("direction", "threshold", "published", "published_as", "measured", "low", "high", "p", "p_holm"),
    *("verdict", "claim_verdict", "n", "seeds", "seeds_low", "seeds_high", "timed", "note"),
    "metrics_version",
)
SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
NOT_IN_STUDY, NOT_ASKED = "not in this study", "not asked for"
LEVEL = 0.05
PERMUTATIONS = 9999

Claim = Mapping[str, Any]  # study.claims.load_claims
Costs = Mapping[Run, Mapping[str, float]]  # results.read_costs


class Result(NamedTuple):
    """What was measured for a part of a claim: `values` (seed,) and, from scores, `draws` (draw,) of their mean.

    n: questions, translations one by one; layers for `msd_depth`.
    """

    values: Array
    draws: Array | None = None
    p: float = np.nan
    n: int = 0


def claims_table(
    claims: Mapping[str, Claim],
    frames: Frames,
    probes: Mapping[str, Mapping[int, pd.DataFrame]],
    options: ClaimsOptions,
) -> pd.DataFrame:
    """`tables/claims.csv`: COLUMNS, a row for each metric and benchmark of each claim that is not about time.

    low and high are the 95 % percentile interval of the bootstrap over questions, for the mean over the seeds; p is
    two-sided, from the same draws. From five seeds on, seeds_low and seeds_high are the t-interval over seeds, and p is
    the larger one of the two tests, so that the verdict holds for other questions and for other seeds. With fewer seeds
    it is about the models as they were trained. `claim_verdict` is `supported` if all parts are, `contradicted` if one
    is. Rates are shares of 1; all numbers are rounded to 6 digits.

    probes: model -> seed -> rows of its probe.parquet. Raises ValueError if scores cannot be compared.
    """
    rows = []
    for name, claim in claims.items():
        if OF_TIME in claim["metrics"]:
            continue
        if OF_LAYERS in claim["metrics"]:
            parts = {(OF_LAYERS, ""): layer_result(probes[claim["model"]])} if claim["model"] in probes else {}
        else:
            parts = score_results(claim, frames, options)
        rows += claim_rows(name, claim, parts, options)
    return with_verdicts(rows)


def timed_table(claims: Mapping[str, Claim], costs: Costs, options: ClaimsOptions) -> pd.DataFrame:
    """`costs/claims.csv`: the claims about time, which two runs measure differently.

    measured is the baseline's seconds over the model's own, each summed over its chain of trainings; the only interval
    is that over seeds, from five on.
    """
    rows = []
    for name, claim in claims.items():
        if OF_TIME in claim["metrics"]:
            chains = [options.chains.get(model, []) for model in sides(claim)]
            ratios = time_ratios(costs, chains) if all(chains) else np.empty(0)
            parts = {(OF_TIME, ""): Result(ratios, p=seed_p(ratios, claim["threshold"]))} if len(ratios) else {}
            rows += claim_rows(name, claim, parts, options)
    return with_verdicts(rows)


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
        estimates = group_estimates(compared, benchmark, groups, options.draws)
        asked = some[some["language"].isin({code for codes in groups.values() for code in codes})]
        n = len(asked[["id", "language"]].drop_duplicates())
        contrasts = [contrast([estimates[model, seed] for model in names], list(groups)) for seed in seeds]
        values = np.stack([found.point for found in contrasts])
        draws = np.mean([found.draws for found in contrasts], axis=0)
        for metric in claim["metrics"]:
            place = RATES.index(metric)
            p = bootstrap_p(draws[:, place], claim["threshold"])
            results[metric, benchmark] = Result(values[:, place], draws[:, place], p, n)
    return results


def contrast(models: Sequence[Mapping[str, Estimate]], groups: Sequence[str]) -> Estimate:
    """First model minus second, in the first group of languages minus the second; a missing second counts as 0."""
    signed = [
        (of_model * of_group, estimates[group])
        for of_model, estimates in zip((1, -1), models, strict=False)
        for of_group, group in zip((1, -1), groups, strict=False)
    ]
    point = np.sum([sign * estimate.point for sign, estimate in signed], axis=0)
    return Estimate(point, np.sum([sign * estimate.draws for sign, estimate in signed], axis=0))


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


def bootstrap_p(draws: Array, threshold: float) -> float:
    """Two-sided: twice the share of draws on the rarer side of the threshold, counting the measured value as one more
    draw (Davison and Hinkley 1997, section 4.2.1); never below 2 / (draws + 1)."""
    draws = draws[~np.isnan(draws)]
    rarer = min(int((draws <= threshold).sum()), int((draws >= threshold).sum()))
    return min(1.0, 2 * (1 + rarer) / (1 + len(draws)))


def layer_result(probes: Mapping[int, pd.DataFrame]) -> Result:
    """Spearman's correlation of MSD with the layer's number for each seed; p by permuting the layers (seeded)."""
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
    return Result(measured, p=(1 + rarer) / (1 + PERMUTATIONS), n=ranks.shape[1])


def depth_correlation(ranks: Array) -> Array:
    """Pearson's correlation of ranks (n, layer) with the layer: (n,), 0 where all are equal."""
    depth = np.arange(ranks.shape[1]) - (ranks.shape[1] - 1) / 2
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    scale = np.sqrt((centred**2).sum(axis=1) * (depth**2).sum())
    return np.divide(centred @ depth, scale, out=np.zeros(len(ranks)), where=scale > 0)


def claim_rows(
    name: str, claim: Claim, parts: Mapping[tuple[str, str], Result], options: ClaimsOptions
) -> list[dict[str, Any]]:
    """The rows of a claim; for a part without a result, one that says why."""
    without_scores = claim["metrics"][0] in (OF_LAYERS, OF_TIME)
    rows = []
    for metric in claim["metrics"]:
        for pattern in [""] if without_scores else claim["benchmarks"]:
            fitting = [b for m, b in parts if m == metric and (without_scores or fnmatchcase(b, pattern))]
            for benchmark in fitting or [pattern]:
                published: Mapping[str, Any] = next((p for p in claim["published"] if fits(p, metric, benchmark)), {})
                row = {
                    "study": options.study, "claim": name, "paper": claim["paper"], "statement": claim["statement"],
                    "metric": metric, "benchmark": benchmark, "languages": languages_text(claim, metric),
                    "model": claim["model"], "baseline": claim["baseline"], "direction": claim["direction"],
                    "threshold": claim["threshold"], "published": published.get("difference"),
                    "published_as": published.get("figures"), "timed": metric == OF_TIME,
                }  # fmt: skip
                found = result_columns(parts[metric, benchmark], claim) if fitting else reason_columns(claim, options)
                rows.append(row | found)
    return rows


def fits(published: Mapping[str, Any], metric: str, benchmark: str) -> bool:
    """Whether a published figure is about a metric and benchmark."""
    return fnmatchcase(benchmark, published["benchmark"]) and published["metric"] in (None, metric)


def languages_text(claim: Claim, metric: str) -> str:
    """The groups of languages that a claim compares, as its table names them."""
    if metric in (OF_LAYERS, OF_TIME):
        return ""
    named = [claim[key] for key in ("languages", "than") if claim[key] is not None]
    return " against ".join(group if isinstance(group, str) else " ".join(group) for group in named)


def result_columns(result: Result, claim: Claim) -> dict[str, Any]:
    """The columns of a part with a result: value, intervals, p-value, counts."""
    seeds = len(result.values)
    low, high = (float(end) for end in seed_interval(result.values))
    ends = interval(result.draws) if result.draws is not None else (np.nan, np.nan)
    over_seeds = seed_p(result.values, claim["threshold"])
    p = result.p if np.isnan(over_seeds) else float(np.nanmax([result.p, over_seeds]))  # from five seeds on, both tests
    note = "" if seeds >= LEAST else f"of {seeds} trained {'model' if seeds == 1 else 'models'} a side"
    if np.isnan(p):
        note = f"no interval below {LEAST} seeds"
    return {
        "measured": float(result.values.mean()), "low": float(ends[0]), "high": float(ends[1]), "p": p,
        "n": result.n or None, "seeds": seeds, "seeds_low": low, "seeds_high": high, "note": note,
    }  # fmt: skip


def reason_columns(claim: Claim, options: ClaimsOptions) -> dict[str, Any]:
    """The columns of a part without a result: why there is none."""
    known = options.evaluated
    lacking = [model for model in sides(claim) if model not in known]
    if lacking:
        hint = nearest(lacking[0], known)
        note = f"no model '{lacking[0]}'" + (f"; {hint}" if hint.startswith("did") else "")
        return {"verdict": NOT_IN_STUDY, "note": note, "seeds": 0}
    if options.complete:
        return {"verdict": NOT_IN_STUDY, "note": "no such benchmark or languages", "seeds": 0}
    return {"verdict": NOT_ASKED, "note": "`snakemake claims` measures it, if the study can", "seeds": 0}


def holm(values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given; NaN stays NaN and does not count."""
    order = sorted((i for i, p in enumerate(values) if not np.isnan(p)), key=lambda i: values[i])
    adjusted, largest = [float("nan")] * len(values), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * values[i]))
        adjusted[i] = largest
    return adjusted


def with_verdicts(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The table of all rows, with Holm's p-values and verdicts."""
    adjusted = holm([row.get("p", np.nan) for row in rows])
    verdicts: dict[str, list[str]] = {}
    for row, p in zip(rows, adjusted, strict=True):
        if "verdict" not in row:
            row["p_holm"] = p
            beyond = (row["measured"] - row["threshold"]) * (1 if row["direction"] == "higher" else -1)
            row["verdict"] = UNDECIDED if not p < LEVEL else SUPPORTED if beyond > 0 else CONTRADICTED
        verdicts.setdefault(row["claim"], []).append(row["verdict"])
    for row in rows:
        row |= {"claim_verdict": claim_verdict(verdicts[row["claim"]]), "metrics_version": METRICS_VERSION}
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    rounded = ["published", "measured", "low", "high", "p", "p_holm", "seeds_low", "seeds_high"]
    table[rounded] = table[rounded].astype(np.float64).round(DIGITS) + 0.0  # -0.0 becomes 0.0
    return table.astype({"n": "Int64"})


def claim_verdict(verdicts: Sequence[str]) -> str:
    """The verdict on a claim from those on its parts; a part that was not measured leaves it undecided."""
    if CONTRADICTED in verdicts:
        return CONTRADICTED
    if len(set(verdicts)) == 1:
        return verdicts[0]
    return UNDECIDED
