"""A study in one file: it holds what a reader needs, says when a byte has changed, and needs a finished study."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from vernacular.command.main import main

ROOT = Path(__file__).parents[2]
SMOKE = str(ROOT / "config" / "smoke.yaml")
FILES = {
    "index.html": "<p>page</p>",
    "tables/scores.csv": "model,accuracy\na,0.5\n",
    "figures/pareto.svg": "<svg/>",
    "seed-1/models/sft/manifest.json": "{}",
    "seed-1/slam/slam/layers.json": "{}",
    "seed-1/models/sft/model.safetensors": "weights",
    "seed-1/generations/sft/mini-mgsm.parquet": "rows",
}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "results" / "smoke" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.txt").write_text("token")
    (tmp_path / "results" / "smoke" / "figures" / "link.svg").symlink_to(tmp_path / "secret.txt")
    return tmp_path / "results"


def archive(results: Path, out: Path) -> int:
    return main(["archive", SMOKE, "--results", str(results), "--out", str(out)])


def checked(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", path], capture_output=True, text=True)


def test_it_holds_what_a_reader_needs_and_nothing_else(results: Path, tmp_path: Path) -> None:
    assert archive(results, tmp_path / "one.zip") == 0 and archive(results, tmp_path / "two.zip") == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as file:
        names = set(file.namelist())
        assert file.read("config/1-smoke.yaml") == Path(SMOKE).read_bytes()
    assert {
        "requirements.lock",
        "config/as-read.json",
        "results/smoke/index.html",
        "results/smoke/tables/scores.csv",
        "results/smoke/seed-1/slam/slam/layers.json",
    } < names
    assert not [name for name in names if name.endswith((".safetensors", ".parquet", "link.svg"))]
    done = checked(tmp_path / "one.zip")
    assert done.returncode == 0 and "all as they were archived" in done.stdout


@pytest.mark.parametrize("what", ["changed", "missing", "not of this archive"])
def test_it_says_which_file_is_not_as_it_was(what: str, results: Path, tmp_path: Path) -> None:
    archive(results, tmp_path / "one.zip")
    name = "results/smoke/tables/scores.csv"
    with zipfile.ZipFile(tmp_path / "one.zip") as old, zipfile.ZipFile(tmp_path / "bad.zip", "w") as new:
        for member in old.namelist():
            data = old.read(member)
            if member != name or what == "changed":
                new.writestr(member, data.replace(b"0.5", b"0.9") if member == name else data)
        if what == "not of this archive":
            new.writestr(name, old.read(name))
            name = "results/smoke/tables/more.csv"
            new.writestr(name, "x")
    done = checked(tmp_path / "bad.zip")
    assert done.returncode == 1 and done.stdout.splitlines() == [f"{name}: {what}"]


def test_a_broken_byte_is_found(results: Path, tmp_path: Path) -> None:
    archive(results, tmp_path / "one.zip")
    data = bytearray((tmp_path / "one.zip").read_bytes())
    with zipfile.ZipFile(tmp_path / "one.zip") as file:
        place = file.getinfo("config/as-read.json").header_offset + 200
    data[place] ^= 255
    (tmp_path / "bad.zip").write_bytes(data)
    done = checked(tmp_path / "bad.zip")
    assert done.returncode == 1 and done.stdout.startswith("config/as-read.json: ")


def test_an_unfinished_study_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert archive(tmp_path / "results", tmp_path / "one.zip") == 2
    said = capsys.readouterr().err
    assert "results/smoke/index.html" in said and "not finished" in said and said.count("\n") == 1
    assert not (tmp_path / "one.zip").exists()
