"""A real SLURM for the tests of this folder, and Snakemake as a user calls it on a cluster."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    alone = not missing and subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True).returncode == 0
    if not alone:
        what = f"{', '.join(missing)} not installed" if missing else "they need root, for namespaces of their own"
        pytest.skip(
            f"the tests on a real SLURM did not run: {what}. On Debian, as root: {INSTALL}; then: make slurm-test"
        )
    started = start_cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    stop_cluster(started)


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def checkout(folder: Path) -> Path:
    """A working folder with the workflow in it, as after a fresh clone: the profile is found as `slurm`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("Snakefile", "workflow", "src", "config", "resources", "profiles", "slurm", "local"):
        if (ROOT / name).is_symlink():
            (folder / name).symlink_to(os.readlink(ROOT / name))
        elif (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


def words_of(cluster: Cluster | None, folder: Path, words: tuple[str, ...], profile: str = "slurm") -> list[str]:
    """`snakemake --profile <profile>` in a checkout: on the cluster, or, without one, on this machine."""
    command = [str(Path(sys.executable).parent / "snakemake"), "--profile", profile, *words]
    return command if cluster is None else cluster.command(command, folder)


def snakemake(
    cluster: Cluster | None, folder: Path, *words: str, profile: str = "slurm"
) -> subprocess.CompletedProcess:
    command = words_of(cluster, folder, words, profile)
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=1500)


def start_snakemake(cluster: Cluster, folder: Path, *words: str) -> subprocess.Popen:
    command = words_of(cluster, folder, words)
    return subprocess.Popen(command, cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="session")
def finished(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which SLURM ran the study; tests that change it work on a copy."""
    folder = checkout(tmp_path_factory.mktemp("slurm") / "study")
    done = snakemake(cluster, folder, *STUDY, "adamame", "preflight")
    assert done.returncode == 0, done.stderr[-6000:]
    assert "cpu node" in done.stdout and "ready" in done.stdout
    return folder


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "copy", symlinks=True)
    return tmp_path / "copy"
