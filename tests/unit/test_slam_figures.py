"""SLAM's figures by their files, and the scripts that write them and the tables."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from score_rows import write_frames
from scripts import run_script
from slam_scores import (
    LANGUAGES,
    MSD,
    OPTIONS,
    cost,
    planted,
    probe_rows,
)

from vernacular.evaluation.results import COUNTED, MEASURED
from vernacular.models.record import write_costs
from vernacular.report.slam_figures import draw_probe, draw_sweep, probe_table, sweep_figure_table
from vernacular.report.slam_tables import (
    sweep_table,
)
from vernacular.slam.options import SelectionOptions
from vernacular.slam.select import select_layers

KINDS = ("png", "svg", "pdf", "csv")
COUNTS = {"trainable_parameters": 1, "total_parameters": 8}


def written(folder: Path) -> dict[str, list[Path]]:
    """The files of a small study with a sweep over four layers, as the workflow lays them out."""
    frames, _ = planted([28, 21, 7, 14], seed=1)
    files: dict[str, list[Path]] = {"costs": [], "layers": []}
    files["scores"] = write_frames(folder, frames)
    for model, _, _ in frames:
        path = folder / "costs" / "seed-1" / f"{model}.csv"
        write_costs(path, {"model": model, "seed": 1, **cost(50, 5_000_000), **COUNTS, "reward_seconds": 0.0})
        files["costs"].append(path)
    probe = folder / "seed-1" / "slam" / "reasoner" / "probe.parquet"
    probe.parent.mkdir(parents=True)
    pd.DataFrame(probe_rows(MSD)).to_parquet(probe)
    for layer in range(4):
        path = folder / "seed-1" / "slam" / f"sweep-{layer}" / "layers.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(select_layers(probe_rows(MSD), SelectionOptions(layers=[layer]), 1)))
        files["layers"].append(path)
    return files | {"probes": [probe]}


def drawn(path: Path) -> list[str]:
    """The options of a script that draws, for a figure without its ending."""
    return [f"--{kind}={path}.{kind}" for kind in KINDS]


def asking_all(files: dict[str, list[Path]], **options: Any) -> str:
    """Options that ask everything that was scored, as JSON."""
    whole = {"languages": LANGUAGES, "questions": None, "questions_en": None}
    asked = {f"{path.parent.name}/{path.stem}": whole for path in files["scores"]}
    return replace(OPTIONS, asked=asked, **options).to_json()


def test_scripts_write_tables_and_figures_that_are_the_same_bytes_twice(tmp_path):
    files = written(tmp_path / "results")
    chains = {model: [model] for model in ("sweep-0", "sweep-1")}
    options = asking_all(files, baseline="sweep-1", chains=chains)
    rule = SelectionOptions(threshold=0.6)
    slam = tmp_path / "slam" / "layers.json"
    slam.parent.mkdir()
    slam.write_text(json.dumps(select_layers(probe_rows(MSD), rule, 1)))
    for out in (tmp_path / "first", tmp_path / "second"):
        for name, arguments, suffix in (
            ("make_slam_table", [*files["scores"], "--costs", *files["costs"]], "slam.csv"),
            ("make_slam_costs", files["costs"], "costs.csv"),
            (
                "make_slam_sweep",
                [*files["scores"], "--probes", *files["probes"], "--layers", *files["layers"]],
                "w.csv",
            ),
            ("plot_slam_probe", ["--probe", *files["probes"], "--layers", slam, *files["layers"]], "probe"),
            ("plot_slam_sweep", ["--table", out / "w.csv"], "sweep"),
        ):
            outputs = drawn(out / suffix) if name.startswith("plot_") else ["--out", out / suffix]
            assert run_script(name, *arguments, "--options", options, *outputs) == 0
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
    assert {path.name for path in (tmp_path / "first").iterdir()} == {
        "slam.csv", "costs.csv", "w.csv", *(f"{name}.{kind}" for name in ("probe", "sweep") for kind in KINDS),
    }  # fmt: skip
    assert len(pd.read_csv(tmp_path / "first" / "slam.csv")) == 5
    assert pd.read_csv(tmp_path / "first" / "costs.csv")["seconds_per_million_tokens"].tolist() == [10.0, 10.0]
    assert pd.read_csv(tmp_path / "first" / "w.csv")["spearman"].tolist() == [1.0] * 4
    pd.testing.assert_frame_equal(*(pd.read_csv(tmp_path / "first" / name) for name in ("w.csv", "sweep.csv")))
    probed = pd.read_csv(tmp_path / "first" / "probe.csv")
    assert probed.loc[probed["layer"] == 1, "tuned_by"].tolist() == ["slam sweep-1"] * 3


def test_the_probe_figure_shows_which_layers_were_chosen(tmp_path):
    pd.DataFrame(probe_rows(MSD)).to_parquet(tmp_path / "probe.parquet")
    for name, layers in (("a", [0]), ("b", [0, 1])):
        choice = select_layers(probe_rows(MSD), SelectionOptions(layers=layers), 1)
        table = probe_table(tmp_path / "probe.parquet", {"slam": choice})
        draw_probe(table, {"png": tmp_path / f"{name}.png"}, OPTIONS, {"slam": choice})
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_a_sweep_of_many_panels_and_no_correlation_is_drawn(tmp_path):
    frames, tuned = planted([9, 9, 9, 9])
    frames |= {(model, other, 0): scores for (model, _, _), scores in frames.items() for other in ("two", "three")}
    table = sweep_table(frames, {0: pd.DataFrame(probe_rows(MSD))}, tuned, OPTIONS)
    table.to_csv(tmp_path / "sweep.csv", index=False)
    draw_sweep(sweep_figure_table(tmp_path / "sweep.csv"), {"png": tmp_path / "sweep.png"}, OPTIONS)
    assert (tmp_path / "sweep.png").stat().st_size > 10_000


def test_broken_files_are_one_line_and_leave_nothing_behind(tmp_path, capsys):
    files = written(tmp_path / "results")
    probe, layers, score = files["probes"][0], files["layers"], files["scores"]
    out, options = tmp_path / "out", asking_all(files)

    def refused(name: str, *arguments: object) -> str:
        outputs = drawn(out / "figure") if name.startswith("plot_") else ["--out", out]
        assert run_script(name, *arguments, "--options", options, *outputs) == 1
        told = capsys.readouterr().err
        assert told.count("\n") == 1 and told.startswith(f"{name}: ") and not out.exists()
        return told

    layers[0].write_text(json.dumps(select_layers(probe_rows(MSD), SelectionOptions(layers=[0, 2]), 1)))
    told = refused("make_slam_sweep", *score, "--probes", probe, "--layers", *layers)
    assert f"{layers[0]}: chooses the layers [0, 2]; a model of the sweep tunes exactly one" in told
    assert "a second probe of seed 1" in refused(
        "make_slam_sweep", *score, "--probes", probe, probe, "--layers", *layers[1:]
    )
    layers[0].write_text(json.dumps(select_layers(probe_rows(MSD[:3]), SelectionOptions(layers=[0]), 1)))
    told = refused("plot_slam_probe", "--probe", probe, "--layers", layers[0])
    assert "chosen among 3 layers, but" in told and "has 4" in told
    layers[0].write_text("{")
    assert "cannot be read as JSON" in refused("plot_slam_probe", "--probe", probe, "--layers", layers[0])
    probe.write_text("x")
    assert "cannot be read as Parquet" in refused("plot_slam_probe", "--probe", probe, "--layers", layers[1])
    files["costs"][1].write_text("seconds,tokens\nfast,1\n")
    assert "not the costs of a training" in refused("make_slam_costs", *files["costs"])
    files["costs"][1].write_text(f"{','.join([*MEASURED, *COUNTED])}\n")
    assert "0 rows instead of one" in refused("make_slam_costs", *files["costs"])
    files["costs"][1].unlink()
    assert "sweep-0" in refused("make_slam_table", *score, "--costs", *files["costs"])
    (tmp_path / "empty.csv").write_text("benchmark,seed,layer,metrics_version\n")
    assert "no rows to draw" in refused("plot_slam_sweep", "--table", tmp_path / "empty.csv")
