"""Dry runs from wherever Snakemake is called, with a profile, as a module; light and quick."""

import os
import subprocess
import sys
from pathlib import Path

import yaml
from default_jobs import DEFAULT
from workspaces import dry_run, typed, typed_at_once

from vernacular.command.new import new_study


def test_default_study_takes_three_seconds(fresh: Path, failing_scontrol: Path) -> None:
    assert typed_at_once(fresh, "--dry-run", path=failing_scontrol).jobs == DEFAULT


def test_profile_of_a_cluster_as_typed(fresh: Path, failing_scontrol: Path) -> None:
    run = dry_run(fresh, "--profile", "slurm", path=failing_scontrol)
    assert run.jobs == DEFAULT and "profiles slurm" in run.text and "Warning" not in run.text


def test_local_profile_in_another_directory(fresh: Path, tmp_path: Path) -> None:
    run = dry_run(fresh, "--directory", tmp_path, "--profile", "local")
    assert run.jobs == DEFAULT and "profiles local" in run.text and "Warning" not in run.text


def test_called_from_elsewhere(fresh: Path, tmp_path: Path) -> None:
    assert dry_run(tmp_path, "--snakefile", fresh / "Snakefile", "--directory", tmp_path).jobs == DEFAULT


def test_working_directory_with_its_own_study(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    text = (fresh / "config" / "smoke.yaml").read_text(encoding="utf-8")
    (tmp_path / "config" / "config.yaml").write_text(text.replace("study: smoke", "study: own"), encoding="utf-8")
    run = dry_run(fresh, "--directory", tmp_path)
    assert run.jobs["train_grpo"] == 1 and "results/own/" in run.text and "results/default" not in run.text


def test_scripts_run_from_another_folder(fresh: Path, tmp_path: Path) -> None:
    """A real job, the cheapest one, from a folder that is not the repository."""
    config = fresh / "config" / "smoke.yaml"
    target = "results/smoke/corpus/questions/dev.parquet"
    done = typed(fresh, "--directory", tmp_path, "--configfile", config, "--cores", "1", "--", target)
    assert done.status == 0 and (tmp_path / target).stat().st_size > 0, done.text
    assert not (fresh / "results").exists()


MODULE = """
module vernacular:
    snakefile: "{root}/Snakefile"
    {config}

use rule * from vernacular
"""


def test_as_a_module(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(MODULE.format(root=fresh, config=""), encoding="utf-8")
    assert dry_run(tmp_path).jobs == DEFAULT


def test_as_a_module_with_its_own_configuration(fresh: Path, tmp_path: Path) -> None:
    text = f'configfile: "{fresh}/config/smoke.yaml"\nconfig["study"] = "own"\n' + MODULE.format(
        root=fresh, config="config: config"
    )
    (tmp_path / "Snakefile").write_text(text, encoding="utf-8")
    run = dry_run(tmp_path)
    assert run.jobs["train_grpo"] == 1 and "results/own/" in run.text
    (tmp_path / "Snakefile").write_text(text.replace('config["study"]', 'config["studie"]'), encoding="utf-8")
    assert dry_run(tmp_path).complaint.endswith("studie: unknown key; did you mean 'study'?")


def test_a_new_study_names_its_file_and_finds_functions_next_to_it(fresh: Path, tmp_path: Path) -> None:
    new_study(tmp_path / "mine", "minimal")
    config = tmp_path / "mine" / "config" / "config.yaml"
    whole = yaml.safe_load(config.read_text(encoding="utf-8"))
    whole["rl"] = {"benchmark": "sums", "languages": ["fr"], "hash_range": [0, 1]}
    whole["models"]["own"] = {"recipe": "grpo", "from": "native", "prompts": 8} | {
        "alignment": {"schedule": "mine.py:g"},
        "training": {"max_steps": 2, "loss_type": "dr_grpo"},
    }
    config.write_text(yaml.safe_dump(whole), encoding="utf-8")
    assert (
        "config/config.yaml: models.own.alignment.schedule: no file 'mine.py'" in dry_run(tmp_path / "mine").complaint
    )
    (config.parent / "mine.py").write_text("def g(step, total):\n    return step / total\n", encoding="utf-8")
    assert dry_run(tmp_path / "mine").jobs["try_functions"] == 1


def test_dry_run_imports_no_torch(fresh: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": ""}
    command = [sys.executable, "-X", "importtime", "-m", "snakemake", "--dry-run", "--quiet"]
    done = subprocess.run(command, cwd=fresh, env=environment, capture_output=True, text=True, timeout=120)
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert done.returncode == 0 and "vernacular.study.resolve" in imported and "snakemake.workflow" in imported, (
        done.stderr[-2000:]
    )
    assert not imported & {"torch", "trl", "transformers", "datasets", "peft", "lingua"}
