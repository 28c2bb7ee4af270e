"""`snakemake downloads` as users call it: without a mirror, from a server that answers as the hub does."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hub import COMMIT, Hub, serve
from studies import snakemake

WEIGHTS = bytes(25_000_000)
RESULTS = Path("results/fetched")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve(Hub({"config.json": b"{}", "model.safetensors": WEIGHTS, "fr.tsv": b"1 + 1?\t2\n"})) as server:
        yield server


@pytest.fixture
def study(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of one model of the hub, a dataset of the hub and a file behind a URL; `sources` has no `mirror`."""
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    mgsm = {"format": "mgsm"}
    config: dict[str, Any] = {
        "study": "fetched",
        "languages": ["fr"],
        "sources": {
            "of-hub": mgsm | {"dataset": "owner/name", "revision": "main", "files": ["*.tsv"]},
            "of-url": mgsm | {"urls": [{"url": f"{hub.url}/plain/fr.tsv?download=1"}]},
        },
        "benchmarks": {"of-hub": {"source": "of-hub"}, "of-url": {"source": "of-url"}},
        "models": {"lrm": {"recipe": "hub", "repo": "owner/name", "revision": COMMIT}},
        "evaluations": [{"target": "t", "benchmarks": ["of-hub", "of-url"], "models": ["lrm"], "languages": ["fr"]}],
    }
    (tmp_path / "fetched.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return tmp_path


def downloads(folder: Path) -> tuple[int, list[str]]:
    """The exit status, and the last line of each download's log, in the order of their names."""
    done = snakemake(folder, "downloads", configs=(str(folder / "fetched.yaml"),))
    logs = sorted((folder / RESULTS / "logs/download").rglob("*.log"))
    assert [log.stem for log in logs] == ["of-hub", "of-url", "lrm"], done.stderr
    return done.returncode, [log.read_text(encoding="utf-8").splitlines()[-1] for log in logs]


def test_all_that_a_study_without_a_mirror_needs(study: Path, hub: Hub) -> None:
    hub.signed, hub.cut = "X-Amz-Date=20260101", 15_000_000  # redirects to another host, where a connection is cut
    assert downloads(study)[0] == 0
    found = json.loads((study / RESULTS / "downloads.json").read_text(encoding="utf-8"))
    assert {name: [*record["files"]] for name, record in found.items()} == {
        "data/of-hub": ["fr.tsv"],
        "data/of-url": ["fr.tsv"],
        "models/lrm": ["config.json", "model.safetensors"],
    }
    assert found["data/of-hub"]["commit"] == COMMIT and "bytes=10485760-" in hub.asked
    assert (study / RESULTS / "downloads/models/lrm/model.safetensors").read_bytes() == WEIGHTS


def test_a_connection_that_is_cut(study: Path, hub: Hub) -> None:
    """What was there of a URL is not asked for again by the next call."""
    hub.files["fr.tsv"], hub.cut = b"1 + 1?\t2\n" * 20, 70
    status, (_, cut, _) = downloads(study)
    assert status == 1 and "cut off after 70 of 180 bytes; run this again to continue" in cut
    hub.cut = 0
    assert downloads(study)[0] == 0 and "bytes=70-" in hub.asked


REFUSALS = {
    401: ("HF_TOKEN is not valid: set it", "401 (it needs a login)"),
    404: ("404 (Not Found)", "404 (it is no longer there)"),
    429: ("wait a few minutes, or set HF_TOKEN", "429 (Too Many Requests)"),
}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_server_that_refuses(status: int, study: Path, hub: Hub) -> None:
    """One line in each log, which says what to do; the next call goes on as if nothing had been."""
    hub.refusals = [status] * 20
    failed, lines = downloads(study)
    of_hub, of_url = REFUSALS[status]
    assert failed == 1 and all(line.startswith("download: ") for line in lines)
    assert of_hub in lines[0] and of_hub in lines[2] and f"owner/name: the hub answers {status} (" in lines[2]
    assert f"{hub.url}/plain/fr.tsv?download=1: the server answers {of_url}" in lines[1]
    hub.refusals = []
    assert downloads(study)[0] == 0
