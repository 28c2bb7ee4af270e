"""The jobs of a study by their own commands, each in a fork of a server that has imported the libraries once.

What Snakemake does around a job is the same for all rules, and test_faults.py tries it on some: it removes the outputs
before an attempt, and goes by the exit status. So a fault in every rule's script takes minutes, not hours.
"""

import multiprocessing
import os
import re
import runpy
import shlex
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from multiprocessing import forkserver
from pathlib import Path
from typing import NamedTuple

import pytest
from studies import ROOT, SMOKE, snakemake

# What the server imports once for all jobs.
MODULES = ["pandas", "pyarrow.parquet", "jinja2", "matplotlib.figure", "vernacular.language.identify"]
MODULES += ["vernacular.report.page", "torch", "transformers", "trl", "peft", "safetensors.torch"]
MODULES += ["vernacular.merge.model", "vernacular.slam.tune"]
# As the workflow sets it for its jobs.
SETTINGS = {"PYTHONPATH": str(ROOT / "src"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}


# Options that name what a script writes, or what it reads of an earlier job's.
WRITTEN = ["--out", "--costs", "--kept", "--counts", "--quality", "--png", "--svg", "--pdf", "--csv", "--timed"]
WRITTEN += ["--mix-png", "--mix-svg", "--mix-pdf", "--mix-csv", "--table"]


class Job(NamedTuple):
    words: list[str]  # the script and its arguments
    outputs: list[str]  # relative to the folder of the study, as are the inputs
    inputs: list[str]


def jobs_of(folder: Path, targets: list[str], configs: tuple[str, ...] = SMOKE) -> list[Job]:
    """All jobs that the targets take, in an order in which they can run, as Snakemake would run them anew."""
    done = snakemake(folder, "--dry-run", "--printshellcmds", "--forceall", *targets, configs=configs)
    commands = re.findall(r"^Shell command: (python .*)$", done.stdout + done.stderr, re.MULTILINE)
    jobs: list[Job] = []
    for command in commands:
        jobs.append(job_of(command, {path for job in jobs for path in job.outputs}))
    return jobs


def job_of(command: str, made: set[str]) -> Job:
    """made: what earlier jobs make, which this one reads, whatever its option is called."""
    words = shlex.split(command)[1:]
    words = words[: next(place for place, word in enumerate(words) if re.match(r"\d?>", word))]
    options = dict(pairwise(words))
    named = [options.get(name, "") for name in WRITTEN]
    outputs = [path for path in named if path.startswith("results/") and path not in made]
    inputs = [word.split("=", 1)[-1] for word in words if word.split("=", 1)[-1].startswith("results/")]
    others = {*outputs, options.get("--checkpoints")}
    return Job(words, outputs, [path for path in inputs if path not in others])


def server() -> multiprocessing.context.ForkServerContext:
    """The fork server; its processes begin with MODULES."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["jobs", *MODULES])
    with pytest.MonkeyPatch.context() as patch:  # for the server alone, not for the tests after these
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        forkserver.ensure_running()
    return context


def start(
    context: multiprocessing.context.ForkServerContext,
    folder: Path,
    job: Job,
    log: Path,
    before: Callable[[], None] | None = None,
) -> multiprocessing.process.BaseProcess:
    """The job in a process of its own, its words in `log`; `before` is called there first."""
    process = context.Process(target=work, args=(str(folder), job.words, str(log), before))
    process.start()
    return process


def work(folder: str, words: list[str], log: str, before: Callable[[], None] | None) -> None:
    os.chdir(folder)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2, 3):  # 3 is where a training reports its steps
        os.dup2(handle, descriptor)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
    sys.argv = words
    if before:
        before()
    runpy.run_path(words[0], run_name="__main__")


def jumping_clock() -> None:
    """From now on a day back and a day on, in turns."""
    real, calls = time.time, [0]

    def jumped() -> float:
        calls[0] += 1
        return real() + (-86400 if calls[0] % 2 else 86400)

    time.time = jumped
