"""What a failed run ends with, from logs as Snakemake 9 and its SLURM plugin write them."""

import re
from pathlib import Path

import pytest

from vernacular.run.failures import disk_hints, failures, hints, summary

LOG = """
[Sat Nov 21 19:06:47 2026]
Error in rule train_grpo:
    message: SLURM-job '7' failed, SLURM status is: 'TIMEOUT'.
For further error details see the cluster/cloud log
    jobid: 14
    input: a, b
    output: results/s/seed-1/models/adamame, results/s/costs/seed-1/adamame.csv
    log: results/s/logs/train_grpo/adamame.log (check log file(s) for error details)
    shell:
        python x
        (command exited with non-zero exit code)
    external_jobid: 7
Trying to restart job 14.
[Sat Nov 21 19:08:47 2026]
Error in rule score:
    jobid: 3
    output: results/s/scores.parquet
    log: results/s/logs/score.log (check log file(s) for error details)
{more}
"""


def test_a_failure_is_named_once_with_its_log() -> None:
    twice = LOG + LOG
    assert failures(twice) == [
        ("train_grpo", "results/s/seed-1/models/adamame", "results/s/logs/train_grpo/adamame.log"),
        ("score", "results/s/scores.parquet", "results/s/logs/score.log"),
    ]


def test_what_a_later_attempt_made_is_no_failure() -> None:
    log = LOG.format(more="Finished jobid: 14 (Rule: train_grpo)")
    assert [rule for rule, _, _ in failures(log)] == ["score"]


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("sbatch: error: invalid partition specified: gpuu", "profiles/slurm/partitions.yaml"),
        ("Batch job submission failed: Invalid account or account/partition combination specified", "SBATCH_ACCOUNT"),
        ("The given account x appears to be invalid. Available accounts:", "slurm_account"),
        ("Batch job submission failed: Requested node configuration is not available", "max|GPUs"),
        ("Requested time limit is invalid (missing or exceeds some limit)", "limits.runtime"),
        ("error: Memory specification can not be satisfied", "resources.mem_mb"),
        ("SLURM status is: 'OUT_OF_MEMORY'", "resources.mem_mb"),
        ("Unable to contact slurm controller (connect failure)", "sinfo"),
        ("No suitable partition found for job generate", "partitions.yaml"),
    ],
)
def test_each_thing_that_slurm_says_has_its_remedy(said: str, hint: str) -> None:
    found = hints(said)
    assert len(found) == 1 and any(word in found[0] for word in hint.split("|"))


def test_the_summary_says_what_to_type_next(tmp_path: Path) -> None:
    text = summary(LOG, "snakemake --profile slurm", tmp_path)
    assert "failed: train_grpo (results/s/seed-1/models/adamame)" in text
    assert "hint: the time limit was too short: raise `resources.runtime`" in text
    assert "After fixing this, rerun: snakemake --profile slurm" in text


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of the rule cannot tell: it is on the same disk."""
    assert disk_hints(tmp_path) == disk_hints(tmp_path / "gone") == []
    monkeypatch.setattr("vernacular.run.failures.LEAST_FREE", 2**80)
    assert re.search(r"hint: the disk is full: [\d.]+ MB left for", summary(LOG, "x", tmp_path))


def test_a_log_without_a_failure_gives_only_what_to_type() -> None:
    assert failures("Nothing to be done\n") == [] and hints("Nothing to be done\n") == []
