"""Models side by side: paired differences to a baseline, with intervals, on the questions that all of them answered."""

import pandas as pd

from vernacular.evaluation.frames import Frames, benchmarks_of, runs_on
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.statistics import DRAWS, Estimate, group_estimates
from vernacular.language.languages import ENGLISH
from vernacular.report.comparisons import bounded, difference

METRICS = ("accuracy", "language_consistency", "lpr", "wpr", "lcpr", "code_switch_rate", "answer_consistency")
COLUMNS = (
    "benchmark",
    "language",
    "metric",
    "model",
    "baseline",
    "difference",
    "difference_low",
    "difference_high",
    "n",
)


def common_questions(frames: Frames) -> tuple[dict[tuple[str, str, int], pd.DataFrame], list[str]]:
    """(the frames with the questions and languages that all models of a benchmark have; what was left out, a line for
    each benchmark). A benchmark without a common question keeps none."""
    found, said = {}, []
    for benchmark in benchmarks_of(frames):
        runs = {key: scores for key, scores in frames.items() if key[1] == benchmark}
        asked = [set(zip(scores["id"], scores["language"], strict=True)) for scores in runs.values()]
        shared, every = set.intersection(*asked), set.union(*asked)
        if shared != every:
            said.append(
                f"{benchmark}: models are compared on the {len(shared):,} of {len(every):,} questions that all answered"
            )
        for key, scores in runs.items():
            there = [pair in shared for pair in zip(scores["id"], scores["language"], strict=True)]
            if any(there):
                found[key] = scores[there]
    return found, said


def difference_table(frames: Frames, baseline: str, draws: int = DRAWS) -> pd.DataFrame:
    """COLUMNS: for each benchmark, `all` (the macro average without English) and each language, each of METRICS and
    each model but the baseline: model - baseline, and its 95 % interval by the bootstrap over questions, whose draws
    both share (statistics.draw_weights). n: questions. Frames must have the same questions (common_questions)."""
    rows = []
    for benchmark in benchmarks_of(frames):
        runs = {model: scores for (model, _), scores in runs_on(frames, benchmark).items()}
        if baseline not in runs or len(runs) < 2:
            continue
        counts = runs[baseline].drop_duplicates(["id", "language"])["language"].value_counts()
        codes = sorted(map(str, counts.index))
        others = [code for code in codes if code != ENGLISH]
        groups = ({"all": others} if others else {}) | {code: [code] for code in codes}
        estimates = group_estimates(runs, benchmark, groups, draws)
        for name, members in groups.items():
            for metric in METRICS:
                of = {model: metric_of(found[name], metric) for model, found in estimates.items()}
                for model in runs:
                    if model != baseline:
                        values = bounded(difference(of[model], of[baseline]))
                        rows.append(
                            (
                                benchmark,
                                name,
                                metric,
                                model,
                                baseline,
                                *values,
                                sum(int(counts[code]) for code in members),
                            )
                        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def metric_of(estimate: Estimate, metric: str) -> Estimate:
    place = RATES.index(metric)
    return Estimate(estimate.point[..., place], estimate.draws[..., place])
