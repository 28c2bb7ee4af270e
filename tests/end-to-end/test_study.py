"""The smoke study from corpus to plot: what it leaves, that it repeats to the byte, and that reruns are small."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from huggingface_hub import DatasetCard
from jobs import jobs_of, server, start
from studies import PLANTED, ROOT, figures, run_study

from vernacular.command.main import main
from vernacular.evaluation.evidence import told_of
from vernacular.evaluation.statistics import COLUMNS
from vernacular.storage.records import GENERATION, KEPT_TRACE, QUESTION, SCORE

RESULTS = "results/smoke"
MGSM = Path(os.getenv("VERNACULAR_REAL_DATA", "")) / "mgsm"


def test_every_contract_holds(study: Path) -> None:
    results = study / RESULTS
    assert pq.read_schema(results / "corpus/questions/test.parquet").equals(QUESTION)
    assert pq.read_schema(results / "corpus/traces/kept.parquet").equals(KEPT_TRACE)
    for kind, schema in (("generations", GENERATION), ("scores", SCORE)):
        files = sorted((results / "seed-1" / kind).rglob("*.parquet"))
        assert len(files) == 7
        for file in files:
            assert pq.read_schema(file).equals(schema), file
    table = pd.read_csv(results / "tables/scores.csv")
    assert tuple(table.columns) == (*COLUMNS, "seeds")
    assert set(table["model"]) == {"lrm", "sft", "adamame", "lrm+forced-prefix"}
    # mini-mgsm: 8 questions in 4 languages, in each of 3 + 1 models
    assert (
        table[(table["model"] == "lrm") & (table["benchmark"] == "mini-mgsm") & (table["language"] == "all")][
            "n"
        ].item()
        == 24
    )
    rates = table[[c for c in table if c.startswith(("accuracy", "l", "wpr")) and c != "language"]]
    assert rates.min().min() >= 0 and rates.max().max() <= 1
    assert figures(results) == {"pareto", "languages", "training", "training-languages"}


def test_claims_leaks_and_the_page(study: Path) -> None:
    results = study / RESULTS
    claims = pd.read_csv(results / "tables/claims.csv").set_index("claim")
    collapse = claims.loc["language-collapse"]
    assert set(collapse["benchmark"]) == {"mini-mgsm", "mini-msvamp"} and collapse["measured"].notna().all()
    assert set(claims.loc["growing-beats-none", "verdict"]) == {"not in this study"}  # smoke has no plain GRPO
    assert claims.loc["slam-forgets-less", "verdict"] == "not asked for"
    leaks = pd.read_csv(results / "corpus/leaks.csv")
    assert [Path(name).name for name in leaks["corpus"]] == [
        "native-and-english.parquet",
        "kept.parquet",
        "sft.parquet",
    ]
    assert (leaks["rows"] > 0).all() and not leaks.drop(columns=["corpus", "rows"]).to_numpy().any()
    samples = pd.read_csv(results / "tables/samples.csv")
    assert set(samples["language"]) == {"en", "fr", "ja", "de"} and samples["model"].nunique() == 4
    page = (results / "index.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 3 and page.count('class="point"') == 2 * 7
    assert "training rows were searched" in page
    assert "1 claim could be measured here, but has no verdict" in page


def test_its_data_loads_as_a_dataset(study_copy: Path, tmp_path: Path) -> None:
    """What `vernacular push --dataset` would send; each verdict has its completion."""
    results = study_copy / "results"
    words = ["push", "--dataset", str(ROOT / "config/smoke.yaml"), "--repo", "me/data", "--results", str(results)]
    assert main([*words, "--dry-run"]) == 0
    folder = results / "smoke" / "dataset"
    assert DatasetCard.load(folder / "README.md").data.language == ["de", "en", "fr", "ja"]
    tables = {}
    for part, split in (("traces", "train"), ("prompts", "train"), ("generations", "test"), ("scores", "test")):
        tables[part] = load_dataset(str(folder), part, split=split, cache_dir=str(tmp_path)).to_pandas()
    assert set(tables["traces"]["language"]) == set(tables["prompts"]["language"]) == {"fr", "ja"}
    keys = ["model", "benchmark", "seed", "id", "language", "sample"]
    both = tables["generations"].merge(tables["scores"], on=keys, validate="one_to_one")
    files = list((results / "smoke/seed-1/scores").rglob("*.parquet"))
    assert len(both) == len(tables["scores"]) == sum(pq.read_metadata(file).num_rows for file in files) > 0
    assert both["completion"].str.len().equals(both["characters"])
    for file in folder.rglob("*.*"):
        assert not [name for name in (str(study_copy), str(ROOT)) if name.encode() in file.read_bytes()]


@pytest.mark.slow
def test_trajectories_go_from_the_parent_to_the_trained_model(study_copy: Path, tmp_path: Path) -> None:
    """Each kept adapter is a model for as long as it is evaluated; the last one is the trained model."""
    results, overlay = study_copy / RESULTS, tmp_path / "lora.yaml"
    overlay.write_text("study: smoke\nmodels: {adamame: {lora: {r: 4, lora_alpha: 8, target_modules: all-linear}}}\n")
    run_study(study_copy, "trajectories", configs=("config/smoke.yaml", str(overlay)))
    table = pd.read_csv(results / "figures/trajectories-steps.csv")
    assert list(zip(table["model"], table["step"], strict=True)) == [("adamame", 0), ("adamame", 2), ("adamame", 4)]
    assert "trajectories-steps" in figures(results)
    assert (results / "trajectories.html").read_text(encoding="utf-8").count("<figure>") == 1
    models = results / "seed-1/models"
    assert not list(models.glob("*@*"))
    assert (models / "adamame/checkpoints/step-2/adapter_model.safetensors").exists()
    script = [sys.executable, str(ROOT / "workflow/scripts/take_checkpoint.py"), "--model", str(models / "adamame")]
    script += ["--parent", str(models / "sft"), "--step", "4", "--out", str(tmp_path / "end")]
    subprocess.run(script, check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")})
    assert (tmp_path / "end/model.safetensors").read_bytes() == (models / "adamame/model.safetensors").read_bytes()


def test_a_seed_in_one_file_makes_the_tables_of_its_study(study_copy: Path) -> None:
    results = study_copy / RESULTS
    run_study(study_copy, f"{RESULTS}/evidence/seed-1.parquet")
    folder = results / "evidence"
    command = [sys.executable, "-P", "-m", "vernacular.planning.evidence", str(ROOT / "config/smoke.yaml"), str(folder)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=True
    )
    assert "seeds 1 of the code" in done.stdout
    for table in ("scores.csv", "claims.csv"):
        assert (folder / table).read_bytes() == (results / "tables" / table).read_bytes(), table
    told = told_of(folder / "seed-1.parquet")
    assert told["versions"]["torch"].startswith("2.13.0") and told["cpu"]["name"]


def test_models_load_and_say_what_they_are(study: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    for name in ("lrm", "sft", "adamame"):
        folder = study / RESULTS / "seed-1/models" / name
        model = AutoModelForCausalLM.from_pretrained(folder)
        assert AutoTokenizer.from_pretrained(folder).chat_template
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["total_parameters"] == model.num_parameters()
        assert manifest["seed"] == 1 and manifest["packages"]["torch"].startswith("2.13.0")
        assert manifest["tokens_seen"] > 0
    history = pd.read_csv(study / RESULTS / "seed-1/models/adamame/history.csv")
    assert list(history["step"]) == [1, 2, 3, 4]
    assert history["match_rate"].between(0, 1).all()
    assert not list((study / RESULTS / "seed-1/checkpoints").glob("*/checkpoint-*")), (
        "checkpoints stay when all is done"
    )


def test_forced_prefix_stands_before_each_trace(study: Path) -> None:
    rows = pd.read_parquet(study / RESULTS / "seed-1/generations/lrm+forced-prefix/mini-mgsm.parquet")
    french = rows[rows["language"] == "fr"]["completion"]
    assert len(french) and french.str.startswith(tuple(["D'abord", "D’abord"])).all()


def test_a_second_run_finds_nothing_to_do(study: Path) -> None:
    said = run_study(study)
    assert "Nothing to be done" in said, said


@pytest.fixture(scope="module")
def report(study: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """(Snakemake's report of the study, what Snakemake printed)."""
    page = tmp_path_factory.mktemp("report") / "report.html"
    return page, run_study(study, "--report", str(page), "--verbose")


def test_no_secret_of_the_environment_is_in_anything_that_a_study_leaves(study: Path, report: tuple[Path, str]) -> None:
    """Logs, manifests, tables, Snakemake's own records, the report: none holds a token that the shell had."""
    page, said = report
    files = [path for path in (*study.rglob("*"), page) if path.is_file()]
    assert len(files) > 100
    for token in PLANTED.values():
        assert token not in said
        assert not [path for path in files if token.encode() in path.read_bytes()]


def test_the_report_is_one_page_that_asks_for_nothing_outside(report: tuple[Path, str]) -> None:
    text = report[0].read_text()
    assert "Pareto plot" in text
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?://", text)


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(study: Path, tmp_path: Path) -> None:
    """All jobs once more, in an empty folder and without Snakemake."""
    context, log = server(), tmp_path / "log"
    for job in jobs_of(study, ["all"]):
        for name in job.outputs:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        process = start(context, tmp_path, job, log)
        process.join(600)
        assert process.exitcode == 0, log.read_text(encoding="utf-8")[-3000:]
    same = [*(study / RESULTS / "tables").iterdir(), *(study / RESULTS / "figures").iterdir()]
    same += [*(study / RESULTS / "corpus").rglob("*.csv"), *(study / RESULTS / "seed-1/models").rglob("*.safetensors")]
    assert len(same) >= 10
    for file in same:
        assert file.read_bytes() == (tmp_path / file.relative_to(study)).read_bytes(), file


@pytest.mark.slow
def test_another_parent_gives_another_child(study_copy: Path, tmp_path: Path) -> None:
    """An edited recipe retrains the model and what descends from it: no checkpoint brings old weights back."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("study: smoke\nmodels: {sft: {training: {learning_rate: 2.0e-3}}}\n")
    weights = [study_copy / RESULTS / f"seed-1/models/{name}/model.safetensors" for name in ("lrm", "sft", "adamame")]
    before = [file.read_bytes() for file in weights]
    run_study(study_copy, f"{RESULTS}/seed-1/models/adamame", configs=("config/smoke.yaml", str(overlay)))
    after = [file.read_bytes() for file in weights]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, False]


@pytest.mark.slow
@pytest.mark.skipif(not MGSM.exists(), reason="VERNACULAR_REAL_DATA names no folder with mgsm/")
def test_every_real_question_arrives(study_copy: Path) -> None:
    """MGSM through generation, scoring, tables and plot: the smoke model solves next to none, but no row is lost."""
    overlay = study_copy / "mgsm.yaml"
    overlay.write_text(
        "study: mgsm\n"
        f"sources: {{mgsm: {{folder: {MGSM.resolve()}}}}}\n"
        "models:\n"
        f"  lrm: {{recipe: folder, path: {RESULTS}/seed-1/models/lrm}}\n"
        f"  adamame: {{recipe: folder, path: {RESULTS}/seed-1/models/adamame}}\n"
    )
    run_study(study_copy, configs=("config/mgsm.yaml", str(overlay)))
    for model in ("lrm", "adamame"):
        scores = pd.read_parquet(study_copy / f"results/mgsm/seed-1/scores/{model}/mgsm.parquet")
        assert scores.groupby("language").size().to_dict() == dict.fromkeys(
            ["bn", "de", "en", "es", "fr", "ja", "ru", "sw", "te", "th", "zh"], 250
        )
        generations = pd.read_parquet(study_copy / f"results/mgsm/seed-1/generations/{model}/mgsm.parquet")
        too_long = generations["finish_reason"] == "prompt_too_long"
        assert (generations[too_long]["tokens"] == 0).all() and (generations[~too_long]["tokens"] > 0).all()
        assert too_long.any(), "the smoke model's context of 320 tokens cannot hold every question"
        assert not scores[too_long.to_numpy()]["correct"].any()
    table = pd.read_csv(study_copy / "results/mgsm/tables/scores.csv")
    assert table[table["language"] == "all"]["n"].tolist() == [2500, 2500]
    assert (study_copy / "results/mgsm/figures/pareto.png").stat().st_size > 10_000


@pytest.mark.slow
def test_a_second_base_of_another_architecture(tmp_path: Path) -> None:
    """config/two-models.yaml is an overlay; here on the smoke study, and only its base, a few steps."""
    short = tmp_path / "short.yaml"
    short.write_text("study: two-models\nmodels: {lrm: {training: {max_steps: 4, save_steps: 2}}}\n")
    target = "results/two-models/seed-2/models/lrm"
    run_study(tmp_path, target, configs=("config/smoke.yaml", "config/two-models.yaml", str(short)))
    assert json.loads((tmp_path / target / "config.json").read_text())["model_type"] == "qwen3"
    assert json.loads((tmp_path / target / "manifest.json").read_text())["seed"] == 2
