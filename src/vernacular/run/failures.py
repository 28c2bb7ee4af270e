"""What failed in a run of Snakemake, from its log: which rule, where its log is, what to change and in which file."""

import os
import re
import shutil
from pathlib import Path

PARTITIONS = "profiles/slurm/partitions.yaml"
PROFILE = "profiles/slurm/profile.yaml"
LEAST_FREE = 10**7  # bytes; with less a disk counts as full (our choice)

# What SLURM says (sbatch's words, or the state of a job) -> what to do about it.
HINTS = {
    r"invalid partition specified": f"the cluster has no such partition; `sinfo` names them: change {PARTITIONS}",
    r"No suitable partition found": f"it asks for more than any partition in {PARTITIONS} gives: change the limits "
    "there, or `resources` in the configuration",
    r"[Ii]nvalid account": f"set slurm_account in {PROFILE}, or the variable SBATCH_ACCOUNT; "
    "`sacctmgr show associations user=$USER` names yours",
    r"account \S+ appears to be invalid": f"set another slurm_account in {PROFILE}",
    r"Invalid generic resource|Invalid GRES|[Ii]nvalid.*\(gres\)": f"there are no such GPUs: change max_gpu in "
    f"{PARTITIONS}, or VERNACULAR_GPU (gpu, gres, or with a type: gres:a100)",
    r"Requested node configuration is not available": "no node of the partition has that many GPUs, CPUs or that much "
    f"memory: change {PARTITIONS}, or `resources` in the configuration",
    r"Requested time limit is invalid": f"the partition's jobs are shorter: change max_runtime in {PARTITIONS}, or "
    "`resources.runtime` and `limits.runtime` in the configuration",
    r"Memory (?:required|specification)": "no node has that much memory: lower `resources.mem_mb` in the configuration",
    r"status is: 'TIMEOUT'|DUE TO TIME LIMIT|ended by SIGTERM": "the time limit was too short: raise "
    "`resources.runtime` in the configuration (minutes); trainings resume from their last checkpoint, generation "
    "after its last batch",
    r"out of memory in a batch of": "set `batch_tokens` in the evaluation (or in `rl`) to what the job's log says",
    r"status is: 'OUT_OF_MEMORY'|oom.kill": "it ran out of memory: raise `resources.mem_mb` in the configuration",
    r"status is: 'NODE_FAIL'": "a node failed; the same command resumes",
    r"Unable to contact slurm controller": "SLURM's controller does not answer: `sinfo` shows its state",
}
# A message may hold lines of SLURM's that are not indented, so a block ends where the next one begins.
FAILED = re.compile(
    r"^Error in (?:rule|group) (\S+?):?\n(.*?)(?=^\[\w{3} \w{3}|^Error in |^Logfile |^Trying to |^Exiting because|\Z)",
    re.MULTILINE | re.DOTALL,
)
FIELD = re.compile(r"^[ \t]+(log|output|jobid): (.*)$", re.MULTILINE)


def failures(log: str) -> list[tuple[str, str, str]]:
    """(rule, first output, log file) of everything that failed and was not made by a later attempt, each once.

    log: the text of the log that Snakemake writes below .snakemake/log.
    """
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    ended = {match[1]: match.start() for match in re.finditer(r"^Finished jobid: (\d+)", log, re.MULTILINE)}
    for match in FAILED.finditer(log):
        fields = dict(FIELD.findall(match[2]))
        if ended.get(fields.get("jobid", ""), -1) > match.start():
            continue  # a later attempt made it
        output = fields.get("output", "").split(", ")[0]
        found[match[1], output] = (match[1], output, fields.get("log", "").split(" (check")[0])
    return list(found.values())


def hints(log: str) -> list[str]:
    """What to do about what SLURM said, each once, in the order of HINTS."""
    return [hint for pattern, hint in HINTS.items() if re.search(pattern, log)]


def disk_hints(folder: Path) -> list[str]:
    """What is wrong with the disk that the results are on: a log that says so would be on the same disk."""
    if not folder.exists():
        return []
    if not os.access(folder, os.W_OK):
        return [f"{folder} cannot be written: it is read-only, or someone else's"]
    free = shutil.disk_usage(folder).free
    return [f"the disk is full: {free / 1e6:.1f} MB left for {folder}; free some"] if free < LEAST_FREE else []


def summary(log: str, command: str, folder: Path) -> str:
    """The last lines of a run that failed: one for each failure and each hint, and what to type next.

    folder: where the results are.
    """
    lines = ["", *(f"failed: {rule} ({output})\n  log:  {path}" for rule, output, path in failures(log))]
    lines += [f"hint: {hint}" for hint in [*hints(log), *disk_hints(folder)]]
    lines.append(f"After fixing this, rerun: {command}")
    lines.append(
        "Finished jobs are kept; trainings resume from their last checkpoint, generation after its last batch."
    )
    return "\n".join(lines)
