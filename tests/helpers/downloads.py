"""What the tests of downloads share: a repository, a call of the script, and what it leaves."""

import hashlib
import json
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hub import COMMIT, Hub
from scripts import run_script

WEIGHTS = b"weights" * 50_000
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"a pickle",
    "onnx/model.onnx": b"other weights",
    "README.md": b"card",
    ".gitattributes": b"",
}
MODEL = {"kind": "model", "repo": "owner/name", "revision": COMMIT, "files": None}


def urls(hub: Hub, sha: str | None = None, name: str = "model.safetensors") -> dict[str, Any]:
    return {"urls": [{"url": f"{hub.url}/plain/{name}", "sha256": sha}]}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


Download = Callable[..., tuple[int, str]]


def arguments(folder: Path, options: dict[str, Any], mirror: str = "") -> list[str]:
    command = ["--name", "models/lrm", "--options", json.dumps(options), "--mirror", mirror]
    command += ["--manifest", folder / "downloads.json", "--out", folder / "lrm", "--record", folder / "lrm.json"]
    return [str(word) for word in command]


def record(tmp_path: Path) -> Any:
    return json.loads((tmp_path / "lrm.json").read_text())["models/lrm"]


def remember(tmp_path: Path) -> None:
    """What was fetched goes into the manifest, as the rule `downloads` does."""
    assert run_script("list_downloads", tmp_path / "lrm.json", "--out", tmp_path / "downloads.json") == 0


def complaint(done: tuple[int, str]) -> str:
    """The one line of a failure; nothing half-written is left."""
    status, text = done
    lines = [line for line in text.splitlines() if line.startswith("download: ")]
    assert status == 1 and len(lines) == 1 and "Traceback" not in text, text
    return lines[0]


@contextmanager
def limited(size: int) -> Iterator[None]:
    """No file of this process may become larger."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
