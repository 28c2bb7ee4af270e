"""A release says one version everywhere, and its files are in the form that their readers take."""

import subprocess
import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_one_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version and citation["cff-version"] == "1.2.0"
    assert [author["name"] for author in citation["authors"]] == ["The Vernacular developers"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "vernacular.command.main", "--version"], capture_output=True, text=True
    )
    assert said.stdout.split()[-1] == version


def test_the_catalog_is_told_commands_that_run() -> None:
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    command = [
        Path(sys.executable).parent / "snakemake",
        "-n",
        "--quiet",
        "all",
        *usage["mandatory-flags"]["flags"].split(),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_hooks_run_what_lint_runs() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    tools = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in hooks}
    assert tools == {"ruff", "snakefmt", "mypy"} and all(f'PATH="$(BIN):$$PATH" {tool}' in makefile for tool in tools)
