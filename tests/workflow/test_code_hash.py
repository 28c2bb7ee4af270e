"""The hash of a job's code: what it covers, and that what it leaves out changes no byte of a result."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from edits import compiled
from workspaces import ROOT, copy_repository

from vernacular.run import code
from vernacular.run.code import LEFT_OUT, closure, code_hash
from vernacular.study import corpus

SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*.py"))


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What was parsed in other places is of no use here, nor is ours elsewhere."""
    yield
    forget()


def forget() -> None:
    for function in (code.syntax, code.closure, code.code_hash):
        function.cache_clear()


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script that imports `vernacular.one`, which imports `vernacular.two` inside a function."""
    package = tmp_path / "vernacular"
    package.mkdir()
    (package / "__init__.py").touch()
    (tmp_path / "script.py").write_text('"""A script."""\nfrom vernacular import one\n', encoding="utf-8")
    (package / "one.py").write_text("def f():\n    from vernacular.two import g\n    return g()\n", encoding="utf-8")
    (package / "two.py").write_text("def g():\n    return 1\n", encoding="utf-8")
    (package / "three.py").write_text("x = 1\n", encoding="utf-8")
    monkeypatch.setattr("vernacular.run.code.SOURCE", tmp_path)
    return tmp_path


def fresh_hash(script: Path) -> str:
    forget()
    return code_hash(script)


@pytest.mark.parametrize(
    ("file", "text", "changes"),
    [
        ("vernacular/two.py", "def g():\n    return 2\n", True),  # imported inside a function of an import
        ("vernacular/two.py", 'def g():\n    """Docstring."""\n\n    return 1  # comment\n', False),
        ("vernacular/two.py", "def g( ) :\n        return (1)\n", False),
        ("vernacular/three.py", "x = 2\n", False),
        ("script.py", '"""Other words."""\n\nfrom vernacular import one  # noqa\n', False),
        ("script.py", "from vernacular import one, three\n", True),
    ],
)
def test_code_hash(library: Path, file: str, text: str, changes: bool) -> None:
    script = library / "script.py"
    before = fresh_hash(script)
    (library / file).write_text(text, encoding="utf-8")
    assert (fresh_hash(script) != before) == changes


def test_code_hash_does_not_depend_on_the_place(tmp_path: Path, library: Path) -> None:
    before = fresh_hash(library / "script.py")
    moved = tmp_path / "elsewhere" / "script.py"
    moved.parent.mkdir()
    (library / "script.py").rename(moved)
    assert fresh_hash(moved) == before


# --- what is left out

# Other behaviour for each module that is left out: appended to it, this takes the place of what the module does.
PATCHES = {
    "models/tracking.py": """
def prepare(tracking, key): pass
def reported(tracking): return {"report_to": [], "run_name": "another name"}
""",
    "storage/messages.py": """
def one_line(text): return "other words"
def nearest(word, choices): return "guess"
def without_secrets(text): return "***"
def secrets_of(query): return []
def hide_in_log(library): pass
""",
    "storage/command.py": """
def run(name, work):
    work()
    print("done otherwise")
    return 0
""",
}


def test_what_is_left_out_is_in_no_closure() -> None:
    assert set(PATCHES) == set(LEFT_OUT) and all(LEFT_OUT.values())
    left_out = {ROOT / "src" / "vernacular" / name for name in LEFT_OUT}
    assert all(path.exists() for path in left_out)
    assert not [script.stem for script in SCRIPTS if closure(script) & left_out]


def test_what_is_left_out_changes_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs of the smoke study, with other messages and other ends: the same bytes, and the same hashes."""
    folder = copy_repository(tmp_path / "repository")
    monkeypatch.setattr(code, "SOURCE", folder / "src")
    scripts = sorted((folder / "workflow" / "scripts").glob("*.py"))
    forget()
    before, hashes = made(folder, tmp_path / "before"), [code_hash(script) for script in scripts]
    for name, patch in PATCHES.items():
        with (folder / "src" / "vernacular" / name).open("a", encoding="utf-8") as file:
            file.write(patch)
    forget()
    assert made(folder, tmp_path / "after") == before
    assert [code_hash(script) for script in scripts] == hashes


def made(folder: Path, out: Path) -> dict[str, bytes]:
    """What some jobs of the smoke study write, by file."""
    study = compiled(yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text(encoding="utf-8")))
    out.mkdir()
    files = {name: out / f"{name}.parquet" for name in ("questions", "raw", "kept")}
    files |= {name: out / f"{name}.csv" for name in ("counts", "quality")}
    kept = [word for name in ("kept", "counts", "quality") for word in (f"--{name}", files[name])]
    jobs = {
        "make_questions": ["--split", "train", "--options", corpus.questions_options(study, "train").to_json()]
        + ["--out", files["questions"]],
        "make_traces": ["--input", files["questions"], "--options", corpus.traces_options(study).to_json()]
        + ["--out", files["raw"]],
        "filter_traces": ["--raw", files["raw"], "--options", corpus.filter_options(study).to_json()]
        + ["--identifier", study.identifier.to_json(), *kept],
    }
    for name, words in jobs.items():
        command = [sys.executable, str(folder / "workflow" / "scripts" / f"{name}.py"), *map(str, words)]
        environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in files.values()}
