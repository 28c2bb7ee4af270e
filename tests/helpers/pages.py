"""The page of a study, made by the scripts from made-up tables."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from claim_scores import CLAIMS, OPTIONS, answers, claim, frame
from scripts import run_script

from vernacular.evaluation.claims import claims_table, timed_table
from vernacular.evaluation.options import RegimeOptions
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.regime import regime_table
from vernacular.evaluation.seeds import with_means
from vernacular.evaluation.statistics import score_table
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.language.options import IdentifierOptions
from vernacular.report.options import FigureOptions, PageOptions
from vernacular.report.pareto import pareto_table
from vernacular.storage import records
from vernacular.storage.tables import write_csv
from vernacular.study.claims import load_claims

IDENTIFIER = IdentifierOptions(languages=["ar", "en", "th"])
SLOTS = {"old": 3, "new": 0}
EVIL = "</pre><script>document.title='broken'</script><img src=https://example.org/x.png onerror=alert(1)>"
LANGUAGES = ["ar", "en", "th"]
COMMON = {"metric": "accuracy", "compare": "value", "languages": "all", "than": None, "low": None, "high": None}
CRITERIA: dict[str, dict[str, Any]] = {
    "base-accuracy": {"models": ["old"], "low": 0.4, "high": 0.7, "why": f"A ceiling. {EVIL}"},
    "lengths": {"metric": "tokens_spread", "models": ["new", "old"], "compare": "range", "languages": ["ar", "th"],
                "than": "every", "high": 0.05, "why": "Traces of one length."},
    "gains": {"models": ["new", "old"], "compare": "difference", "low": -0.1, "why": "There is room."},
}  # fmt: skip


def histories_of(folder: Path) -> list[Path]:
    """GRPO models of two seeds, whose second answers more and more in the query's language."""
    found = []
    for seed in (1, 2):
        for model, gain in (("grpo", 0.0), ("new", 0.08)):
            path = folder / f"seed-{seed}/models/{model}"
            path.mkdir(parents=True)
            steps = np.arange(1, 11)
            history = {
                "step": steps, "accuracy": 0.5 + 0.01 * seed, "match_rate": 0.1 + gain * steps, "abstained_rate": 0.05,
                "native_rate": 0.1 + gain * steps,
                "english_rate": 0.8 - gain * steps, "alignment_strength": gain * steps, "loss": 0.0,
                "completions/mean_length": 30.0,
            }  # fmt: skip
            pd.DataFrame(history).to_csv(path / "history.csv", index=False)
            found.append(path)
    return found


def generation(scores: pd.DataFrame, text: str) -> pd.DataFrame:
    rows = scores[["id", "language", "sample", "tokens"]].assign(
        prompt="?", completion=text, trace=text, response="\\boxed{5}", finish_reason="stop"
    )
    return rows.reindex(columns=records.GENERATION.names).astype({"told_language": "string"})


def hostile_page(folder: Path) -> Path:
    """The page, made by the scripts from files, with hostile text wherever models and people write."""
    random = np.random.default_rng(3)
    files, frames = [], {}
    texts = {"old": EVIL, "new": "แอนนามีแอปเปิล 5 ผล\nนี่คือคำตอบ"}
    for model, rate in {"old": 0.3, "new": 0.9}.items():
        right = answers(random, rate, (30, 3, 2))
        scores = frame(right, LANGUAGES, answers(random, rate, right.shape)).assign(
            answer="5", abstained_lines=0, finish_reason="stop"
        )
        frames[model, "mini", 1] = scores
        for kind, rows in (("scores", scores), ("generations", generation(scores, texts[model]))):
            path = folder / f"seed-1/{kind}/{model}/mini.parquet"
            path.parent.mkdir(parents=True)
            schema = records.SCORE if kind == "scores" else records.GENERATION
            blank = dict.fromkeys(schema.names)
            filled = rows.astype(object).where(rows.notna(), None).to_dict("records")
            records.write_rows(
                path, ({name: {**blank, **row}[name] for name in schema.names} for row in filled), schema
            )
            files += [path] * (kind == "scores")
    questions = [
        {"id": f"q{i:04}", "benchmark": "mini", "kind": "math", "language": code, "question": f"2 + 3? <b>{code}</b>",
         "choices": None, "answer": "5"} for i in range(30) for code in LANGUAGES
    ]  # fmt: skip
    records.write_rows(folder / "questions.parquet", questions, records.QUESTION)
    asked = ["--questions", folder / "questions.parquet", "--identifier", IDENTIFIER.to_json()]
    assert run_script("make_samples", *files, *asked, "--out", folder / "samples.csv") == 0
    claims = {"better": claim(statement=f"New is better. {EVIL}", metrics=["accuracy", "lcpr"]), **load_claims(CLAIMS)}
    claims_table(claims, frames, {}, OPTIONS).to_csv(folder / "claims.csv", index=False)
    timed_table(claims, {}, OPTIONS).to_csv(folder / "timed.csv", index=False)
    criteria = {"part": {name: COMMON | given for name, given in CRITERIA.items()}}
    asked_of = RegimeOptions("s", {}, {"old/mini": ["th"], "new/mini": ["th"]})
    write_csv(folder / "regime.csv", regime_table(criteria, frames, asked_of))
    scores = with_means(score_table(frames, "s", ["th"], 100), ["model", "benchmark", "language"], RATES)
    scores.to_csv(folder / "scores.csv", index=False)
    pd.DataFrame([{"corpus": "x", "rows": 12345, "id": 0}]).to_csv(folder / "leaks.csv", index=False)
    pareto_table(frames, 100).to_csv(folder / "pareto.csv", index=False)
    out = [folder / name for name in ("training.svg", "training-languages.svg")]
    named = [(f"--{part}{kind}", path.with_suffix(f".{kind}")) for part, path in zip(("", "mix-"), out, strict=True)
             for kind in ("png", "svg", "pdf", "csv")]  # fmt: skip
    arguments = [argument for pair in named for argument in pair]
    summary = FigureOptions(asked={}, study="s", scale="miniature", draws=9, slots=SLOTS)
    assert run_script("plot_training", *histories_of(folder), "--options", summary.to_json(), *arguments) == 0
    options = PageOptions(
        study="s",
        scale="miniature",
        part="My ablation",
        question="Is new better?",
        pages={"other.html": ["Another part", "other"], "slam.html": ["SLAM's part", "slam"]},
        figures={path.stem: {"title": f"Figure {path.stem}", "caption": EVIL} for path in out},
        tables={"tables/slam.csv": {"title": "Table of layers", "caption": "what is tuned"}},
        slots=SLOTS,
    )
    (folder / "other.html").write_text("the part that is there", encoding="utf-8")
    tuned = {"study": "s", "model": ["slam", "lora"], "seed": 1, "note": EVIL, "n": [1200, 900], "seeds": 1}
    tuned["metrics_version"] = METRICS_VERSION
    gain = {"gain": [0.25, None], "gain_low": [0.125, None], "gain_high": [0.375, None]}
    pd.DataFrame({**tuned, **gain}).to_csv(folder / "slam.csv", index=False)
    read = [
        f"--{name}={folder / name}.csv"
        for name in ("claims", "timed", "regime", "scores", "samples", "leaks", "pareto")
    ]
    made = (
        "--figures",
        *out,
        "--tables",
        folder / "slam.csv",
        "--options",
        options.to_json(),
        "--out",
        folder / "index.html",
    )
    assert run_script("make_page", *read, *made) == 0
    return folder / "index.html"
