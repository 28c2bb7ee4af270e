"""The smoke study, made once and shared by the end-to-end tests and those on SLURM."""

import fcntl
import shutil
from pathlib import Path

import pytest
from studies import ROOT, run_study

SHARED = ROOT / ".cache" / "tests"


@pytest.fixture(scope="session")
def study(testrun_uid: str) -> Path:
    """A folder with the default target of the smoke study. Read only: it is shared.

    `make test` makes it from nothing. What runs later finds it there, and Snakemake makes again what the code or the
    configuration would now make differently. Of several processes of one run, the first makes it, the others wait.
    """
    folder = SHARED / "smoke"
    SHARED.mkdir(parents=True, exist_ok=True)
    with (SHARED / "made-by").open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        made_by = file.read()
        if made_by != testrun_uid:
            if not made_by:  # a run that was killed or failed may have left it locked
                shutil.rmtree(folder, ignore_errors=True)
            file.truncate(0)
            folder.mkdir(exist_ok=True)
            run_study(folder)
            file.write(testrun_uid)
    return folder


@pytest.fixture
def study_copy(study: Path, tmp_path: Path) -> Path:
    """A copy of the smoke study, to change."""
    return Path(shutil.copytree(study, tmp_path / "copy", symlinks=True))
