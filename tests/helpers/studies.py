"""Snakemake as a user calls it, on the smoke study or another."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SMOKE = ("config/smoke.yaml",)

# Secrets as a user's shell holds them: nothing that a study leaves may contain one of them.
PLANTED = {name: f"planted-{name.lower()}-3f9c1" for name in ("HF_TOKEN", "WANDB_API_KEY", "HUGGING_FACE_HUB_TOKEN")}


def command(folder: Path, *arguments: str, configs: tuple[str, ...] = SMOKE) -> list[str]:
    """Snakemake as a user calls it, with the results in `folder`."""
    files = [str(ROOT / config) for config in configs]
    words = [Path(sys.executable).parent / "snakemake", "--profile", "local", "--directory", folder]
    return [*map(str, words), *arguments, "--configfile", *files]


def environment() -> dict[str, str]:
    return {**os.environ, **PLANTED, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def snakemake(folder: Path, *arguments: str, configs: tuple[str, ...] = SMOKE) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(folder, *arguments, configs=configs),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=1200,
    )


def run_study(folder: Path, *arguments: str, configs: tuple[str, ...] = SMOKE) -> str:
    """What Snakemake printed; fails where it failed."""
    done = snakemake(folder, *arguments, configs=configs)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done.stdout + done.stderr


def figures(results: Path) -> set[str]:
    """The names of a study's figures, each of which is there as PNG, SVG, PDF and CSV."""
    files = {path.name for path in (results / "figures").iterdir()}
    names = {name.split(".")[0] for name in files}
    assert files == {f"{name}.{kind}" for name in names for kind in ("png", "svg", "pdf", "csv")}
    return names
