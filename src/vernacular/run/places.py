"""Folders that Snakemake cannot work with, and words and paths that would be run as code on their way into a job."""

import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vernacular.run.cluster import parsed
from vernacular.storage.messages import one_line

# Snakemake writes the values of a job's command as Python does, in quotes of its own choice, into a script for `sh`:
# what holds a single quote comes in double quotes, and what begins with a quote in none. Only what Python writes in
# single quotes as it is arrives as it was.
UNQUOTED = re.compile(r"['\"\\\x00-\x1f\x7f-\xa0\xad\u2028\u2029]")
# Without `slurm-pass-command-as-script` the command is an argument in double quotes, too.
EXPANDED = re.compile(r"[$`]")
ROOM = 1 << 20  # bytes that must fit into the folder for temporary files (our choice)


def check_checkout(root: Path) -> None:
    """Exit with one line for a checkout in a folder that PYTHONPATH or Snakemake would read as something else."""
    if found := re.search(r"[:{}\x00-\x1f\x7f]", str(root)):
        what = f"the name of its folder holds {one_line(repr(found[0]))}"
        sys.exit(
            f"vernacular: {one_line(root)}: the workflow cannot run here, since {what}; move it to another folder, and "
            "start it there"
        )


def check_temporary() -> None:
    """Exit with one line if the folder for temporary files takes none: Snakemake writes there what it schedules by."""
    folder = Path(os.getenv("TMPDIR") or tempfile.gettempdir())
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(bytes(ROOM))
            file.flush()
    except OSError as error:
        sys.exit(
            f"vernacular: {one_line(folder)}: takes no temporary files ({one_line(error.strerror)}); free some "
            "of it, or set TMPDIR to another folder"
        )


def check_submitted(words: list[str], paths: Iterable[Any]) -> None:
    """Exit with one line if jobs would be submitted and a word or path that goes with them may be taken for shell code.

    words: those after `snakemake`; paths: further ones in a job's command.
    """
    if {"-n", "--dry-run", "--dryrun"} & set(words):
        return
    args = parsed(words)
    if args.get("executor") in (None, "local", "dryrun", "touch"):
        return
    bare = args.get("slurm_pass_command_as_script") is not True
    places = [*paths, os.getcwd(), *[args[key] for key in ("directory", "snakefile") if args.get(key)]]
    if percent := [place for place in map(str, places) if "%" in place]:  # SLURM puts its own words in its place
        sys.exit(f"vernacular: {one_line(percent[0])}: holds '%', which SLURM would replace; rename the folder")
    values = [*(args.get("config") or []), *(args.get("configfile") or []), *places]
    for value in map(str, values):
        if found := UNQUOTED.search(value) or (EXPANDED.search(value) if bare else None):
            sys.exit(
                f"vernacular: {one_line(value)}: holds {one_line(repr(found[0]))}, which the shell that submits jobs "
                "would act on; write it into a file of the configuration, or rename the folder"
            )
    if shlex.quote(sys.executable) != sys.executable:
        sys.exit(
            f"vernacular: {one_line(sys.executable)}: the path of Python holds signs for a shell, and jobs are "
            "submitted with it as it is; move the environment, or the checkout with it, to another folder"
        )
