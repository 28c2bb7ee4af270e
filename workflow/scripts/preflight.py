"""Check a node before anything long runs there: GPUs, packages, folders, disk, and that hubs are switched off."""

import argparse
import os
import shutil
import socket
import sys
from importlib.metadata import version
from pathlib import Path

from vernacular.storage.command import program
from vernacular.storage.files import write_text

PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "snakemake")
LEAST_FREE = 2 * 10**9  # bytes; a miniature study takes half of that


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--node", required=True, help="its name in the report")
    parser.add_argument("--gpus", required=True, type=int, help="how many torch must see")
    parser.add_argument("--results", required=True, type=Path, help="the study's folder")
    parser.add_argument("--out", required=True, help="the report (text)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    import torch

    host = socket.gethostname()
    seen = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    caches = {"results": args.results, "compiled code": Path(os.environ["TORCHINDUCTOR_CACHE_DIR"])}
    free = {}
    for name, folder in caches.items():
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise ValueError(f"{host}: {folder} cannot be written ({name}); jobs need the folder that you started in")
        free[name] = shutil.disk_usage(folder).free
        if free[name] < LEAST_FREE:
            raise ValueError(f"{host}: {folder} has {free[name] / 1e9:.1f} GB left ({name}); free some disk")
    if len(seen) < args.gpus:
        raise ValueError(
            f"{host}: torch {torch.__version__} sees {len(seen)} GPUs, not {args.gpus}: look at max_gpu in "
            "profiles/slurm/partitions.yaml, at VERNACULAR_GPU, and whether this torch was built for CUDA"
        )
    if os.getenv("HF_HUB_OFFLINE") != "1":
        raise ValueError(f"{host}: HF_HUB_OFFLINE is not 1, so a job might ask a hub; start through snakemake")
    lines = [
        f"{args.node} node {host}: ready",
        f"  SLURM job   {os.getenv('SLURM_JOB_ID', 'none')}",
        f"  GPUs        {', '.join(seen) or 'none'}",
        f"  CPUs        {len(os.sched_getaffinity(0))}",
        f"  python      {sys.version.split()[0]} ({sys.executable})",
        *(f"  {name:<11} {version(name)}" for name in PACKAGES),
        *(f"  {name:<11} {folder} ({free[name] / 1e9:.0f} GB free)" for name, folder in caches.items()),
        "  hub         switched off",
    ]
    write_text(args.out, "\n".join(lines) + "\n")
