"""Words, folders and environments that would run as code on their way into a job: one line, or nothing happens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from workspaces import copy_repository, dry_run, environment, snakemake, typed

from vernacular.run import places

SUBMITTED = ("--profile", "slurm", "--configfile", "config/smoke.yaml")
TARGET = "results/smoke/corpus/questions/dev.parquet"
SHADOWED = ["sympy", "types", "random", "json", "logging", "selectors"]


@pytest.fixture
def fake_slurm(tmp_path: Path) -> Path:
    """A folder with a `sbatch` that takes nothing, so that Snakemake comes as far as to submit."""
    folder = tmp_path / "slurm-commands"
    folder.mkdir()
    for name in ("sbatch", "sinfo", "squeue", "sacct", "scontrol"):
        (folder / name).write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.parametrize("name", ["a:b", "{x}", "{}", "a\nb", "a\x1b[2Jb"])
def test_a_checkout_whose_folder_would_be_read_as_something_else(tmp_path: Path, name: str) -> None:
    folder = copy_repository(tmp_path / name)
    for words in (("--dry-run",), ("--profile", "local", "--configfile", "config/smoke.yaml", "--", TARGET)):
        complaint = snakemake(folder, *words).complaint
        assert "the name of its folder holds" in complaint and "move it to another folder" in complaint


@pytest.mark.parametrize(
    "value", ["it's $(touch {0})", "it's `touch {0}`", "'$(touch {0})'", '"$(touch {0})"', '"a" $(touch {0})', "a\\b"]
)
def test_values_that_a_shell_would_run_are_not_submitted(
    fresh: Path, tmp_path: Path, fake_slurm: Path, value: str
) -> None:
    value = value.format(tmp_path / "run")
    run = snakemake(fresh, "--config", f"scale={value}", *SUBMITTED, "--", TARGET, path=fake_slurm)
    assert "which the shell that submits jobs would act on" in run.complaint and not (tmp_path / "run").exists()
    assert dry_run(fresh, "--config", f"scale={value}", *SUBMITTED, "--", TARGET, path=fake_slurm).status == 0


def test_a_folder_whose_name_slurm_would_change(tmp_path: Path, fake_slurm: Path) -> None:
    folder = copy_repository(tmp_path / "100%j")
    assert (
        "holds '%', which SLURM would replace" in snakemake(folder, *SUBMITTED, "--", TARGET, path=fake_slurm).complaint
    )


def test_without_our_profile_a_dollar_is_not_submitted_either(fresh: Path, tmp_path: Path, fake_slurm: Path) -> None:
    words = ("--executor", "slurm", "--jobs", "1", "--config", f"scale=$(touch {tmp_path}/run)", *SUBMITTED[2:])
    run = snakemake(fresh, *words, "--", TARGET, path=fake_slurm)
    assert "holds '$', which the shell" in run.complaint and not (tmp_path / "run").exists()


def test_a_python_whose_path_a_shell_would_run(monkeypatch: pytest.MonkeyPatch, fresh: Path) -> None:
    monkeypatch.chdir(fresh)
    monkeypatch.setattr(sys, "executable", "/home/me/$(touch x)/.venv/bin/python")
    with pytest.raises(SystemExit, match="the path of Python holds signs for a shell"):
        places.check_submitted([*SUBMITTED, "--", TARGET], [])
    places.check_submitted(["--profile", "local", *SUBMITTED[2:]], [])


@pytest.mark.parametrize("path", ["", ":", ":/nowhere", "/nowhere:"])
def test_modules_in_the_working_directory_are_not_run(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Also where a shell's start has left an empty part in PYTHONPATH, which is the working directory."""
    work = tmp_path / "work"
    work.mkdir()
    for name in SHADOWED:
        (work / f"{name}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\nraise SystemExit(7)\n")
    found = environment(None) | {"PYTHONPATH": path}
    monkeypatch.setattr("workspaces.environment", lambda _: found)
    started = fresh  # where Snakemake itself starts; its jobs work in `work`
    done = typed(started, "--directory", work, "--configfile", fresh / "config/smoke.yaml", "-c1", "--", TARGET)
    assert done.status == 0 and (work / TARGET).exists() and not (tmp_path / "run").exists(), done.text


@pytest.mark.parametrize("name", SHADOWED)
def test_the_verifiers_worker_runs_no_module_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from vernacular.answers import verify_worker

    (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\nraise SystemExit(7)\n")
    verify_worker._stop()
    verify_worker.verify.cache_clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f":{os.environ.get('PYTHONPATH', '')}")
    assert verify_worker.verify("y", "y") is True and not (tmp_path / "run").exists()
    verify_worker._stop()
    verify_worker.verify.cache_clear()


def test_a_launch_runs_no_module_of_the_working_directory(tmp_path: Path) -> None:
    """accelerate's launcher is a module that Python is told to run, as the worker was."""

    from vernacular.models.launch import launch_command

    for name in SHADOWED:
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')\nraise SystemExit(7)\n")
    command = launch_command({"threads": 1, "launch": {"processes": 2, "strategy": "ddp"}}, ["--help"])
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert "usage: " in done.stdout and not (tmp_path / "run").exists(), done.stderr[-2000:]


def test_a_folder_for_temporary_files_that_takes_none(
    fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Snakemake's scheduler writes there, and would end in a traceback."""
    (tmp_path / "file").touch()
    for folder in (tmp_path / "nowhere", tmp_path / "file", Path("/proc")):
        found = environment(None) | {"TMPDIR": str(folder)}
        monkeypatch.setattr("workspaces.environment", lambda _, found=found: found)
        complaint = snakemake(fresh, "-c1", "--configfile", "config/smoke.yaml", "--", TARGET).complaint
        assert f"{folder}: takes no temporary files" in complaint and "set TMPDIR" in complaint


def test_a_checkout_that_nobody_may_write_into(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What torch.compile compiles is kept in the working directory then."""
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)  # torch sets it where it compiles
    folder = copy_repository(tmp_path / "repository")
    with (folder / "workflow/rules/common.smk").open("a", encoding="utf-8") as rules:
        rules.write('\nprint("compiled:", os.environ["TORCHINDUCTOR_CACHE_DIR"], file=sys.stderr)\n')
    assert f"compiled: {folder}/.cache/inductor" in dry_run(folder).text
    # Of root, who may write anywhere, by what the system would say to others.
    text = (folder / "workflow/rules/common.smk").read_text(encoding="utf-8")
    (folder / "workflow/rules/common.smk").write_text(text.replace("os.access(compiled, os.W_OK)", "False"))
    assert f"compiled: {tmp_path}/.cache/inductor" in dry_run(tmp_path, "--snakefile", folder / "Snakefile").text
