"""A cluster's own profile: written whole, and what is said of one that lacks something. No SLURM is needed."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from workspaces import ROOT, dry_run, environment

from vernacular.run.make_profile import limits_of, minutes

SMOKE = ("--configfile", "config/smoke.yaml", "--", "adamame")


def make_profile(folder: Path, *words: str, path: str | None = None) -> subprocess.CompletedProcess:
    """As `make profile` calls it, in a folder, with nothing of SLURM on PATH unless `path` says so."""
    env = environment(None) | {"PYTHONPATH": str(ROOT / "src")} | ({"PATH": path} if path else {})
    command = ["python", "-m", "vernacular.run.make_profile", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)


@pytest.fixture
def own(workspace: Path) -> Path:
    """A repository with the profile that `make profile PARTITION=long,a100 ACCOUNT=me GPUS=4,0` writes."""
    words = ("--partition", "long,a100", "--account", "me", "--gpus", "4,0", "--out", "my-cluster")
    done = make_profile(workspace, *words)
    assert done.returncode == 0 and "snakemake --profile my-cluster preflight --configfile FILE" in done.stdout, (
        done.stderr
    )
    return workspace


def edit(folder: Path, old: str, new: str, file: str = "profile.yaml") -> None:
    path = folder / "my-cluster" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def warnings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("vernacular: warning")]


def test_it_holds_all_that_ours_hold(own: Path) -> None:
    mine = yaml.safe_load((own / "my-cluster" / "profile.yaml").read_text(encoding="utf-8"))
    slurm, default = (
        yaml.safe_load((own / "profiles" / name / "profile.yaml").read_text(encoding="utf-8"))
        for name in ("slurm", "default")
    )
    resources = {**slurm["default-resources"], "slurm_account": "me"}
    partitions = "my-cluster/partitions.yaml"
    assert mine == {**slurm, **default, "default-resources": resources, "slurm-partition-config": partitions}
    found = yaml.safe_load((own / partitions).read_text(encoding="utf-8"))
    assert found == {"partitions": {"long": {"max_gpu": 4}, "a100": {"max_gpu": 0}}}


@pytest.mark.parametrize("option", ["--profile", "--workflow-profile"])
def test_it_serves_as_either_kind_of_profile_without_a_warning(own: Path, option: str) -> None:
    found = dry_run(own, option, "my-cluster", *SMOKE)
    assert found.jobs["train_grpo"] and not warnings(found.text), found.text


LACKS = {
    "the signal": ("  slurm_extra: \"'--signal=TERM@120'\"\n", "", "default-resources has no `slurm_extra"),
    "retries": ("retries: 3", "retries: 0", "no retries, so a job ends for good at its time limit"),
    "triggers": ("rerun-triggers: [mtime, params, input, software-env]\n", "", "rerun-triggers has `code`"),
}


@pytest.mark.parametrize("case", LACKS)
def test_a_warning_says_what_is_missing(own: Path, case: str) -> None:
    old, new, wanted = LACKS[case]
    edit(own, old, new)
    found = dry_run(own, "--workflow-profile", "my-cluster", *SMOKE)
    [line] = warnings(found.text)
    assert wanted in line and "make profile PARTITION=" in line and found.jobs["train_grpo"]


def test_a_block_of_ones_own_over_our_profile_is_told_what_it_replaces(workspace: Path) -> None:
    (workspace / "mine").mkdir()
    (workspace / "mine" / "profile.yaml").write_text("default-resources: {mem_mb: 8000}\n", encoding="utf-8")
    found = dry_run(workspace, "--profile", "slurm", "--workflow-profile", "mine", *SMOKE)
    signal, *others = [line for line in warnings(found.text) if "rerun-triggers" not in line]
    assert "--signal" in signal and not others
    assert any("rerun-triggers has `code`" in line for line in warnings(found.text))


def test_our_own_profiles_are_complete(workspace: Path) -> None:
    for name in ("slurm", "local"):
        assert not warnings(dry_run(workspace, "--profile", name, *SMOKE).text)


def test_a_mistyped_folder_is_refused(own: Path) -> None:
    line = dry_run(own, "--workflow-profile", "my-clustr", *SMOKE).complaint
    assert line == "vernacular: --workflow-profile my-clustr: no such folder; did you mean 'my-cluster'?"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("max_gpu", "max_gpus", "partitions.long.max_gpus: unknown key; did you mean 'max_gpu'?"),
        ("partitions:", "partition:", "the key 'partitions' is missing"),
        ("  long:\n    max_gpu: 4", "  long:", "partitions.long: a mapping is missing; write {}"),
        ("partitions:", "partitions: [", "not valid YAML"),
        ("max_gpu: 4", "max_gpu: four", "partitions.long.max_gpu: expected a number, got 'four'"),
    ],
)
def test_partitions_that_are_not_understood_are_refused(own: Path, old: str, new: str, wanted: str) -> None:
    edit(own, old, new, "partitions.yaml")
    line = dry_run(own, "--profile", "my-cluster", *SMOKE).complaint
    assert "my-cluster/partitions.yaml" in line and wanted in line


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--partition", "", "--out", "x"), "no partition: make profile PARTITION=gpu ACCOUNT=me"),
        (("--partition", "a b", "--out", "x"), "PARTITION=a b: not a name"),
        (("--partition", "a", "--account", "me; rm", "--out", "x"), "ACCOUNT=me; rm: not a name"),
        (("--partition", "a", "--gpus", "four", "--out", "x"), "GPUS=four: not a number"),
        (("--partition", "a,b", "--gpus", "4", "--out", "x"), "GPUS=4: 1 for 2 partitions; give one for each"),
        (("--partition", "a", "--out", "."), ".: already exists"),
    ],
)
def test_what_make_profile_refuses(tmp_path: Path, words: tuple[str, ...], wanted: str) -> None:
    done = make_profile(tmp_path, *words)
    assert done.returncode == 1 and done.stderr.startswith(f"make_profile: {wanted}"), done.stderr
    assert not list(tmp_path.iterdir())


def test_what_sinfo_says_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its output on a cluster with two kinds of nodes; the largest of each counts."""
    sinfo = tmp_path / "sinfo"
    sinfo.write_text(
        '#!/bin/sh\ncase "$*" in *none*) exit 0 ;; esac\n'
        "echo '2-00:00:00|64000+|(null)'\necho '2-00:00:00|256000|gpu:a100:4(S:0-1),gpu:t4:1'\n",
        encoding="utf-8",
    )
    sinfo.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert limits_of("long") == {"max_runtime": 2880, "max_mem_mb": 256000, "max_gpu": 5}
    with pytest.raises(ValueError, match="PARTITION=none: sinfo knows no such partition"):
        limits_of("none")


def test_minutes() -> None:
    known = {"1-12:30:00": 2190, "4:00:00": 240, "30:00": 30, "infinite": None}
    assert {text: minutes(text) for text in known} == known
