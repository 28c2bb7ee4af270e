"""Several probes side by side: the numbers by hand, and the files that a script writes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scripts import run_script
from slam_scores import OPTIONS

from vernacular.report.probes import compared_table, layers_table, spearman

KINDS = ("png", "svg", "pdf", "csv")
MSD, NEURONS = [0.4, 0.1, 0.2, 0.3], [0.1, 0.2, 0.3, 0.4]
OVERLAP = {"de": [0.8, 0.6, 0.4, 0.2], "th": [0.6, 0.4, 0.2, 0.0], "en": [1.0] * 4}
TOKENS = {"de": 120, "en": 100, "th": 650}


def written(folder: Path, model: str, languages: tuple[str, ...] = ("de", "en", "th")) -> Path:
    rows: list[dict[str, Any]] = [
        {
            "layer": layer, "language": code, "active": 0.5, "msd": MSD[layer], "msd_neurons": NEURONS[layer],
            "questions": 10, "tokens": TOKENS[code], "stability": 0.9,
            "overlap": OVERLAP[code][layer] if "en" in languages else None,
        }
        for layer in range(4) for code in languages
    ]  # fmt: skip
    path = folder / "seed-1" / "slam" / model / "probe.parquet"
    path.parent.mkdir(parents=True)
    pd.DataFrame(rows).astype({"overlap": float}).to_parquet(path)
    return path


def test_layers_have_both_deviations_and_the_range_of_the_overlap(tmp_path: Path) -> None:
    table = layers_table([written(tmp_path, "one"), written(tmp_path, "two")])
    assert list(table["model"]) == ["one"] * 4 + ["two"] * 4
    first = table.iloc[0]
    assert (first["msd"], first["msd_neurons"]) == (0.4, 0.1)
    assert first[["overlap", "overlap_low", "overlap_high"]].tolist() == pytest.approx([0.7, 0.6, 0.8])


def test_a_row_for_each_model(tmp_path: Path) -> None:
    [row] = compared_table([written(tmp_path, "one")]).to_dict("records")
    assert (row["layers"], row["languages"], row["questions"], row["tokens_en"]) == (4, 3, 10, 100)
    assert (row["most"], row["most_tokens"], row["stability"]) == ("th", 6.5, 0.9)
    # Ranks of MSD are 4 1 2 3: of depth, and of the other deviation, 1 2 3 4; overlap falls with depth.
    assert row["msd_with_depth"] == row["msd_with_neurons"] == pytest.approx(-0.2)
    assert row["neurons_with_depth"] == pytest.approx(1) and row["neurons_with_overlap"] == pytest.approx(-1)
    assert (row["highest_msd"], row["highest_neurons"], row["lowest_overlap"]) == ("0 3 2", "3 2 1", "3 2 1")


def test_without_english_there_is_no_overlap(tmp_path: Path) -> None:
    [row] = compared_table([written(tmp_path, "one", ("de", "th"))]).to_dict("records")
    assert pd.isna(row["tokens_en"]) and pd.isna(row["msd_with_overlap"]) and row["lowest_overlap"] == ""
    assert pd.isna(spearman(pd.Series([1.0, 1.0]), pd.Series([1.0, 2.0])))


def test_the_script_writes_the_same_bytes_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    probes = [written(tmp_path, name) for name in ("one", "two")]
    probes.append(written(tmp_path, "no-english", ("de", "th")))
    for width in (OPTIONS.width, 3.3):
        options = replace(OPTIONS, width=width).to_json()
        for out in (tmp_path / f"first-{width}", tmp_path / f"second-{width}"):
            files = [word for kind in KINDS for word in (f"--{kind}", out / f"probes.{kind}")]
            assert run_script("plot_probes", *probes, "--options", options, "--table", out / "t.csv", *files) == 0
        for path in (tmp_path / f"first-{width}").iterdir():
            assert path.read_bytes() == (tmp_path / f"second-{width}" / path.name).read_bytes(), path.name
        assert (tmp_path / f"first-{width}" / "probes.png").stat().st_size > 10_000
    assert "one" in capsys.readouterr().out
    assert json.loads(options)["width"] == 3.3


def test_a_broken_probe_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "one")
    path.write_bytes(b"PAR1")
    files = [word for kind in KINDS for word in (f"--{kind}", tmp_path / f"p.{kind}")]
    assert run_script("plot_probes", path, "--options", OPTIONS.to_json(), "--table", tmp_path / "t.csv", *files) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and str(path) in told and not list(tmp_path.glob("p.*"))
