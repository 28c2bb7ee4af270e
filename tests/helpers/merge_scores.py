"""Scores and generations of made-up merges, and slow, obvious computations over them."""

import numpy as np
import pandas as pd
from score_rows import score_frame, score_row

from vernacular.evaluation.statistics import draw_weights
from vernacular.report.options import MergeOptions
from vernacular.storage import records

LANGUAGES, IDS, FEW, DRAWS = ["de", "en", "sw", "th"], 40, 12, 200
OPTIONS = MergeOptions(
    asked={}, study="s", scale="miniature", draws=DRAWS, reference="llm", baseline="mindmerger",
    model="st-merge", low_resource=["th", "ur", "sw"],
)  # fmt: skip
MODELS = ["llm", "mindmerger", "st-merge"]


def frame(right: np.ndarray, few: int = FEW) -> pd.DataFrame:
    """Scores of answers that are `right` (question, language): all questions in English, the first few in others."""
    return score_frame(
        score_row(f"q{i:02}", code, correct=bool(right[i, j]))
        for i in range(right.shape[0])
        for j, code in enumerate(LANGUAGES)
        if code == "en" or i < few
    )


def answers(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {model: random.random((IDS, len(LANGUAGES))) < 0.35 + 0.15 * i for i, model in enumerate(MODELS)}


def study(benchmark: str = "mini", seed: int = 0) -> dict[tuple[str, str, int], pd.DataFrame]:
    return {(model, benchmark, seed): frame(right) for model, right in answers(seed).items()}


def generations(
    benchmark: str = "mini", seed: int = 0, encoder: float = 1.5, untold: tuple[str, ...] = ()
) -> dict[tuple[str, str, int], pd.DataFrame]:
    """Gates of st-merge: encoder -/+ 0.2 by turns, the LLM at 0.75; in `untold` every other question is told none."""
    rows = study(benchmark, seed)["st-merge", benchmark, seed][["id", "language", "sample"]].copy()
    odd = rows["id"].str[1:].astype(int) % 2 == 1
    rows["told_language"] = rows["language"].mask(odd & rows["language"].isin(untold))
    rows["gate_encoder"], rows["gate_llm"] = np.where(odd, encoder + 0.2, encoder - 0.2), 0.75
    return {("st-merge", benchmark, seed): rows.reindex(columns=records.GENERATION.names)}


def slow_rates(right: np.ndarray, benchmark: str = "mini") -> list[dict[str, float]]:
    """Accuracy by language in each draw, question by question; the points come first."""
    result = []
    for weights in [np.ones(IDS), *draw_weights(benchmark, IDS, DRAWS)]:
        drawn = [i for i, times in enumerate(weights.astype(int)) for _ in range(times)]
        rates = {}
        for j, code in enumerate(LANGUAGES):
            asked = [right[i, j] for i in drawn if code == "en" or i < FEW]
            rates[code] = sum(asked) / len(asked)
        result.append(rates)
    return result


def slow_mean(rates: list[dict[str, float]], languages: list[str]) -> np.ndarray:
    return np.array([sum(of[code] for code in languages) / len(languages) for of in rates])


def slow_values(values: np.ndarray) -> list[float]:
    """Point, low and high of values whose first is the point."""
    return [values[0], *np.quantile(values[1:], [0.025, 0.975])]


def without(frames: dict, *models: str) -> dict:
    return {key: scores for key, scores in frames.items() if key[0] not in models}


def changed(model: str, keep) -> dict:
    frames = study()
    scores = frames[model, "mini", 0]
    return frames | {(model, "mini", 0): scores[keep(scores)]}
