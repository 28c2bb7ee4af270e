"""A SLURM of one node for these tests, and the smoke study as it ran there."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import INSTALL, NEEDED, STUDY, Cluster, checkout, snakemake, start_cluster, stop_cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    missing = [name for name in NEEDED if shutil.which(name) is None]
    alone = not missing and subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True).returncode == 0
    if not alone:
        what = f"{', '.join(missing)} not installed" if missing else "they need root, for namespaces of their own"
        pytest.skip(
            f"the tests on a real SLURM did not run: {what}. On Debian, as root: {INSTALL}; then: make test-all"
        )
    started = start_cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    stop_cluster(started)


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
