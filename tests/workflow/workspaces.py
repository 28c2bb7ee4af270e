"""Workspaces for dry runs: copies of what the workflow needs, never the repository itself. Nothing here trains."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "workflow", "src", "config", "profiles", "resources", "slurm", "local")


@dataclass
class Run:
    """What a Snakemake command printed; `jobs` are the counts of its last table, without the target rules."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    @property
    def jobs(self) -> dict[str, int]:
        assert self.status == 0, self.text
        if "Nothing to be done" in self.text:
            return {}
        table = self.text.rsplit("Job stats:", 1)[1].split("\n\n")[0]
        rows = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
        targets = ("all", "adamame", "schedules", "trajectories", "slam", "slam_sweep", "mgsm", "total")
        targets += ("merge", "merge_steering", "merge_adamame", "claims", "preflight", "cards")
        return {name: count for name, count in rows.items() if name not in targets}

    @property
    def messages(self) -> list[str]:
        return sorted(set(re.findall(r"^ *Job \d+: (.*)$", self.text, re.MULTILINE)))

    @property
    def complaint(self) -> str:
        """The one line of a refusal; fails where there is none, more than one, or a traceback."""
        lines = [line for line in self.text.splitlines() if line.startswith("vernacular: ")]
        assert self.status != 0 and len(lines) == 1 and "Traceback" not in self.text, self.text
        noise = ("Using ", "Config file ")  # Snakemake's own: which profile and which override it loads
        assert [line for line in self.text.splitlines() if line and not line.startswith(noise)] == lines, self.text
        return lines[0]


def snakemake(folder: Path, *arguments: str | Path, path: Path | None = None) -> Run:
    """Run snakemake as a user would in `folder`; `path` comes first on PATH."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    bins = [str(p) for p in (path, Path(sys.executable).parent) if p]
    environment["PATH"] = os.pathsep.join([*bins, environment["PATH"]])
    command = ["snakemake", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120)
    return Run(done.returncode, done.stdout, done.stderr)


def dry_run(folder: Path, *arguments: str | Path, path: Path | None = None) -> Run:
    return snakemake(folder, "--dry-run", *arguments, path=path)


def copy_repository(target: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_symlink():
            (target / part).symlink_to(os.readlink(source))
        elif source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy2(source, target / part)
    return target


def fake_outputs(folder: Path) -> None:
    """Every output of the default study as an empty file or folder, recorded as made by the rules as they stand now."""
    summary = dry_run(folder, "--summary")
    assert summary.status == 0, summary.text
    names = [line.split("\t")[0] for line in summary.out.splitlines() if line.startswith("results/")]
    assert names
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if "/models/" in name:
            (folder / name).mkdir(exist_ok=True)
        else:
            (folder / name).touch()
    touched = snakemake(folder, "--touch", "--forceall")
    assert touched.status == 0, touched.text
