"""Each rule that downloads, killed with its whole group at random moments: nothing half-written, the same in the end.

VERNACULAR_KILLS: of each rule, 2 by default.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import COMMIT, Hub, serve
from scripts import SCRIPTS

pytestmark = pytest.mark.slow
KILLS = int(os.getenv("VERNACULAR_KILLS", "2"))
WEIGHTS = random.Random(1).randbytes(30_000_000)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    files = {"config.json": b"{}", "tokenizer_config.json": b'{"chat_template": "{{ messages }}"}'}
    with serve(Hub({**files, "model.safetensors": WEIGHTS})) as server:
        yield server


def command(rule: str, folder: Path, hub: Hub) -> list[str]:
    """The script of a rule, as Snakemake calls it."""
    if rule == "list_downloads":
        (folder / "lrm.json").write_text(json.dumps({"lrm": {"files": {str(n): {"bytes": n} for n in range(50_000)}}}))
        words = [rule, folder / "lrm.json", "--out", folder / "out.json"]
    elif rule == "fetch_folder":
        source = folder / "source"
        source.mkdir(exist_ok=True)
        for name, data in hub.files.items():
            (source / name).write_bytes(data)
        words = [rule, "--source", source, "--out", folder / "out"]
    else:
        options = {"kind": "model", "repo": "owner/name", "revision": COMMIT, "files": None}
        if rule == "download of a URL":
            options = {"urls": [{"url": f"{hub.url}/plain/model.safetensors", "sha256": None}]}
        words = ["download", "--name", "models/lrm", "--options", json.dumps(options), "--mirror", ""]
        words += ["--manifest", folder / "downloads.json", "--out", folder / "out", "--record", folder / "out.json"]
    return [sys.executable, str(SCRIPTS / f"{words[0]}.py"), *map(str, words[1:])]


def outputs(folder: Path) -> dict[str, str]:
    """Every file of what the rule declares, by its checksum."""
    found = [path for path in [*folder.glob("out/*"), folder / "out.json"] if path.exists()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.mark.parametrize("rule", ["download", "download of a URL", "list_downloads", "fetch_folder"])
def test_a_killed_download(rule: str, hub: Hub, tmp_path: Path) -> None:
    folder, rng = tmp_path / "work", random.Random(rule)
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "cache"), "HF_HUB_DISABLE_XET": "1"}
    environment |= {"HF_HUB_OFFLINE": "0"}

    def run(seconds: float | None) -> tuple[int, float]:
        start = time.monotonic()
        with subprocess.Popen(
            command(rule, folder, hub), env=environment, start_new_session=True, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            said = process.communicate()[1]
        assert process.returncode in (0, -signal.SIGKILL), said
        return process.returncode, time.monotonic() - start

    folder.mkdir()
    whole, took = (run(None)[1], outputs(folder))[::-1]
    assert whole
    for _ in range(KILLS):
        shutil.rmtree(folder)
        folder.mkdir()
        while run(rng.uniform(0, took))[0]:
            assert not outputs(folder).items() - whole.items()  # what is there is whole
            for path in [folder / "out", folder / "out.json"]:  # as Snakemake does before another attempt
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        assert outputs(folder) == whole
        left = {path.name for path in folder.iterdir()} - {"cache", "source", "lrm.json"}
        assert not [name for name in left if not name.startswith("out")] or rule == "list_downloads", left
