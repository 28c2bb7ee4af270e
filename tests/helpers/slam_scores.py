"""Scores, costs and probes of made-up SLAM models."""

import numpy as np
import pandas as pd
from score_rows import score_frame, score_row

from vernacular.report.options import SlamOptions

LANGUAGES, IDS, DRAWS = ["de", "en", "sw"], 30, 200
OPTIONS = SlamOptions(asked={}, study="s", scale="miniature", draws=DRAWS, reference="reasoner", baseline="two-stage")


def frame(right: np.ndarray, languages: list[str] = LANGUAGES) -> pd.DataFrame:
    """Scores of answers that are `right` (question, language), one sample each."""
    return score_frame(
        score_row(f"q{i:02}", code, correct=bool(right[i, j]))
        for i in range(right.shape[0])
        for j, code in enumerate(languages)
    )


def answers(models: list[str], rates: dict[str, float] | None = None) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    rates = rates or {model: 0.3 + 0.1 * i for i, model in enumerate(models)}
    return {model: random.random((IDS, len(LANGUAGES))) < rates[model] for model in models}


def parameters(*models: str, seed: int = 0) -> dict:
    return {(model, seed): {"trainable_parameters": 25, "total_parameters": 400} for model in models}


def slow_interval(values: list[float]) -> list[float]:
    return [round(float(np.quantile(values, q)), 6) for q in (0.025, 0.975)]


def cost(seconds: float, tokens: int, peak: int = 100, optimizer: int = 10) -> dict[str, float]:
    return {"seconds": seconds, "tokens": tokens, "peak_memory": peak, "optimizer_bytes": optimizer}


def probe_rows(msd: list[float]) -> list[dict]:
    random = np.random.default_rng(2)
    return [
        {
            "layer": layer, "language": code, "width": 8, "questions": 10, "tokens": 90, "active": random.random(),
            "active_neurons": 4, "overlap": 0.5, "msd": value, "msd_neurons": value * 2, "stability": 1.0,
        }
        for layer, value in enumerate(msd) for code in LANGUAGES
    ]  # fmt: skip


MSD = [0.04, 0.03, 0.01, 0.02]


def planted(right_of_layer: list[int], seed: int = 0) -> tuple[dict, dict]:
    """A sweep in which layer l alone answers so many of the questions, the first ones, in every language."""
    frames = {("reasoner", "mini", seed): frame(np.zeros((IDS, 3), bool))}
    for layer, count in enumerate(right_of_layer):
        right = np.repeat((np.arange(IDS) < count)[:, None], 3, axis=1)
        frames[f"sweep-{layer}", "mini", seed] = frame(right)
    return frames, {(f"sweep-{layer}", seed): layer for layer in range(len(right_of_layer))}
