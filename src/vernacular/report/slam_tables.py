"""What SLAM (arXiv 2501.03681) is worth: accuracy and forgetting, cost, and whether MSD picks the right layers."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from vernacular.evaluation.frames import Frames, Run, benchmarks_of, runs_on
from vernacular.evaluation.rates import Array
from vernacular.evaluation.results import MEASURED
from vernacular.evaluation.statistics import DIGITS, Estimate, interval
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.language.languages import ENGLISH
from vernacular.report.comparisons import accuracies, bounded, difference, scored_model
from vernacular.report.options import SlamOptions
from vernacular.storage.tables import with_bounds

COMPARED = ("accuracy_en", "accuracy_mean", "change_en", "change_mean", "over_baseline")
SLAM_COLUMNS = ("study", "model", "benchmark", "seed", "n", "tuned_share", *with_bounds(*COMPARED), "metrics_version")
COST_COLUMNS = (
    *("study", "model", "seed", "stages", *MEASURED),
    *("seconds_per_million_tokens", "speedup_at_budget", "speedup_at_equal_tokens"),
)
SWEEP_COLUMNS = (
    *("study", "benchmark", "seed", "layer", "model", "msd", "msd_rank"),
    *("gain", "gain_low", "gain_high", "gain_rank", "spearman", "spearman_low", "spearman_high"),
    "metrics_version",
)

Costs = Mapping[Run, Mapping[str, float]]  # results.read_costs


def slam_table(frames: Frames, costs: Costs, options: SlamOptions) -> pd.DataFrame:
    """`tables/slam.csv`: SLAM_COLUMNS, a row for each (model, benchmark, seed), in the mapping's order.

    n counts the questions, translations one by one. accuracy_mean is the macro average over all languages including
    English, as SLAM averages its 10; change_en and change_mean are differences from the model `reference` (in English:
    forgetting), over_baseline is the difference of accuracy_mean from the model `baseline`. tuned_share is the share of
    the parameters that the model's own training tuned, null for the reference. Rounded to 6 digits.

    Raises ValueError if the reference or the baseline was not scored along with a model, if the costs of a model are
    missing or lack its counts, or if scores cannot be compared.
    """
    benchmarks = benchmarks_of(frames)
    english = {name: accuracies(runs_on(frames, name), name, options.draws, ENGLISH) for name in benchmarks}
    mean = {name: accuracies(runs_on(frames, name), name, options.draws, "every") for name in benchmarks}
    rows = []
    for (model, benchmark, seed), scores in frames.items():
        run, of_english, of_all = (model, seed), english[benchmark], mean[benchmark]
        reference = scored_model(frames, options, "reference", benchmark, seed), seed
        baseline = scored_model(frames, options, "baseline", benchmark, seed), seed
        estimates = [
            of_english[run],
            of_all[run],
            difference(of_english[run], of_english[reference]),
            difference(of_all[run], of_all[reference]),
            difference(of_all[run], of_all[baseline]),
        ]
        tuned_share = None if run == reference else _tuned_share(costs, model, seed)
        values = [number for estimate in estimates for number in bounded(estimate)]
        questions = len(scores[["id", "language"]].drop_duplicates())
        rows.append((options.study, model, benchmark, seed, questions, tuned_share, *values, METRICS_VERSION))
    return pd.DataFrame(rows, columns=list(SLAM_COLUMNS))


def slam_costs(costs: Costs, options: SlamOptions) -> pd.DataFrame:
    """`costs/slam.csv`: COST_COLUMNS, a row for each model of `chains` and each seed of `costs`.

    A chain names the trainings that a model needs on top of the reference, itself last: seconds and tokens are their
    sums, peak_memory and optimizer_bytes their maxima. The reference has no row, since every model builds on it
    or on what it was made from. speedup_at_budget is the seconds of `baseline` over the model's own, each as it was
    trained; speedup_at_equal_tokens is the same ratio of the seconds per token.

    Raises ValueError for a baseline without a chain, a chain that does not end with its model or counts the reference,
    and costs that are missing or not positive.
    """
    reference, baseline = options.reference, options.baseline
    chains = {model: stages for model, stages in options.chains.items() if model != reference}
    if baseline not in chains:
        raise ValueError(f"chains: no baseline '{baseline}' among {', '.join(chains)}; name one of them, or add it")
    for model, stages in chains.items():
        if not stages or stages[-1] != model or reference in stages:
            raise ValueError(
                f"chains: {model} counts {' + '.join(stages) or 'no stage'}; "
                f"list its trainings that the reference '{reference}' does not share, itself last"
            )
    rows = []
    for model, stages in chains.items():
        for seed in sorted({seed for _, seed in costs}):
            own, other = _sum_costs(costs, stages, seed), _sum_costs(costs, chains[baseline], seed)
            rate, other_rate = own["seconds"] / own["tokens"], other["seconds"] / other["tokens"]
            measured = (round(own["seconds"], 3), *(int(own[name]) for name in MEASURED[1:]))
            ratios = (rate * 1e6, other["seconds"] / own["seconds"], other_rate / rate)
            rows.append((options.study, model, seed, " + ".join(stages), *measured, *(round(r, 3) for r in ratios)))
    return pd.DataFrame(rows, columns=list(COST_COLUMNS))


def sweep_table(
    frames: Frames, probes: Mapping[int, pd.DataFrame], layer_of: Mapping[Run, int], options: SlamOptions
) -> pd.DataFrame:
    """`tables/slam-sweep.csv`: SWEEP_COLUMNS, a row for each benchmark, seed and layer that a model tuned alone.

    probes: seed -> rows of its probe.parquet; layer_of: (model, seed) -> the layer. gain is the accuracy over all
    languages including English, minus that of the model `reference`; ranks count from 1, the highest value, and ties
    share the better rank. spearman correlates MSD and gain over the layers of the benchmark and seed (null if either
    is constant). Its interval resamples the questions; the noise that this adds to the gains draws it towards 0, so
    the measured value may lie above it (our choice to leave it so). Rounded to 6 digits, except MSD.

    Raises ValueError for a seed without a probe, a layer that it lacks or that two models tuned, a model that was
    scored without a tuned layer or tuned without scores, and a missing reference.
    """
    rows: list[tuple[Any, ...]] = []
    for benchmark in benchmarks_of(frames):
        estimates = accuracies(runs_on(frames, benchmark), benchmark, options.draws, "every")
        for seed in dict.fromkeys(seed for _, seed in estimates):
            models = _models_by_layer(estimates, layer_of, benchmark, seed, options.reference)
            msd = _msd(probes, seed, models)
            reference = estimates[scored_model(frames, options, "reference", benchmark, seed), seed]
            gains = [difference(estimates[model, seed], reference) for model in models.values()]
            points = np.array([float(gain.point) for gain in gains]).round(DIGITS)
            correlation = _correlation(msd, points, np.stack([gain.draws for gain in gains], axis=1).round(DIGITS))
            msd_rank, gain_rank = (pd.Series(v).rank(ascending=False, method="min").astype(int) for v in (msd, points))
            for i, (layer, model) in enumerate(models.items()):
                gain = (*bounded(gains[i]), gain_rank[i])
                found = (layer, model, msd[i], msd_rank[i], *gain, *correlation)
                rows.append((options.study, benchmark, seed, *found, METRICS_VERSION))
    return pd.DataFrame(rows, columns=list(SWEEP_COLUMNS))


def spearman(left: Array, right: Array) -> Array:
    """Spearman's rank correlation along the last axis: (n, item) each, or (1, item), to (n,); NaN where constant.

    Pearson's correlation of the ranks; ties share their mean rank.
    """
    ranks = [pd.DataFrame(values).rank(axis=1).to_numpy(np.float64) for values in (left, right)]
    a, b = (values - values.mean(axis=1, keepdims=True) for values in ranks)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.divide((a * b).sum(axis=1), scale, out=np.full(scale.shape, np.nan), where=scale > 0)


def _tuned_share(costs: Costs, model: str, seed: int) -> float:
    row = costs.get((model, seed), {})
    trainable, total = row.get("trainable_parameters"), row.get("total_parameters")
    if trainable is None or not total:
        raise ValueError(f"{model}, seed {seed}: no costs with trainable and total parameters; train it again")
    return round(trainable / total, DIGITS)


def _sum_costs(costs: Costs, stages: Sequence[str], seed: int) -> dict[str, float]:
    for stage in stages:
        row = costs.get((stage, seed), {})
        for name in MEASURED:
            # Some optimizers keep no state, but no training takes no time or no tokens.
            if not row.get(name, -1) >= 0 or (name in ("seconds", "tokens") and row[name] == 0):
                raise ValueError(f"costs of {stage}, seed {seed}: {name} is {row.get(name, 'missing')}; train it again")
    rows = [costs[stage, seed] for stage in stages]
    added = {name: float(sum(row[name] for row in rows)) for name in ("seconds", "tokens")}
    return added | {name: float(max(row[name] for row in rows)) for name in ("peak_memory", "optimizer_bytes")}


def _models_by_layer(
    estimates: Mapping[Run, Estimate], layer_of: Mapping[Run, int], benchmark: str, seed: int, reference: str
) -> dict[int, str]:
    """layer -> model of a benchmark and seed, lowest layer first."""
    where = f"{benchmark}, seed {seed}"
    scored = {model for model, number in estimates if number == seed} - {reference}
    if not scored:
        raise ValueError(f"{where}: no model that tunes a layer was scored; evaluate the sweep's models")
    layers = {model: layer for (model, number), layer in layer_of.items() if number == seed}
    if unlike := sorted(scored ^ layers.keys()):
        what = "was scored, but has no layers.json" if unlike[0] in scored else "tunes a layer, but has no scores"
        raise ValueError(f"{where}: {unlike[0]} {what}; give both files of every model of the sweep")
    models: dict[int, str] = {}
    for model, layer in sorted(layers.items(), key=lambda pair: (pair[1], pair[0])):
        if layer in models:
            raise ValueError(f"{where}: {models[layer]} and {model} both tune layer {layer}; keep one of them")
        models[layer] = model
    return models


def _msd(probes: Mapping[int, pd.DataFrame], seed: int, models: Mapping[int, str]) -> Array:
    """MSD (layer,) of the layers of `models`."""
    if seed not in probes:
        raise ValueError(f"seed {seed}: no probe.parquet; probe the reference for each seed of the sweep")
    by_layer = probes[seed].groupby("layer")["msd"].first()
    if missing := [layer for layer in models if layer not in by_layer.index]:
        raise ValueError(
            f"seed {seed}: {models[missing[0]]} tunes layer {missing[0]}, but the probe has the layers "
            f"{by_layer.index.min()} to {by_layer.index.max()}; probe and tune children of the same model"
        )
    return by_layer.loc[list(models)].to_numpy(np.float64)


def _correlation(msd: Array, gains: Array, draws: Array) -> list[float]:
    """Spearman's correlation of MSD and gains, each (layer,), with its interval from the draws (draw, layer)."""
    point = spearman(msd[None], gains[None])[0]
    if np.isnan(point):
        return [np.nan] * 3
    # A draw in which all gains are equal has no correlation; if that holds for every draw, there is no interval.
    drawn = spearman(msd[None], draws)
    bounds = interval(drawn) if not np.isnan(drawn).all() else (np.nan, np.nan)
    return [round(float(value), DIGITS) + 0.0 for value in (point, *bounds)]
