"""Write a complete profile of a cluster with SLURM: `make profile PARTITION=gpu,cpu ACCOUNT=me`."""

import argparse
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from vernacular.storage.command import program
from vernacular.storage.files import write_text

PROFILES = Path(__file__).parents[3] / "profiles"
NAME = re.compile(r"[\w.@+-]+")  # of a partition or an account; nothing that YAML or a shell would read otherwise
ACCOUNT = "  # slurm_account: my-account # who pays; or set the variable SBATCH_ACCOUNT\n"
PARTITIONS = "slurm-partition-config: profiles/slurm/partitions.yaml\n"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--partition", required=True, help="names, separated by commas")
    parser.add_argument("--account", default="", help="account to charge, unless SBATCH_ACCOUNT names it")
    parser.add_argument("--gpus", default="", help="GPUs of a node in each partition, if there is no sinfo")
    parser.add_argument("--out", required=True, type=Path, help="folder of the profile")


def profile_text(folder: Path, account: str) -> str:
    """The shipped profile and profiles/default in one, so that it also serves as a workflow profile."""
    text = (PROFILES / "slurm" / "profile.yaml").read_text(encoding="utf-8")
    default = (PROFILES / "default" / "profile.yaml").read_text(encoding="utf-8")
    settings = text[text.index("# --- a site edits") :]
    changes = {PARTITIONS: f"slurm-partition-config: {folder}/partitions.yaml\n"}
    if account:
        changes[ACCOUNT] = f"  slurm_account: {account}\n"
    for old, new in changes.items():
        if old not in settings:
            raise ValueError(f"{PROFILES / 'slurm' / 'profile.yaml'}: lacks the line '{old.strip()}'; restore it")
        settings = settings.replace(old, new)
    rest = default[default.index("\n") + 1 :]  # its first line is about the folder profiles/default
    head = f"# A cluster with SLURM, complete: snakemake --profile {folder}, or --workflow-profile {folder}\n\n"
    return f"{head}{settings}\n# --- what profiles/default has for all profiles\n{rest}"


def partitions_text(limits: dict[str, dict[str, int]]) -> str:
    source = (PROFILES / "slurm" / "partitions.yaml").read_text(encoding="utf-8")
    head = source[: source.index("partitions:")]
    lines = ["partitions:"]
    for name, found in limits.items():
        lines.append(f"  {name}:" if found else f"  {name}: {{}}")
        lines += [f"    {key}: {value}" for key, value in found.items()]
    if not any(found.get("max_gpu") for found in limits.values()):
        lines.append("# No GPUs are known: give each partition that has some `max_gpu`, how many of them a node has.")
    return head + "\n".join(lines) + "\n"


def limits_of(partition: str) -> dict[str, int]:
    """Longest job in minutes, memory and GPUs of its largest node, as sinfo says it; empty where there is none.

    Raises ValueError for a partition that sinfo does not know.
    """
    if shutil.which("sinfo") is None:
        return {}
    words = ["sinfo", "--noheader", "--partition", partition, "--format", "%l|%m|%G"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    if done.returncode:
        return {}
    rows: list[Any] = [line.split("|") for line in done.stdout.splitlines() if line.count("|") == 2]
    if not rows:
        raise ValueError(f"PARTITION={partition}: sinfo knows no such partition (sinfo -s lists them)")
    times = [minutes(time) for time, _, _ in rows]
    memory = max(int(size.rstrip("+")) for _, size, _ in rows)
    gpus = max(sum(map(int, re.findall(r"gpu(?::[^:,(]+)?:(\d+)", gres))) for _, _, gres in rows)
    found = {"max_mem_mb": memory} if None in times else {"max_runtime": max(filter(None, times)), "max_mem_mb": memory}
    return found | ({"max_gpu": gpus} if gpus else {})


def minutes(time: str) -> int | None:
    """Of [days-]hours:minutes:seconds, or minutes:seconds; None for `infinite`."""
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", time.strip())
    if not found:
        return None
    days, hours, some, _ = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 60 + some


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    partitions = [name for name in args.partition.split(",") if name]
    if not partitions:
        raise ValueError("no partition: make profile PARTITION=gpu ACCOUNT=me (sinfo -s lists those of your cluster)")
    named = [("PARTITION", name) for name in partitions] + [("ACCOUNT", args.account)] * bool(args.account)
    for key, name in named:
        if not NAME.fullmatch(name):
            raise ValueError(f"{key}={name}: not a name; several partitions have commas between them, and no blanks")
    gpus = args.gpus.split(",") if args.gpus else []
    if not all(number.isdecimal() for number in gpus):
        raise ValueError(f"GPUS={args.gpus}: not a number for each partition, with commas between them")
    if gpus and len(gpus) != len(partitions):
        example = ",".join(gpus[:1] + ["0"] * (len(partitions) - 1))
        raise ValueError(
            f"GPUS={args.gpus}: {len(gpus)} for {len(partitions)} partitions; give one for each, in their order: "
            f"GPUS={example}"
        )
    if args.out.exists():
        raise ValueError(f"{args.out}: already exists; remove it, or choose another name (NAME=...)")
    limits = {name: limits_of(name) for name in partitions}
    for name, number in zip(partitions, gpus, strict=False):
        limits[name]["max_gpu"] = int(number)
    write_text(args.out / "partitions.yaml", partitions_text(limits))
    write_text(args.out / "profile.yaml", profile_text(args.out, args.account))
    print(f"{args.out}/profile.yaml and {args.out}/partitions.yaml: look at them, then, with your study:")
    print(f"  snakemake --profile {args.out} preflight --configfile FILE")
