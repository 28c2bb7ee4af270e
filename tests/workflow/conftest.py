"""Shared workspaces; what makes them stands in workspaces.py."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from workspaces import ROOT, copy_repository, fake_outputs


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository without results. Read only: it is shared."""
    return copy_repository(tmp_path_factory.mktemp("fresh") / "repository")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository whose default study is finished. Read only: it is shared."""
    folder = copy_repository(tmp_path_factory.mktemp("finished") / "repository")
    fake_outputs(folder)
    return folder


@pytest.fixture
def workspace(finished: Path, tmp_path: Path) -> Path:
    """A finished copy of this test's own, to edit."""
    return Path(shutil.copytree(finished, tmp_path / "repository", symlinks=True))


@pytest.fixture(scope="session")
def default_study() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    def write(config: dict[str, Any]) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def failing_scontrol(tmp_path: Path) -> Path:
    """A `scontrol` that fails at once, as where a cluster's configuration was left without its daemon."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "scontrol").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    (folder / "scontrol").chmod(0o755)
    return folder
