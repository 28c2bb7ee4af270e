"""ST-Merge's part of the smoke study: from pairs to the tables, with every baseline; the parents stay as they were."""

import json
from pathlib import Path

import pandas as pd
import pytest
from safetensors.torch import load_file
from studies import figures, run_study, snakemake

pytestmark = pytest.mark.slow
RESULTS = Path("results/smoke")
MODELS = ["reasoner", "langbridge", "mindmerger", "fix-merge", "st-merge", "reasoner+translate-en"]


@pytest.fixture(scope="module")
def merge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("merge")
    run_study(folder, "merge", "merge-steering")
    return folder / RESULTS


def test_tables_and_figures_are_there(merge: Path) -> None:
    table = pd.read_csv(merge / "tables/merge.csv")
    assert list(dict.fromkeys(table["model"])) == MODELS
    assert set(table["benchmark"]) == {"mini-mgsm", "mini-xcsqa", "mini-xnli"}
    for benchmark in set(table["benchmark"]):
        wide = pd.read_csv(merge / f"tables/merge-{benchmark}.csv")
        assert list(wide["model"]) == MODELS and wide["en"].str.match(r"[\d.]+ \([\d.]+-[\d.]+\)$").all()
    assert figures(merge) == {"merge-gates", "merge-steering-languages", "merge-steering-pareto"}
    page = (merge / "merge.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 1 and all(f"{name} by language" in page for name in ("mini-mgsm", "mini-xnli"))
    assert not (merge / "index.html").exists()  # a page asks for no other part
    steering = pd.read_csv(merge / "tables/merge-steering-scores.csv")
    assert set(steering["model"]) == {"st-merge+mixed-en", "st-merge+encoder-off"}


def test_each_language_has_as_many_questions_as_were_asked_for(merge: Path) -> None:
    rows = pd.read_parquet(merge / "seed-1/generations/st-merge/mini-mgsm.parquet")
    assert rows.groupby("language").size().to_dict() == {"en": 6, "fr": 4, "ja": 4}
    # The reasoner's file serves SLAM's table too, with more languages and questions; this one takes its part.
    more = pd.read_parquet(merge / "seed-1/generations/reasoner/mini-mgsm.parquet")
    assert more.groupby("language").size().to_dict() == {"en": 8, "fr": 8, "ja": 8, "de": 8}
    scores = pd.read_csv(merge / "tables/merge-scores.csv")
    shown = scores[(scores["model"] == "reasoner") & (scores["benchmark"] == "mini-mgsm")].set_index("language")["n"]
    assert shown["en"] == 6 and shown["ja"] == 4 and "de" not in shown


def test_gates_stand_in_the_generations_and_an_unknown_language_gets_the_mean(merge: Path) -> None:
    gated = pd.read_parquet(merge / "seed-1/generations/st-merge/mini-xnli.parquet")
    assert gated["gate_encoder"].between(0, 2).all() and gated["gate_llm"].between(0, 2).all()
    assert gated.loc[gated["language"] == "de", "told_language"].isna().all()
    assert (gated.loc[gated["language"] == "fr", "told_language"] == "fr").all()
    plain = pd.read_parquet(merge / "seed-1/generations/reasoner/mini-xnli.parquet")
    assert plain["gate_encoder"].isna().all()
    off = pd.read_parquet(merge / "seed-1/generations/st-merge+encoder-off/mini-xnli.parquet")
    assert (off["gate_encoder"] == 0).all() and (off["gate_llm"] != 0).all()
    log = (merge / "logs/seed-1/generate/st-merge/mini-xnli.log").read_text(encoding="utf-8")
    assert f"{(gated['language'] == 'de').sum()} of {len(gated)} questions get the mean language embedding" in log


def test_a_merge_holds_its_connector_and_nothing_of_its_parents(merge: Path) -> None:
    models = merge / "seed-1/models"
    for name in ("mapping", "mindmerger", "fix-merge", "st-merge", "langbridge"):
        options = json.loads((models / name / "merge.json").read_text(encoding="utf-8"))
        assert (options["encoder"], options["llm"]) == ("../translator", "../reasoner")
        assert not (models / name / "model.safetensors").exists()
        manifest = json.loads((models / name / "manifest.json").read_text(encoding="utf-8"))
        tensors = load_file(models / name / "connector.safetensors")
        assert manifest["trainable_parameters"] == sum(tensor.numel() for tensor in tensors.values())
    start, end = (load_file(models / name / "connector.safetensors") for name in ("mapping", "mindmerger"))
    assert start.keys() == end.keys() and any(not start[name].equal(end[name]) for name in start)


def test_a_parent_that_changed_is_noticed(merge: Path) -> None:
    """A retrained encoder under an old connector would give nonsense without a word."""
    folder = merge.parents[1]
    config = merge / "seed-1/models/translator/config.json"
    text = config.read_text(encoding="utf-8")
    config.write_text(text + "\n", encoding="utf-8")
    scores = merge / "seed-1/generations/st-merge/mini-xnli.parquet"
    scores.unlink()
    done = snakemake(folder, str(scores.relative_to(folder)), "--rerun-triggers", "params")
    log = (merge / "logs/seed-1/generate/st-merge/mini-xnli.log").read_text(encoding="utf-8")
    assert done.returncode != 0 and "the connector was trained for another encoder than" in log
