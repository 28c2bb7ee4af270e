"""Snakemake's command line, run many times from one process: its imports take two thirds of a dry run.

Each line of standard input is a call, as JSON: words, folder, environment, out and err (files). Each call runs in a
process of its own, forked from this one, and is answered by a line with its exit status.
"""

import json
import os
import signal
import sys

import jsonschema  # noqa: F401
import snakemake.api  # noqa: F401
import snakemake.dag  # noqa: F401
import snakemake.scheduling.job_scheduler  # noqa: F401
import snakemake.workflow  # noqa: F401
import yaml  # noqa: F401
from snakemake import cli

LONGEST = 120  # seconds

for line in sys.stdin:
    call = json.loads(line)
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    signal.alarm(LONGEST)
    for number, name, mode in (
        (0, os.devnull, os.O_RDONLY),
        (1, call["out"], os.O_WRONLY),
        (2, call["err"], os.O_WRONLY),
    ):
        os.dup2(os.open(name, mode), number)
    os.chdir(call["folder"])
    os.environ.clear()
    os.environ.update(call["environment"])
    sys.argv = ["snakemake", *call["words"]]
    cli.main(call["words"])
    sys.exit()
