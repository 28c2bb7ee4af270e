"""Claims and made-up scores of known truth, for the tests of verdicts and of what shows them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vernacular.evaluation.claims import claims_table
from vernacular.evaluation.options import ClaimsOptions
from vernacular.evaluation.version import METRICS_VERSION

ROOT = Path(__file__).parents[2]
CLAIMS = ROOT / "config" / "claims.yaml"
PAPERS = ("AdaMame", "SLAM", "ST-Merge")
OPTIONS = ClaimsOptions(
    study="s", draws=2000, in_domain={"new/mini": ["fr"]}, chains={}, families=dict.fromkeys(["P", *PAPERS], 1),
    evaluated=["new", "old"], trained=[], complete=True,
)  # fmt: skip


def claim(**options: Any) -> dict[str, Any]:
    defaults = {
        "paper": "P", "statement": "New is better.", "metrics": ["accuracy"], "benchmarks": ["*"], "languages": "all",
        "than": None, "model": "new", "baseline": "old", "direction": "higher", "threshold": 0, "published": [],
    }  # fmt: skip
    return defaults | options


def frame(right: np.ndarray, languages: list[str], line: np.ndarray | None = None, tokens: int = 10) -> pd.DataFrame:
    """Scores of answers that are `right` (id, language, sample); `line`: the traces whose lines are in the language."""
    ids, _, samples = right.shape
    grid = pd.MultiIndex.from_product([[f"q{i:04}" for i in range(ids)], languages, range(samples)])
    scores = grid.to_frame(index=False, name=["id", "language", "sample"])
    passes = np.ones(right.size, bool) if line is None else line.ravel()
    return scores.assign(
        problem=scores["id"], correct=right.ravel(), trace_language=scores["language"].where(passes), line_pass=passes,
        tokens=tokens, characters=3 * tokens,
        word_pass=pd.Series(True, index=scores.index, dtype="boolean").where(passes), code_switched=False,
        foreign_script=False, answer_language=scores["language"], given_up=False, metrics_version=METRICS_VERSION,
    )  # fmt: skip


def answers(random: np.random.Generator, rate: float, shape: tuple[int, int, int] = (80, 3, 2)) -> np.ndarray:
    return random.random(shape) < rate


def made(rates: dict[str, float], seeds: tuple[int, ...] = (0,), **options: Any) -> dict:
    random = np.random.default_rng(5)
    languages = ["de", "en", "fr"]
    return {
        (model, "mini", seed): frame(answers(random, rate), languages, **options)
        for model, rate in rates.items()
        for seed in seeds
    }


def verdict(frames: dict, **options: Any) -> dict[str, Any]:
    return claims_table({"c": claim(**options)}, frames, {}, OPTIONS).iloc[0].to_dict()
