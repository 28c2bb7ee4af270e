"""What SLAM (arXiv 2501.03681) is worth: accuracy and forgetting, cost, and whether MSD picks the right layers.

Differences are paired: a model and what it is compared with are of the same seed and share the bootstrap's draws.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from vernacular.evaluation.statistics import DIGITS, ENGLISH, RATES, Array, Estimate, interval, joint_estimates
from vernacular.report.inputs import MEASURED, Run

INTERVAL = ("", "_low", "_high")
COMPARED = ("accuracy_en", "accuracy_mean", "change_en", "change_mean", "over_baseline")
SLAM_COLUMNS = (
    *("study", "model", "benchmark", "seed", "n", "tuned_share"),
    *(f"{value}{suffix}" for value in COMPARED for suffix in INTERVAL),
)
COST_COLUMNS = (
    *("study", "model", "seed", "stages", *MEASURED),
    *("seconds_per_million_tokens", "speedup_at_budget", "speedup_at_equal_tokens"),
)
SWEEP_COLUMNS = (
    *("study", "benchmark", "seed", "layer", "model", "msd", "msd_rank"),
    *("gain", "gain_low", "gain_high", "gain_rank", "spearman", "spearman_low", "spearman_high"),
)

Frames = Mapping[tuple[str, str, int], pd.DataFrame]  # (model, benchmark, seed) -> scores; frames.read_frames


def slam_table(frames: Frames, costs: Mapping[Run, Mapping[str, float]], options: Mapping[str, Any]) -> pd.DataFrame:
    """`tables/slam.csv`: SLAM_COLUMNS, a row for each (model, benchmark, seed), in the mapping's order.

    n counts the questions, translations one by one. accuracy_mean is the macro average over all languages with English,
    as SLAM averages its 10; change_en and change_mean are taken against the model `reference` (of English: forgetting),
    over_baseline is accuracy_mean against the model `baseline`. tuned_share is the share of the parameters that the
    model's own training tuned, null for the reference. Rounded to 6 digits.
    options: study, draws, reference, baseline. Raises ValueError where the reference or the baseline was not scored
    beside a model, the costs of a model are missing or lack its counts, or scores cannot be compared.
    """
    benchmarks = list(dict.fromkeys(benchmark for _, benchmark, _ in frames))
    english = {name: _accuracies(frames, name, options["draws"], ENGLISH) for name in benchmarks}
    mean = {name: _accuracies(frames, name, options["draws"], "every") for name in benchmarks}
    rows = []
    for (model, benchmark, seed), scores in frames.items():
        own_en, own = english[benchmark][model, seed], mean[benchmark][model, seed]
        reference_en = _compared(english[benchmark], options, "reference", benchmark, seed)
        reference = _compared(mean[benchmark], options, "reference", benchmark, seed)
        baseline = _compared(mean[benchmark], options, "baseline", benchmark, seed)
        differences = (_minus(own_en, reference_en), _minus(own, reference), _minus(own, baseline))
        share = None if model == options["reference"] else _tuned_share(costs, model, seed)
        values = [number for estimate in (own_en, own, *differences) for number in _with_interval(estimate)]
        questions = len(scores[["id", "language"]].drop_duplicates())
        rows.append((options["study"], model, benchmark, seed, questions, share, *values))
    return pd.DataFrame(rows, columns=list(SLAM_COLUMNS))


def slam_costs(
    costs: Mapping[Run, Mapping[str, float]], chains: Mapping[str, Sequence[str]], options: Mapping[str, Any]
) -> pd.DataFrame:
    """`costs/slam.csv`: COST_COLUMNS, a row for each model of `chains` and each seed of `costs`.

    A chain names the trainings that a model needs on top of the reference, itself last: seconds and tokens are their
    sums, peak_memory and optimizer_bytes the largest of them. The reference has no row, since every model rests on it
    or on what it was made of. speedup_at_budget is the seconds of `baseline` over the model's own, each as it was
    trained; speedup_at_equal_tokens is the same of the seconds per token.
    options: study, reference, baseline. Raises ValueError for a baseline without a chain, a chain that does not end
    with its model or counts the reference, and costs that are missing or not positive.
    """
    reference, baseline = options["reference"], options["baseline"]
    chains = {model: stages for model, stages in chains.items() if model != reference}
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
            rows.append((options["study"], model, seed, " + ".join(stages), *measured, *(round(r, 3) for r in ratios)))
    return pd.DataFrame(rows, columns=list(COST_COLUMNS))


def sweep_table(
    frames: Frames, probes: Mapping[int, pd.DataFrame], tuned: Mapping[Run, int], options: Mapping[str, Any]
) -> pd.DataFrame:
    """`tables/slam-sweep.csv`: SWEEP_COLUMNS, a row for each benchmark, seed and layer that a model alone tuned.

    probes: seed -> rows of its probe.parquet; tuned: (model, seed) -> the layer. gain is the accuracy over all
    languages with English, less that of the model `reference`; ranks count from 1, the highest value, and equal values
    share the better rank. spearman correlates MSD and gain over the layers of the benchmark and seed (null where either
    is constant). Its interval resamples the questions; the noise that this adds to the gains draws it towards 0, so
    that the value as measured may lie above it (our choice to leave it so). Rounded to 6 digits, MSD not.
    options: study, draws, reference. Raises ValueError for a seed without a probe, a layer that it lacks or that two
    models tuned, a model that was scored without a tuned layer or tuned without scores, and a missing reference.
    """
    rows: list[tuple[Any, ...]] = []
    for benchmark in dict.fromkeys(benchmark for _, benchmark, _ in frames):
        estimates = _accuracies(frames, benchmark, options["draws"], "every")
        for seed in dict.fromkeys(seed for _, seed in estimates):
            models = _models_by_layer(estimates, tuned, benchmark, seed, options["reference"])
            msd = _msd(probes, seed, models)
            reference = _compared(estimates, options, "reference", benchmark, seed)
            gains = [_minus(estimates[model, seed], reference) for model in models.values()]
            points = np.array([float(gain.point) for gain in gains]).round(DIGITS)
            correlation = _correlation(msd, points, np.stack([gain.draws for gain in gains], axis=1).round(DIGITS))
            msd_rank, gain_rank = (pd.Series(v).rank(ascending=False, method="min").astype(int) for v in (msd, points))
            for i, (layer, model) in enumerate(models.items()):
                gain = (*_with_interval(gains[i]), gain_rank[i])
                rows.append((options["study"], benchmark, seed, layer, model, msd[i], msd_rank[i], *gain, *correlation))
    return pd.DataFrame(rows, columns=list(SWEEP_COLUMNS))


def spearman(left: Array, right: Array) -> Array:
    """Spearman's rank correlation along the last axis: (n, item) each, or (1, item), to (n,); NaN where constant.

    Pearson's correlation of the ranks, equal values sharing the mean of theirs.
    """
    ranks = [pd.DataFrame(values).rank(axis=1).to_numpy(np.float64) for values in (left, right)]
    a, b = (values - values.mean(axis=1, keepdims=True) for values in ranks)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.divide((a * b).sum(axis=1), scale, out=np.full(scale.shape, np.nan), where=scale > 0)


def _accuracies(frames: Frames, benchmark: str, draws: int, group: str) -> dict[Run, Estimate]:
    """The accuracy of a benchmark's frames in a group of languages: `point` (), `draws` (draw,)."""
    chosen = {(model, seed): scores for (model, name, seed), scores in frames.items() if name == benchmark}
    accuracy = RATES.index("accuracy")
    estimates = joint_estimates(chosen, benchmark, draws, group)
    return {run: Estimate(found.point[..., accuracy], found.draws[..., accuracy]) for run, found in estimates.items()}


def _compared(
    estimates: Mapping[Run, Estimate], options: Mapping[str, Any], role: str, benchmark: str, seed: int
) -> Estimate:
    if (model := options[role], seed) not in estimates:
        raise ValueError(
            f"{benchmark}, seed {seed}: no scores of '{model}', the {role}; add it to the models of the evaluation"
        )
    return estimates[model, seed]


def _minus(left: Estimate, right: Estimate) -> Estimate:
    return Estimate(left.point - right.point, left.draws - right.draws)


def _with_interval(estimate: Estimate) -> list[float]:
    """Value, low and high, rounded; adding 0 turns a difference of -0.0 into 0.0."""
    return [round(float(value), DIGITS) + 0.0 for value in (estimate.point, *interval(estimate.draws))]


def _tuned_share(costs: Mapping[Run, Mapping[str, float]], model: str, seed: int) -> float:
    row = costs.get((model, seed), {})
    trainable, total = row.get("trainable_parameters"), row.get("total_parameters")
    if trainable is None or not total:
        raise ValueError(f"{model}, seed {seed}: no costs with trainable and total parameters; train it again")
    return round(trainable / total, DIGITS)


def _sum_costs(costs: Mapping[Run, Mapping[str, float]], stages: Sequence[str], seed: int) -> dict[str, float]:
    for stage in stages:
        row = costs.get((stage, seed), {})
        for name in MEASURED:
            # No optimizer state is a matter of the optimizer; a training that took no time or no token is none.
            if not row.get(name, -1) >= 0 or (name in ("seconds", "tokens") and row[name] == 0):
                raise ValueError(f"costs of {stage}, seed {seed}: {name} is {row.get(name, 'missing')}; train it again")
    rows = [costs[stage, seed] for stage in stages]
    added = {name: float(sum(row[name] for row in rows)) for name in ("seconds", "tokens")}
    return added | {name: float(max(row[name] for row in rows)) for name in ("peak_memory", "optimizer_bytes")}


def _models_by_layer(
    estimates: Mapping[Run, Estimate], tuned: Mapping[Run, int], benchmark: str, seed: int, reference: str
) -> dict[int, str]:
    """layer -> model of a benchmark and seed, lowest layer first."""
    where = f"{benchmark}, seed {seed}"
    scored = {model for model, number in estimates if number == seed} - {reference}
    if not scored:
        raise ValueError(f"{where}: no model that tunes a layer was scored; evaluate the sweep's models")
    layers = {model: layer for (model, number), layer in tuned.items() if number == seed}
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
    # A draw in which all gains are equal tells nothing; where every draw is such a one, neither does the interval.
    drawn = spearman(msd[None], draws)
    bounds = interval(drawn) if not np.isnan(drawn).all() else (np.nan, np.nan)
    return [round(float(value), DIGITS) + 0.0 for value in (point, *bounds)]
