"""Cut off or changed files of every kind that a rule reads: one line that names the file, and nothing written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from raw_traces import LENGTH_OPTIONS, good
from scripts import script
from slam_scores import frame

from vernacular.evaluation.options import GenerationOptions, SummaryOptions
from vernacular.evaluation.results import COUNTED, MEASURED, PROBED
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.report.language_scores import COLUMNS, languages_table
from vernacular.report.options import SlamOptions
from vernacular.report.slam_figures import SWEEP, sweep_figure_table
from vernacular.report.training_curves import PANELS, TOKENS, TRACES, training_table
from vernacular.report.trajectories import COLUMNS as STEPS
from vernacular.report.trajectories import trajectory_table
from vernacular.storage.files import read_json, write_json, write_text
from vernacular.storage.records import GENERATION, KEPT_TRACE, QUESTION, RAW_TRACE, SCORE, read_rows, write_rows
from vernacular.storage.tables import read_csv, read_frame

IDENTIFIER = json.dumps({"languages": ["en", "fr"]})
ASKED = {"slam/mini": {"languages": ["en"], "questions": None, "questions_en": None}}
SUMMARY = SummaryOptions(ASKED, "s", "t", 9).to_json()
SLAM = SlamOptions(ASKED, "s", "t", 9, reference="slam").to_json()


def blank(schema: pa.Schema, **values: Any) -> dict[str, Any]:
    return dict.fromkeys(schema.names, None) | values


def make_files(folder: Path) -> dict[str, Path]:
    """One sound file of each kind, under the names that a study gives them."""
    seed = folder / "seed-1"
    files = {
        "questions": folder / "questions.parquet",
        "raw": folder / "raw.parquet",
        "generations": folder / "generations.parquet",
        "scores": seed / "scores/slam/mini.parquet",
        "probe": seed / "slam/base/probe.parquet",
        "layers": seed / "slam/slam/layers.json",
        "costs": folder / "costs/seed-1/slam.csv",
        "table": folder / "scores.csv",
        "history": seed / "models/adamame/history.csv",
    }
    question = {"id": "q", "benchmark": "mini", "kind": "math", "language": "en", "question": "?", "answer": "1"}
    write_rows(files["questions"], [blank(QUESTION, **question)] * 50, QUESTION)
    write_rows(files["raw"], [good(id=str(n)) for n in range(50)], RAW_TRACE)
    generation = {"id": "q", "language": "en", "sample": 0, "trace": "so it is", "response": "1", "tokens": 3}
    generation |= {"completion": "so it is\n</think>\n1", "finish_reason": "stop"}
    write_rows(files["generations"], [blank(GENERATION, **generation) | {"sample": n} for n in range(50)], GENERATION)
    write_rows(files["scores"], frame(np.ones((30, 3), dtype=bool)).to_dict("records"), SCORE)
    write_rows(
        files["probe"],
        [{"layer": n, "language": "en", "active": 0.1, "msd": 0.1, "msd_neurons": 0.1} for n in range(9)],
        PROBED,
    )
    write_json(files["layers"], {"layers": [1], "of": 3, "reasons": {"1": "first"}})
    names = [*MEASURED, *COUNTED]
    write_text(files["costs"], ",".join(names) + "\n" + ",".join("7" for _ in names) + "\n")
    write_text(files["table"], "model,benchmark,language,accuracy,lcpr\nm,b,en,0.5,0.5\nm,b,fr,0.5,0.5\n")
    write_text(
        files["history"], ",".join(["step", *PANELS]) + "\n" + "".join(f"{n},0.5,0.5,0.5,0.5\n" for n in range(9))
    )
    return files


def scoring(files: dict[str, Path]) -> list[Any]:
    arguments = ["score", "--generations", files["generations"], "--questions", files["questions"]]
    options = GenerationOptions(["en"], 8, samples=50).to_json()
    return [*arguments, "--benchmark", "mini", "--options", options, "--identifier", IDENTIFIER]


def sweep(files: dict[str, Path]) -> list[Any]:
    arguments = ["make_slam_sweep", files["scores"], "--probes", files["probe"], "--layers", files["layers"]]
    return [*arguments, "--options", SLAM]


# What is broken -> the script that reads it, with its arguments.
READERS: dict[str, tuple[str, Callable[[dict[str, Path]], list[Any]]]] = {
    "questions of score": ("questions", scoring),
    "generations of score": ("generations", scoring),
    "raw of filter_traces": (
        "raw",
        lambda f: ["filter_traces", "--raw", f["raw"], "--options", LENGTH_OPTIONS, "--identifier", IDENTIFIER],
    ),
    "scores of make_table": ("scores", lambda f: ["make_table", f["scores"], "--options", SUMMARY]),
    "scores of plot_pareto": ("scores", lambda f: ["plot_pareto", f["scores"], "--options", SUMMARY]),
    "probe of slam_select": ("probe", lambda f: ["slam_select", "--probe", f["probe"], "--options", "{}", "--seed", 1]),
    "probe of make_slam_sweep": ("probe", sweep),
    "layers of make_slam_sweep": ("layers", sweep),
    "layers of plot_slam_probe": (
        "layers",
        lambda f: ["plot_slam_probe", "--probe", f["probe"], "--layers", f["layers"], "--options", SLAM],
    ),
    "costs of make_slam_table": (
        "costs",
        lambda f: ["make_slam_table", f["scores"], "--costs", f["costs"], "--options", SLAM],
    ),
    "table of plot_languages": ("table", lambda f: ["plot_languages", "--table", f["table"], "--options", SUMMARY]),
    "table of plot_slam_sweep": ("table", lambda f: ["plot_slam_sweep", "--table", f["table"], "--options", SLAM]),
    "history of plot_training": (
        "history",
        lambda f: ["plot_training", f["history"].parent, "--options", SUMMARY],
    ),
}  # fmt: skip
DRAWN = ["--png", "--svg", "--pdf", "--csv"]
OUTPUTS = {
    "filter_traces": ["--kept", "--counts", "--quality"],
    **dict.fromkeys(["plot_pareto", "plot_languages", "plot_slam_probe", "plot_slam_sweep"], DRAWN),
    "plot_training": [*DRAWN, "--mix-png", "--mix-svg", "--mix-pdf", "--mix-csv"],
}
CUTS = {"empty": 0.0, "a tenth": 0.1, "half": 0.5, "all but the end": 0.97}


def spoiled(reader: str, change: Callable[[Path], None], folder: Path) -> Path:
    """The file that was changed: the script that reads it fails, and writes nothing."""
    files, out = make_files(folder / "in"), folder / "out"
    kind, command = READERS[reader]
    change(files[kind])
    name, *arguments = command(files)
    for option in OUTPUTS.get(name, ["--out"]):
        arguments += [option, out / option.strip("-")]
    assert script(name).main([str(argument) for argument in arguments]) == 1
    assert not [path for path in out.rglob("*") if path.is_file()]
    return files[kind]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("reader", READERS)
def test_a_cut_file_is_one_line(reader: str, cut: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    def cut_off(path: Path) -> None:
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * CUTS[cut])])

    file = spoiled(reader, cut_off, tmp_path)
    error = capsys.readouterr().err
    named = file.parent if file.name == "history.csv" else file
    assert str(named) in error and error.count("\n") == 1, error


def alone(path: Path) -> None:
    """A header without rows; of JSON, another type."""
    if path.suffix == ".csv":
        path.write_text(path.read_text().split("\n")[0] + "\n")
    elif path.suffix == ".json":
        path.write_text("[]")
    else:
        write_rows(path, [], pq.read_schema(path))


@pytest.mark.parametrize("reader", [name for name in READERS if name != "raw of filter_traces"])  # it writes no rows
def test_a_header_alone_is_one_line(reader: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    spoiled(reader, alone, tmp_path)
    error = capsys.readouterr().err
    assert error.count("\n") == 1, error


@pytest.mark.parametrize("has_rows", [False, True])
def test_tables_of_figures_hold_numbers(has_rows: bool, tmp_path: Path) -> None:
    for read, columns in (
        (languages_table, ["seeds", *COLUMNS]),
        (sweep_figure_table, SWEEP),
        (lambda path: training_table([path.parent]), ["step", *PANELS, *TRACES, TOKENS]),
        (lambda path: trajectory_table(path, {}), ["model", "benchmark", "language", "seeds", *STEPS[3:]]),
    ):
        path = tmp_path / "history.csv"
        line = "x," * len(columns) + f"{METRICS_VERSION}\n" if has_rows else ""
        path.write_text(",".join([*columns, "metrics_version"]) + f"\n{line}")
        with pytest.raises(
            ValueError, match=r"history\.csv: (no rows to draw|the column '.*' holds more than numbers)"
        ):
            read(path)


# --- The readers themselves -------------------------------------------------------------------------------------------


def test_a_changed_byte_in_a_page_is_noticed(tmp_path: Path) -> None:
    """Wherever it stands: the file never gives other rows without a word."""
    path = tmp_path / "x.parquet"
    rows = [blank(KEPT_TRACE, id=str(n), completion=f"{n * n}") for n in range(200)]
    write_rows(path, rows, KEPT_TRACE)
    whole = path.read_bytes()
    noticed = 0
    for place in range(4, len(whole), 41):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            assert list(read_rows(path)) == rows, place
        except ValueError as error:
            assert str(path) in str(error)
            noticed += 1
    assert noticed > 0.5 * len(range(4, len(whole), 41))


def test_columns_are_checked_and_taken_in_the_types_of_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_rows(path, [{"id": "a", "n": 7}], pa.schema([("id", pa.large_string()), ("n", pa.int32())]))
    schema = pa.schema([("n", pa.float64()), ("id", pa.string())])
    assert list(read_rows(path, schema=schema)) == [{"n": 7.0, "id": "a"}]
    assert list(read_frame(path, schema).columns) == ["n", "id"]
    for columns, wanted in ((["m"], None), (None, pa.schema([("m", pa.int64())]))):
        with pytest.raises(ValueError, match=r"x\.parquet: .*the column 'm' is missing"):
            list(read_rows(path, columns, schema=wanted))
    with pytest.raises(ValueError, match=r"x\.parquet: cannot be read as Parquet"):
        list(read_rows(path, schema=pa.schema([("id", pa.int64())])))


def test_a_footer_with_other_rows_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.parquet"
    write_rows(path, [{"n": n} for n in range(10)], pa.schema([("n", pa.int64())]), batch_size=5)
    whole = pq.ParquetFile.iter_batches
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda *a, **k: list(whole(*a, **k))[:1])
    with pytest.raises(ValueError, match="5 rows, but its footer says 10"):
        list(read_rows(path, batch_size=5))


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    assert read_csv(path, ["a", "b"]).shape == (2, 2)
    for text, what in [
        ("", "empty"),
        ("a,b\n1,2\n3", "cut off"),
        ("a,b\n1,2\n3,4,5\n", "Error tokenizing"),
        ("\n", "No columns"),
    ]:
        path.write_text(text)
        with pytest.raises(ValueError, match=rf"x\.csv: cannot be read as CSV \({what}.*\); delete it and rerun"):
            read_csv(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="the column 'c' is missing"):
        read_csv(path, ["c"])
    path.write_bytes(b"a,b\n\xff,2\n")
    with pytest.raises(ValueError, match="cannot be read as CSV"):
        read_csv(path)


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": [1, "é"]})
    assert read_json(path) == {"a": [1, "é"]}
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"x\.json: cannot be read as JSON \(.*\); delete it and rerun"):
            read_json(path)
