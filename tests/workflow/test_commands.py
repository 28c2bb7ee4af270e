"""Every command in the README and in docs/ is one that works: as a dry run, or with a help text, since most train."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from edits import compiled
from workspaces import ROOT, lay_out_small, snakemake

PAGES = [ROOT / "README.md", ROOT / "config" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = ("snakemake", "make", "python")


def commands(text: str) -> list[str]:
    """The commands of a page: lines of its code blocks, up to a wide gap or a comment, and pieces in backticks.

    Blocks in fences are run by tests/unit/test_library_docs.py.
    """
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^    (\S.*)$", text, re.MULTILINE)
    blocks = [re.split(r"\s{2,}|\s#", line)[0] for line in blocks]
    inline = [" ".join(piece.split()) for piece in re.findall(r"`([^`]+)`", re.sub(r"^    .*$", "", text, flags=re.M))]
    found = [line for line in [*blocks, *inline] if line.split(" ")[0] in PROGRAMS and len(line.split(" ")) > 1]
    return list(dict.fromkeys(found))


COMMANDS = list(dict.fromkeys(c for page in PAGES for c in commands(page.read_text(encoding="utf-8"))))
SNAKEMAKE = [command for command in COMMANDS if command.startswith("snakemake ")]
MAKE = [command for command in COMMANDS if command.startswith("make ")]
PYTHON = [command for command in COMMANDS if command.startswith("python ") and not command.endswith(".zip")]


def test_commands_are_found() -> None:
    text = (
        "    snakemake -n      what would run\n    make all    # words\n\n`make x`, `python\na.py`, `makes`, `make`\n"
    )
    assert commands(text) == ["snakemake -n", "make all", "make x", "python a.py"]
    assert {"snakemake --profile local slam", "snakemake --unlock", "snakemake --profile slurm preflight"} <= {
        *SNAKEMAKE
    }
    assert "make study" in MAKE and "python workflow/scripts/rescore.py DIR" in PYTHON


@pytest.fixture(scope="module")
def prepared(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished study with what the pages tell a user to have: an own study, MGSM's files, a profile."""
    folder = tmp_path_factory.mktemp("prepared") / "repository"
    shutil.copytree(finished, folder, symlinks=True)
    study = (folder / "config" / "config.yaml").read_text(encoding="utf-8")
    (folder / "my-study.yaml").write_text(study.replace("study: default", "study: my-study"), encoding="utf-8")
    (folder / "mine.yaml").write_text(study.replace("study: default", "study: mine"), encoding="utf-8")
    (folder / "mine-resources.yaml").write_text("models: {adamame: {resources: {runtime: 30}}}\n", encoding="utf-8")
    mgsm = yaml.safe_load((folder / "config" / "mgsm.yaml").read_text(encoding="utf-8"))
    files = folder / mgsm["sources"]["mgsm"]["folder"]
    files.mkdir(parents=True)
    for language in mgsm["evaluations"][0]["languages"]:
        (files / f"mgsm_{language}.tsv").write_text("1 + 1?\t2\n", encoding="utf-8")
    lay_out_small(folder)
    words = ["--partition", "gpu", "--account", "me", "--out", "my-cluster"]
    command = [sys.executable, "-m", "vernacular.run.make_profile", *words]
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=True)
    return folder


def calls() -> dict[tuple[str, ...], list[str]]:
    """The commands by their options, each with the targets that a page asks for by them: one call tries all."""
    study = compiled(yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8")))
    targets = {
        "all",
        "cards",
        "claims",
        "downloads",
        "preflight",
        "probes",
        "regime",
        *(target.name for target in study.named_targets),
    }
    found: dict[tuple[str, ...], list[str]] = {}
    for command in SNAKEMAKE:
        words = shlex.split(
            command.replace("TARGET", "results/default/tables/scores.csv")
            .replace("<target>", "all")
            .replace("my-ablation", "all")
        )[1:]
        options = tuple(word for word in words if word not in targets and not word.startswith("results/"))
        asked = [word for word in words if word not in options]
        found.setdefault(options, []).extend(asked or ["all"])
    return found


@pytest.mark.parametrize(("options", "targets"), calls().items(), ids=lambda part: " ".join(part))
def test_snakemake(options: tuple[str, ...], targets: list[str], prepared: Path) -> None:
    dry = [] if {"-n", "--dry-run", "--touch", "--unlock"} & {*options} else ["--dry-run"]
    run = snakemake(prepared, *dry, *options, "--", *targets)
    assert run.status == 0, run.text


@pytest.mark.parametrize("command", MAKE)
def test_make(command: str) -> None:
    """make says what it would do; a target that is not there is an error."""
    done = subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


@pytest.mark.parametrize("command", PYTHON)
def test_python(command: str) -> None:
    """The program is there and takes the options that the page gives it."""
    words = shlex.split(command)[1:]
    program, options = (words[:2], words[2:]) if words[0] == "-m" else (words[:1], words[1:])
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, *program, "--help"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert all(option in done.stdout for option in options if option.startswith("--"))
