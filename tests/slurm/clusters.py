"""A real SLURM for the tests of this folder, and Snakemake as a user calls it on a cluster."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("slurmctld", "slurmd", "sbatch", "srun", "munged", "unshare", "nsenter")
STUDY = ("--configfile", "config/smoke.yaml", "--")
INSTALL = "apt-get install --no-install-recommends slurmctld slurmd slurm-client munge"


@dataclass
class Cluster:
    node: subprocess.Popen
    folder: Path  # of its configuration and logs

    def command(self, words: list[str], folder: Path | None = None) -> list[str]:
        """The words as a command inside the cluster's namespaces, in a folder."""
        return ["nsenter", "--target", str(self.node.pid), "--mount", "--net", f"--wd={folder or Path.cwd()}", *words]

    def run(self, *words: str, **options: object) -> subprocess.CompletedProcess:
        options = {"capture_output": True, "text": True, "timeout": 900, **options}
        return subprocess.run(self.command(list(words)), **options)

    def say(self, line: str) -> None:
        """`down` or `up`: of the node's slurmd."""
        self.node.stdin.write(line + "\n")
        self.node.stdin.flush()
        assert self.node.stdout.readline() == "done\n"


def start_cluster(folder: Path) -> Cluster:
    unshare = ["unshare", "--mount", "--net", "--propagation", "private"]
    node = subprocess.Popen(
        [*unshare, sys.executable, Path(__file__).parent / "node.py", folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = node.stdout.readline().strip()
    if said != "ready":
        logs = "\n".join(f"--- {path.name}\n{path.read_text()[-1500:]}" for path in sorted(folder.glob("*.log")))
        pytest.fail(f"no SLURM: {said}\n{logs}")
    return Cluster(node, folder)


def stop_cluster(cluster: Cluster) -> None:
    cluster.node.stdin.close()
    cluster.node.wait(timeout=120)


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def checkout(folder: Path) -> Path:
    """A working folder with the workflow in it, as after a fresh clone: the profile is found as `slurm`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("Snakefile", "workflow", "src", "config", "profiles", "slurm", "local"):
        if (ROOT / name).is_symlink():
            (folder / name).symlink_to(os.readlink(ROOT / name))
        elif (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


def command(cluster: Cluster, folder: Path, words: tuple[str, ...]) -> list[str]:
    """`snakemake --profile slurm` in a checkout, on the cluster."""
    return cluster.command([str(Path(sys.executable).parent / "snakemake"), "--profile", "slurm", *words], folder)


def snakemake(cluster: Cluster, folder: Path, *words: str) -> subprocess.CompletedProcess:
    call = command(cluster, folder, words)
    return subprocess.run(call, cwd=folder, env=environment(), capture_output=True, text=True, timeout=1500)


def start_snakemake(cluster: Cluster, folder: Path, *words: str) -> subprocess.Popen:
    call = command(cluster, folder, words)
    return subprocess.Popen(call, cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True)


def node_down_and_up(cluster: Cluster) -> None:
    host = cluster.run("sinfo", "--noheader", "--format=%n").stdout.split()[0]
    cluster.say("down")
    cluster.run("scontrol", "update", f"nodename={host}", "state=down", "reason=test")
    time.sleep(2)
    cluster.say("up")
    cluster.run("scontrol", "update", f"nodename={host}", "state=resume")
