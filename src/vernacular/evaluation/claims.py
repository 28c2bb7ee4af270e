"""The papers' claims tested on a study's own scores, probes and costs (tables/claims.csv, costs/claims.csv).

config/claims.yaml says what a claim compares. claim_results.py measures it, significance.py tests it, verdicts.py says
what follows; docs/claims.md explains all three.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import pandas as pd

from vernacular.evaluation.claim_results import Claim, Costs, Result, layer_result, of_seeds, score_results, time_ratios
from vernacular.evaluation.claim_terms import OF_LAYERS, OF_TIME, sides
from vernacular.evaluation.frames import Frames
from vernacular.evaluation.options import ClaimsOptions
from vernacular.evaluation.seeds import LEAST
from vernacular.evaluation.verdicts import NOT_ASKED, NOT_IN_STUDY, with_verdicts
from vernacular.storage.messages import nearest


def claims_table(
    claims: Mapping[str, Claim],
    frames: Frames,
    probes: Mapping[str, Mapping[int, pd.DataFrame]],
    options: ClaimsOptions,
) -> pd.DataFrame:
    """`tables/claims.csv`: verdicts.COLUMNS, a row for each metric and benchmark of each claim that is not about time.

    measured is the mean over the seeds. low and high are its 95 % interval over the choice of problems, for the models
    as they were trained. From five seeds on, seeds_low and seeds_high are that over the choice of problems and of
    seeds, and so is p; with fewer, p is over problems alone. detectable is how far from the threshold the truth has to
    be for 80 % of such studies to find it. p is two-sided and of the part; claim_p, p_holm and
    verdict are of the claim. Rates are shares of 1; all numbers are rounded to 6 digits.

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
    return with_verdicts(rows, options.families, options.trained)


def timed_table(claims: Mapping[str, Claim], costs: Costs, options: ClaimsOptions) -> pd.DataFrame:
    """`costs/claims.csv`: the claims about time, which two runs measure differently.

    measured is the baseline's seconds over the model's own, each summed over its chain of trainings; p and the only
    interval are over seeds, from five on.
    """
    rows = []
    for name, claim in claims.items():
        if OF_TIME in claim["metrics"]:
            chains = [options.chains.get(model, []) for model in sides(claim)]
            ratios = time_ratios(costs, chains) if all(chains) else np.empty(0)
            parts = {(OF_TIME, ""): of_seeds(ratios, claim["threshold"])} if len(ratios) else {}
            rows += claim_rows(name, claim, parts, options)
    return with_verdicts(rows, options.families, options.trained)


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
                found = result_columns(parts[metric, benchmark]) if fitting else reason_columns(claim, options)
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


def result_columns(result: Result) -> dict[str, Any]:
    """The columns of a part with a result: value, intervals, p-value, counts."""
    seeds, (low, high), (seeds_low, seeds_high) = len(result.values), result.over_problems, result.over_seeds
    return {
        "measured": float(result.values.mean()), "low": low, "high": high, "p": result.p, "n": result.n or None,
        "seeds": seeds, "seeds_low": seeds_low, "seeds_high": seeds_high, "detectable": result.detectable,
        "note": f"no interval below {LEAST} seeds" if np.isnan(result.p) else "",
    }  # fmt: skip


def reason_columns(claim: Claim, options: ClaimsOptions) -> dict[str, Any]:
    """The columns of a part without a result: why there is none."""
    known = options.evaluated
    lacking = [model for model in sides(claim) if model not in known]
    if lacking:
        hint = nearest(lacking[0], known)
        note = f"no model '{lacking[0]}'" + (f"; {hint}" if hint.startswith("did") else "")
        return {"part": NOT_IN_STUDY, "note": note, "seeds": 0}
    if options.complete:
        return {"part": NOT_IN_STUDY, "note": "no such benchmark or languages", "seeds": 0}
    note = "`snakemake claims --configfile FILE`, where FILE is the study's configuration, measures it if the study can"
    return {"part": NOT_ASKED, "note": note, "seeds": 0}
