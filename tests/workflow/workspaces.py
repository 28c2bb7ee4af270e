"""Workspaces for dry runs: copies of what the workflow needs, never the repository itself. Nothing here trains."""

import atexit
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "workflow", "src", "config", "profiles", "examples", "slurm", "local")
# The rules that do something have the names of their scripts; all others are targets.
RULES = {path.stem for path in (ROOT / "workflow" / "scripts").glob("*.py")} - {"preflight"} | {"preflight_node"}


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
        return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE) if name in RULES}

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


def environment(path: Path | None) -> dict[str, str]:
    """That of a user; `path` comes first on PATH."""
    found = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    bins = [str(p) for p in (path, Path(sys.executable).parent) if p]
    return found | {"PATH": os.pathsep.join([*bins, found["PATH"]])}


def typed(folder: Path, *arguments: str | Path, path: Path | None = None) -> Run:
    """Run the command `snakemake` as a user would in `folder`."""
    command = ["snakemake", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment(path), capture_output=True, text=True, timeout=120)
    return Run(done.returncode, done.stdout, done.stderr)


def typed_at_once(folder: Path, *arguments: str | Path, path: Path) -> Run:
    """The same in at most 3 s, on an idle machine. Measured is the processor's time, which a busy one changes by half
    at most."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = typed(folder, *arguments, path=path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime <= 5, run.text
    return run


@cache
def server() -> subprocess.Popen[str]:
    command = [sys.executable, "-P", str(Path(__file__).with_name("snakemake_server.py"))]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(None))
    atexit.register(started.communicate)  # its input ends, and so does it
    return started


def snakemake(folder: Path, *arguments: str | Path, path: Path | None = None) -> Run:
    """The same, from a process that has imported Snakemake already."""
    with tempfile.NamedTemporaryFile() as out, tempfile.NamedTemporaryFile() as err:
        call = {"words": [str(a) for a in arguments], "folder": str(folder), "environment": environment(path)}
        stdin, stdout = server().stdin, server().stdout
        assert stdin and stdout
        print(json.dumps(call | {"out": out.name, "err": err.name}), file=stdin, flush=True)
        status = int(stdout.readline())
        return Run(status, out.read().decode(), err.read().decode())


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


def lay_out_small(folder: Path) -> None:
    """The folders that config/small-local.yaml names, with a question in each file and nothing in those of models."""
    for name in ("smollm2", "e5", "gemma"):
        (folder / "models" / name).mkdir(parents=True)
    codes = ("en", "bn", "de", "es", "fr", "ja", "ru", "sw", "te", "th", "zh")
    texts = {f"mgsm/mgsm_{code}.tsv": "1 + 1?\t2\n" for code in codes}
    texts |= {f"pairs/{code}-en/train.{side}": "1 + 1?\n" for code in ("de", "zh") for side in (code, "en")}
    names = ("German", "English", "Spanish", "French", "Japanese", "Russian", "Swahili", "Chinese")
    texts |= {f"msvamp/test_{name}.json": '{"m_query": "1 + 1?", "response": "2"}\n' for name in names}
    texts["gsm8k/train.jsonl"] = '{"question": "1 + 1?", "answer": "#### 2"}\n'
    for name, text in texts.items():
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "data" / name).write_text(text, encoding="utf-8")
