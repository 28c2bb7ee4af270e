"""SLAM's part of the smoke study: from plain text to the tables, with every baseline; what is frozen stays."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from safetensors.torch import load_file
from studies import ROOT, figures, run_study, snakemake

from vernacular.report.slam_tables import COST_COLUMNS, SLAM_COLUMNS, SWEEP_COLUMNS

pytestmark = pytest.mark.slow
RESULTS = Path("results/smoke")


@pytest.fixture(scope="module")
def slam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slam")
    run_study(folder, "slam", "slam-sweep")
    return folder / RESULTS


def test_tables_and_figures_are_there(slam: Path) -> None:
    table, costs = pd.read_csv(slam / "tables/slam.csv"), pd.read_csv(slam / "costs/slam.csv")
    assert tuple(table.columns) == (*SLAM_COLUMNS, "seeds") and tuple(costs.columns) == COST_COLUMNS
    assert list(table["model"]) == ["reasoner", "two-stage", "lora", "slam", "slam-random"]
    share = table.set_index("model")["tuned_share"]
    assert pd.isna(share["reasoner"]) and share["two-stage"] == 1
    assert 0 < share["slam"] < 0.5 and 0 < share["lora"] < 0.1
    stages = costs.set_index("model")["stages"]
    assert stages["two-stage"] == "question-alignment + two-stage" and stages["slam"] == "slam"
    sweep = pd.read_csv(slam / "tables/slam-sweep.csv")
    assert tuple(sweep.columns) == SWEEP_COLUMNS and list(sweep["layer"]) == [0, 2]
    assert figures(slam) == {"slam-probe-reasoner", "slam-sweep"}
    page = (slam / "slam.html").read_text(encoding="utf-8")
    assert page.count("<figure>") == 1 and "SLAM and its baselines" in page and "two-stage" in page
    assert not (slam / "index.html").exists()  # a page asks for no other part


def test_a_deleted_file_of_a_figure_is_made_again(slam: Path) -> None:
    files = [slam / "figures" / name for name in ("slam-probe-reasoner.csv", "slam-sweep.svg")]
    before = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    run_study(slam.parents[1], "slam", "slam-sweep")
    assert [file.read_bytes() for file in files] == before


def test_layers_are_chosen_by_the_rule_and_nothing_else_moves(slam: Path) -> None:
    chosen = {path.parent.name: json.loads(path.read_text()) for path in slam.glob("seed-1/slam/*/layers.json")}
    probe = pd.read_parquet(slam / "seed-1/slam/reasoner/probe.parquet").groupby("layer")["msd"].first()
    assert chosen["slam"]["layers"] == [probe.idxmax()]
    assert len(chosen["slam-random"]["layers"]) == len(chosen["slam"]["layers"])
    parent = load_file(slam / "seed-1/models/reasoner/model.safetensors")
    for model, choice in chosen.items():
        child = load_file(slam / f"seed-1/models/{model}/model.safetensors")
        moved = {name for name in parent if not parent[name].equal(child[name])}
        assert moved == {f"model.layers.{n}.mlp.{m}_proj.weight" for n in choice["layers"] for m in ("up", "down")}, (
            model
        )


def test_a_wrong_layer_is_refused_before_it_is_trained(slam: Path, tmp_path: Path) -> None:
    """By slam_select, with the probe at hand: one line in its log, and no file."""
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("study: wrong\nmodels:\n  slam:\n    layers: [0, 3]\n", encoding="utf-8")
    shutil.copytree(slam, tmp_path / "results/wrong", symlinks=True)
    shutil.rmtree(tmp_path / "results/wrong/seed-1/slam/slam")
    target = "results/wrong/seed-1/slam/slam/layers.json"
    configs = (str(ROOT / "config/smoke.yaml"), str(overlay))
    done = snakemake(tmp_path, target, "--rerun-triggers", "mtime", configs=configs)
    log = (tmp_path / "results/wrong/logs/seed-1/slam_select/slam.log").read_text(encoding="utf-8")
    assert done.returncode != 0 and "layers: 3 does not exist; the model has the layers 0 to 2" in log
    assert log.count("\n") == 1 and not (tmp_path / target).exists()
