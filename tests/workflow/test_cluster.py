"""The profile of a cluster without one: what jobs would ask for, and what a machine without SLURM says."""

import os
from pathlib import Path

import pytest
import yaml
from edits import compiled
from workspaces import dry_run, snakemake

from vernacular.run.cluster import job_resources, preflight_nodes

SLURM = ("--profile", "slurm", "--configfile", "config/smoke.yaml")


@pytest.fixture
def no_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH holds what it held, but for SLURM's commands, as on a laptop."""
    (tmp_path / "bin").mkdir()
    for folder in reversed(os.environ["PATH"].split(os.pathsep)):
        for command in Path(folder).glob("*"):
            link = tmp_path / "bin" / command.name
            if command.name not in ("sbatch", "sinfo", "squeue", "sacct", "scontrol", "srun"):
                link.unlink(missing_ok=True)
                link.symlink_to(command)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def test_without_slurm_one_line_says_so(fresh: Path, no_slurm: None) -> None:
    assert "sbatch is not on PATH" in snakemake(fresh, *SLURM, "--", "adamame").complaint


def test_without_slurm_everything_but_a_run_works(fresh: Path, no_slurm: None) -> None:
    """As in the continuous integration of a user, whose machines have no SLURM."""
    assert snakemake(fresh, *SLURM, "--dry-run", "--", "adamame").jobs["train_grpo"] == 1
    assert snakemake(fresh, *SLURM, "--list-rules").status == 0


@pytest.mark.parametrize("value", ["cuda", "gpu:", "gres:a100;touch x", "gpu:$(touch x)", "gres:a100\n"])
def test_an_unknown_flavour_of_gpus_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("VERNACULAR_GPU", value)
    with pytest.raises(SystemExit, match="^vernacular: VERNACULAR_GPU is '.*'; set it to gpu or gres"):
        job_resources({}, lambda wildcards: {})


def test_preflight_looks_at_the_kinds_of_nodes_that_jobs_ask_for(fresh: Path) -> None:
    smoke = yaml.safe_load((fresh / "config/smoke.yaml").read_text(encoding="utf-8"))
    assert preflight_nodes(compiled(smoke).config) == ["cpu"]
    overlay = fresh.parent / "gpu.yaml"
    overlay.write_text("models: {sft: {resources: {gpu: 1}}}\n", encoding="utf-8")
    assert dry_run(fresh, *SLURM, overlay, "--", "preflight").jobs == {"preflight_node": 2}
