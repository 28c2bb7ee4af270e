"""Every figure: a table gives the same bytes twice, also when read from its CSV, and all of its files hold it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure
from merge_scores import OPTIONS as MERGE_OPTIONS
from merge_scores import generations
from merge_scores import study as merge_study
from pages import histories_of
from scripts import run_script
from slam_scores import MSD, planted, probe_rows
from slam_scores import OPTIONS as SLAM_OPTIONS
from test_pareto import made_up
from test_trajectories import scores as trajectory_scores

from vernacular.evaluation.version import METRICS_VERSION
from vernacular.report.figure_files import DRAWN, KINDS
from vernacular.report.language_scores import draw_languages, languages_table
from vernacular.report.merge_figures import draw_gates, gates_table
from vernacular.report.options import FigureOptions, TrajectoriesOptions
from vernacular.report.pareto import draw_pareto
from vernacular.report.slam_figures import draw_probe, draw_sweep, probe_table, sweep_figure_table
from vernacular.report.slam_tables import sweep_table
from vernacular.report.style import limit_rates
from vernacular.report.training_curves import draw_mix, draw_training, mix_table, training_table
from vernacular.report.trajectories import draw_trajectories, trajectory_table
from vernacular.slam.options import SelectionOptions
from vernacular.slam.select import select_layers
from vernacular.storage.options import Options
from vernacular.storage.tables import read_csv

OPTIONS = FigureOptions(asked={}, study="s", scale="miniature", draws=9, in_domain=["th"])
Made = tuple[pd.DataFrame, Callable[..., None], Options]


def language_scores(seeds: int = 1) -> pd.DataFrame:
    """Rows of tables/scores.csv: two models in three languages and a group, the accuracy of a seed that of it."""
    rows = []
    for model, seed in [(model, seed) for model in ("old", "new") for seed in range(seeds)]:
        for place, language in enumerate(("en", "th", "sw", "all")):
            row: dict[str, Any] = {"model": model, "benchmark": "mini", "language": language, "seed": seed, "seeds": 1}
            row["metrics_version"] = METRICS_VERSION
            for metric, value in (("accuracy", 0.3 + 0.1 * seed), ("lcpr", 0.2 * (place + 1))):
                row |= {metric: value, f"{metric}_low": value - 0.1, f"{metric}_high": value + 0.05}
            rows.append(row)
    return pd.DataFrame(rows)


def languages(folder: Path) -> Made:
    language_scores(2).to_csv(folder / "scores.csv", index=False)
    return languages_table(folder / "scores.csv"), draw_languages, OPTIONS


def training(folder: Path) -> Made:
    return training_table(histories_of(folder)), draw_training, OPTIONS


def mix(folder: Path) -> Made:
    return mix_table(training_table(histories_of(folder))), draw_mix, OPTIONS


def trajectories(folder: Path) -> Made:
    trajectory_scores(1).to_csv(folder / "t.csv", index=False)
    paths = {name: {"0": "sft@0", "10": f"{name}@10", "25": f"{name}@25"} for name in ("a", "b")}
    options = TrajectoriesOptions("s", "miniature", paths)
    return trajectory_table(folder / "t.csv", paths), draw_trajectories, options


def probe(folder: Path) -> Made:
    rows = probe_rows(MSD)
    rows[0]["active"] = 1 / 3  # digits that a file has to keep
    pd.DataFrame(rows).to_parquet(folder / "probe.parquet")
    choices = {
        name: select_layers(rows, SelectionOptions(layers=layers), 1)
        for name, layers in (("slam", [0, 2]), ("other", [2]))
    }
    table = probe_table(folder / "probe.parquet", choices)
    return table, partial(draw_probe, choices=choices), SLAM_OPTIONS


def sweep(folder: Path) -> Made:
    frames, tuned = planted([28, 21, 7, 14])
    table = sweep_table(frames, {0: pd.DataFrame(probe_rows(MSD))}, tuned, SLAM_OPTIONS)
    table.to_csv(folder / "sweep.csv", index=False)
    return sweep_figure_table(folder / "sweep.csv"), draw_sweep, SLAM_OPTIONS


def gates(folder: Path) -> Made:
    frames = {**merge_study("one"), **merge_study("two")}
    given = {**generations("one", untold=("sw",)), **generations("two")}
    return gates_table(frames, given, MERGE_OPTIONS), draw_gates, MERGE_OPTIONS


def pareto(folder: Path) -> Made:
    return made_up(5), draw_pareto, OPTIONS


@pytest.mark.parametrize("make", [languages, training, mix, trajectories, probe, sweep, gates, pareto])
def test_a_figure_is_the_same_bytes_twice_and_its_csv_holds_it(make: Callable[[Path], Made], tmp_path: Path) -> None:
    table, draw, options = make(tmp_path)
    table.to_csv(tmp_path / "table.csv", index=False)
    out = tmp_path / "out"
    files = []
    for name, each in (("one", table), ("two", read_csv(tmp_path / "table.csv"))):
        draw(each, {kind: out / f"{name}.{kind}" for kind in DRAWN}, options)
        files.append([(out / f"{name}.{kind}").read_bytes() for kind in DRAWN])
    assert files[0] == files[1]
    assert files[0][0].startswith(b"\x89PNG") and b"<svg" in files[0][1] and b"<dc:date>" not in files[0][1]
    assert files[0][2].startswith(b"%PDF") and b"CreationDate" not in files[0][2]
    assert sorted(path.name for path in out.iterdir()) == sorted(f"{n}.{k}" for n in ("one", "two") for k in DRAWN)


def test_a_figure_that_cannot_be_drawn_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure

    save = Figure.savefig

    def broken(figure: Figure, path: Path, **options: Any) -> None:
        save(figure, path, **options)
        if options["format"] == "svg":
            raise OSError("No space left on device")

    monkeypatch.setattr(Figure, "savefig", broken)
    (tmp_path / "scores.csv").write_text(language_scores().to_csv(index=False), encoding="utf-8")
    out = [f"--{kind}={tmp_path / 'out' / kind}" for kind in KINDS]
    arguments = ["--table", tmp_path / "scores.csv", "--options", OPTIONS.to_json(), *out]
    assert run_script("plot_languages", *arguments) == 1
    assert not list((tmp_path / "out").iterdir())


def test_scores_by_language_are_those_of_single_languages_and_means_over_seeds(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    language_scores(2).to_csv(tmp_path / "scores.csv", index=False)
    out = {kind: tmp_path / f"languages.{kind}" for kind in KINDS}
    given = [f"--{kind}={path}" for kind, path in out.items()]
    arguments = ["--table", tmp_path / "scores.csv", "--options", OPTIONS.to_json(), *given]
    assert run_script("plot_languages", *arguments) == 0
    table = pd.read_csv(out["csv"])
    assert table[["model", "language"]].to_numpy().tolist() == [
        [model, code] for model in ("old", "new") for code in ("en", "th", "sw")
    ]
    assert table.loc[0, ["accuracy", "accuracy_low", "accuracy_high", "lcpr"]].tolist() == [0.35, 0.25, 0.4, 0.2]
    rows = language_scores()
    rows[rows["language"] == "all"].to_csv(tmp_path / "scores.csv", index=False)
    assert run_script("plot_languages", *arguments) == 1
    assert "scores.csv: no rows to draw" in capsys.readouterr().err


def test_the_probe_table_names_the_models_that_tune_a_layer(tmp_path: Path) -> None:
    table, _, _ = probe(tmp_path)
    assert table.columns.tolist() == ["layer", "language", "active", "msd", "msd_neurons", "tuned_by"]
    assert table.groupby("layer")["tuned_by"].agg(set).tolist() == [{"slam"}, {""}, {"slam other"}, {""}]


@pytest.mark.parametrize(("low", "high"), [(0.95, 0.99), (1.0, 1.0), (0.0, 0.0), (0.0, 1.0), (0.41, 0.43)])
@pytest.mark.parametrize("axis", ["x", "y"])
def test_the_axis_of_a_rate_stays_within_0_and_1_and_does_not_blow_up_noise(axis: str, low: float, high: float) -> None:
    axes = Figure().subplots()
    limit_rates(axes, axis, low, high)
    (first, last), ticks = (axes.get_xlim(), axes.get_xticks()) if axis == "x" else (axes.get_ylim(), axes.get_yticks())
    assert first <= low and high <= last and last - first >= 0.23
    assert first >= 0 and last <= 1 and len(ticks) >= 3 and first <= min(ticks) and max(ticks) <= last
