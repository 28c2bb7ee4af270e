"""A site's own profile: is it there, has it what the workflow relies on, are its partitions' keys known."""

import os
import sys
from pathlib import Path
from typing import Any

from vernacular.run.cluster import parsed
from vernacular.storage.messages import nearest
from vernacular.storage.yaml_file import YamlError, read_yaml
from vernacular.study.trainer_options import fields

REMEDY = "`make profile PARTITION=... ACCOUNT=...` writes a whole profile"
CLUSTERS = {"cluster", "clusters", "slurm_cluster"}  # keys of a partition that the plugin takes out of its limits
SHIPPED = ("local", "profiles/local")  # on this machine, with the default workflow profile: nothing to look at


def check_profiles(words: list[str], root: Path) -> list[str]:
    """Warnings, a line each, about the profiles of a call. words: those after `snakemake`; root: of the repository.

    Exits with one line for a workflow profile that does not exist, which Snakemake would ignore, and for partitions
    that cannot be read or have a key that the plugin does not know.
    """
    named = values_of(words, "--workflow-profile")
    check_exists(named, root)
    given = values_of(words, "--profile") or os.getenv("SNAKEMAKE_PROFILE", "").split(",")
    others = [name for name in given if name and name.rstrip("/") not in SHIPPED]
    # Snakemake's parser takes a tenth of a second, so it is not asked about what we ship for one machine.
    if not named and not others and not {"-e", "--executor"} & {word.split("=")[0] for word in words}:
        return []
    args = parsed(words)
    if args.get("executor") == "slurm" and (file := args.get("slurm_partition_config")):
        check_partitions(Path(file))
    return [f"{what}; {REMEDY}" for what in lacking(args)] if args else []


def values_of(words: list[str], option: str) -> list[str]:
    """The words that are given to an option, in both spellings."""
    found = []
    for place, word in enumerate(words):
        if word.startswith(f"{option}="):
            found.append(word.partition("=")[2])
        elif word == option:
            for value in words[place + 1 :]:
                if value.startswith("-"):
                    break
                found.append(value)
    return found


def check_exists(named: list[str], root: Path) -> None:
    for name in named[:1]:
        folders = [Path(), Path("profiles"), root / "profiles"]
        if name == "none" or any((folder / name).exists() for folder in folders):
            continue
        there = [path.parent for folder in folders for path in sorted(folder.glob("*/profile.yaml"))]
        hint = nearest(name, dict.fromkeys(path.name for path in there))
        sys.exit(f"vernacular: --workflow-profile {name}: no such folder; {hint}")


def lacking(args: dict[str, Any]) -> list[str]:
    """What goes wrong with the settings of a call, by what they lack. args: as Snakemake's parser gives them."""
    found = []
    if any(getattr(one, "name", one) in ("CODE", "code") for one in args.get("rerun_triggers") or []):
        found.append(
            "rerun-triggers has `code` (a workflow profile takes the place of profiles/default), so a changed blank in "
            "a rule trains for days again: set [mtime, params, input, software-env]"
        )
    if args.get("executor") != "slurm":
        return found
    extra = (args.get("default_resources") or {}).get("slurm_extra")
    if "--signal" not in str(getattr(extra, "raw", extra)):
        found.append(
            "default-resources has no `slurm_extra: \"'--signal=TERM@120'\"` (a block of yours takes the place of ours "
            "as a whole), so a training that runs into its time limit loses what it did since its last checkpoint"
        )
    if not args.get("retries"):
        found.append("no retries, so a job ends for good at its time limit, or with its node: set retries: 3")
    return found


def check_partitions(file: Path) -> None:
    """Exits with one line for a file of partitions that the SLURM plugin would stumble over, or a key it ignores."""
    types = fields("snakemake_executor_plugin_slurm/partitions.py", "PartitionLimits")
    known = types.keys() | CLUSTERS
    try:
        content = read_yaml(file)
    except (OSError, YamlError) as error:
        sys.exit(f"vernacular: slurm-partition-config: {getattr(error, 'strerror', None) or error} ({file})")
    partitions = content.get("partitions") if isinstance(content, dict) else None
    if not isinstance(partitions, dict) or not partitions:
        sys.exit(f"vernacular: {file}: the key 'partitions' is missing: a mapping of a partition's name to its limits")
    for name, limits in partitions.items():
        place = f"vernacular: {file}: partitions.{name}"
        if not isinstance(limits, dict):
            sys.exit(f"{place}: a mapping is missing; write {{}} where nothing is limited")
        for key, value in limits.items():
            if key not in known:
                sys.exit(f"{place}.{key}: unknown key; {nearest(str(key), sorted(known))}")
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if types.get(key) in ("int", "float") and not number and key != "max_runtime":  # may be 2-00:00:00
                sys.exit(f"{place}.{key}: expected a number, got {value!r}; leave out what has no limit")
