"""What jobs ask a cluster for, and whether there is a SLURM to submit to."""

import contextlib
import io
import os
import re
import shutil
import sys
from collections.abc import Callable
from typing import Any

from vernacular.storage.messages import one_line

# Ways to call Snakemake that submit nothing.
HARMLESS = ["dryrun", "touch", "lint", "dag", "rulegraph", "filegraph", "d3dag", "unlock", "report", "summary"]
HARMLESS += ["detailed_summary", "list_rules", "list_target_rules", "list_input_changes", "list_params_changes"]
HARMLESS += ["delete_all_output", "delete_temp_output", "cleanup_metadata", "archive", "export_cwl"]


def parsed(words: list[str]) -> dict[str, Any]:
    """What Snakemake's command line says, by option; nothing if it does not accept these words."""
    from snakemake.cli import parse_args

    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try:
            return vars(parse_args(words)[1])
        except (SystemExit, Exception):  # called with words that are not Snakemake's command line
            return {}


def require_slurm(words: list[str]) -> None:
    """Exit with one line if these words after `snakemake` would submit jobs and the machine has no sbatch.

    Snakemake's plugin would end in a traceback.
    """
    # A dry run is known by its words: Snakemake's parser of all of them takes a tenth of a second.
    if {"-n", "--dry-run", "--dryrun"} & set(words) or shutil.which("sbatch") is not None:
        return
    args = parsed(words)
    if args.get("executor") == "slurm" and not any(args.get(key) for key in HARMLESS):
        sys.exit(
            "vernacular: no SLURM here (sbatch is not on PATH), so nothing can be submitted: log in to your cluster, "
            "load its SLURM module if it has one, and run the same command; or run on this machine with --profile local"
        )


def job_resources(limits: dict[str, int], options: Callable[[Any], dict[str, int]]) -> dict[str, Callable[..., Any]]:
    """The resources of a rule; no part of the trigger `params`.

    limits: the most that any attempt asks for; options(wildcards): {gpu, mem_mb, runtime} of the first attempt, of
    which later ones ask a multiple. Some clusters hand out GPUs by --gpus, others only by --gres: the environment's
    VERNACULAR_GPU is `gpu` or `gres`, with a type after a colon (gres:a100). Exits with one line for anything else.
    """
    asked = os.getenv("VERNACULAR_GPU", "gpu")
    flavour, _, kind = asked.partition(":")
    if not re.fullmatch(r"(gpu|gres)(:[\w.-]+)?", asked, re.ASCII):
        what = one_line(repr(asked))
        sys.exit(f"vernacular: VERNACULAR_GPU is {what}; set it to gpu or gres, with a type as in gres:a100")

    def gpu(wildcards: Any) -> int:
        return options(wildcards)["gpu"]

    def gres(wildcards: Any) -> str:
        return ":".join(filter(None, ["gpu", kind, str(gpu(wildcards))])) if gpu(wildcards) else ""

    def gpu_model(wildcards: Any) -> str:
        return kind if gpu(wildcards) else ""

    def grown(key: str) -> Callable[..., int]:
        def value(wildcards: Any, attempt: int) -> int:
            return min(options(wildcards)[key] * attempt, limits[key])

        return value

    by_flavour: dict[str, Callable[..., Any]] = {"gres": gres} if flavour == "gres" else {"gpu": gpu}
    if flavour == "gpu" and kind:
        by_flavour["gpu_model"] = gpu_model
    return {**by_flavour, "mem_mb": grown("mem_mb"), "runtime": grown("runtime")}


def preflight_resources(node: str) -> dict[str, int]:
    """A look at a GPU node asks for one GPU. node: `cpu` or `gpu`."""
    return {"gpu": int(node == "gpu"), "mem_mb": 4000, "runtime": 10}


def preflight_nodes(config: dict[str, Any]) -> list[str]:
    """The kinds of nodes that a study's jobs run on. config: resolved."""
    parts = [*config["models"].values(), *config["evaluations"], config.get("rl", {}), config.get("slam", {})]
    return ["cpu", "gpu"] if any(part.get("resources", {}).get("gpu") for part in parts) else ["cpu"]
