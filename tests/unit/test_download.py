"""Downloads from a hub: what goes wrong is one line, and nothing half-written is left."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from downloads import MODEL, WEIGHTS, Download, arguments, complaint, limited, record, remember, sha256, urls
from hub import COMMIT, LATER, Hub
from scripts import SCRIPTS


def test_a_model_of_the_hub(tmp_path: Path, hub: Hub) -> None:
    """As the rule does it; what Transformers loads and nothing else; sizes and checksums stand in the record."""
    done = subprocess.run(
        [sys.executable, SCRIPTS / "download.py", *arguments(tmp_path, MODEL)],
        env={**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "0"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    assert {p.name for p in (tmp_path / "lrm").rglob("*")} == {"config.json", "model.safetensors"}
    assert (tmp_path / "lrm/model.safetensors").read_bytes() == WEIGHTS
    assert record(tmp_path)["commit"] == COMMIT and record(tmp_path)["repo"] == "owner/name"
    assert record(tmp_path)["files"]["model.safetensors"] == {"bytes": len(WEIGHTS), "sha256": sha256(WEIGHTS)}
    assert "model.safetensors: 0.3 of 0.3 MB" in text and "2 files" in text  # plain lines where there is no terminal


def test_a_cache_of_the_hub_that_two_users_share(tmp_path: Path, hub: Hub) -> None:
    """What is there may be read; what is not, only its owner may add, and the other is told what to do."""
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("takes root, who can make another user's folder, and setpriv to give up root's rights to it")
    cache = tmp_path / "cache"
    cache.mkdir()
    found = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0"}

    def fetched(*before: str) -> subprocess.CompletedProcess:
        words = [*before, sys.executable, str(SCRIPTS / "download.py"), *map(str, arguments(tmp_path, MODEL))]
        return subprocess.run(words, env=found, capture_output=True, text=True, timeout=120)

    other = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner")
    os.chown(cache, 65534, 65534)
    done = fetched(*other)
    said = complaint((done.returncode, done.stderr))
    assert f"{cache}" in said and "set HF_HOME to a folder of your own, or have its group" in said
    assert fetched().returncode == 0
    for path in (cache, *cache.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    shutil.rmtree(tmp_path / "lrm")
    assert fetched(*other).returncode == 0
    assert (tmp_path / "lrm/model.safetensors").read_bytes() == WEIGHTS


def test_weights_that_are_pickles_come_where_there_are_no_others(tmp_path: Path, hub: Hub, download: Download) -> None:
    del hub.files["model.safetensors"]
    assert download(MODEL)[0] == 0
    assert {p.name for p in (tmp_path / "lrm").iterdir()} == {"config.json", "pytorch_model.bin"}
    del hub.files["pytorch_model.bin"]
    assert "owner/name: no weights" in complaint(download(MODEL))


def test_files_of_a_dataset_by_pattern(tmp_path: Path, hub: Hub, download: Download) -> None:
    hub.files |= {"fr/test-00000-of-00001.parquet": b"PAR1", "fr/train-00000-of-00001.parquet": b"large"}
    options = {"kind": "dataset", "repo": "owner/name", "revision": "main", "files": ["*/test-*"]}
    assert download(options)[0] == 0
    assert [str(p.relative_to(tmp_path / "lrm")) for p in (tmp_path / "lrm").rglob("*.parquet")] == [
        "fr/test-00000-of-00001.parquet"
    ]
    message = complaint(download({**options, "files": ["*/test-*", "dev.tsv"]}))
    assert "no file fits 'dev.tsv'" in message and "README.md" in message


def test_what_was_cut_off_goes_on(tmp_path: Path, hub: Hub, download: Download) -> None:
    hub.files["model.safetensors"], hub.cut = bytes(25_000_000), 15_000_000
    status, text = download(MODEL)
    assert status == 0, text
    assert (tmp_path / "lrm/model.safetensors").read_bytes() == bytes(25_000_000)
    assert hub.asked == [None, None, "bytes=10485760-"]  # the client writes pieces of 10 MiB


def test_a_gated_repository(hub: Hub, download: Download) -> None:
    hub.gated = True
    message = complaint(download(MODEL))
    assert "owner/name is gated" in message and "huggingface.co/owner/name" in message and "HF_TOKEN" in message


def test_names_and_revisions_that_are_not_there(download: Download) -> None:
    assert "owner/other: the hub has no such model" in complaint(download({**MODEL, "repo": "owner/other"}))
    message = complaint(download({**MODEL, "revision": "c" * 40}))
    assert "no longer has the revision cccc" in message and "set `revision`" in message


def test_a_refusal_in_the_middle(tmp_path: Path, hub: Hub, download: Download) -> None:
    """What the hub says of one file is no lack of a network."""
    hub.refusals = [0, 403]  # it tells what there is, then refuses the first file
    message = complaint(download(MODEL))
    assert "owner/name: config.json: the hub answers 403 (Forbidden); set HF_TOKEN" in message
    assert download(MODEL)[0] == 0


def test_a_branch_that_moved(tmp_path: Path, hub: Hub, download: Download) -> None:
    branch = {**MODEL, "revision": "main"}
    assert download(branch)[0] == 0
    remember(tmp_path)
    hub.main = LATER
    message = complaint(download(branch))
    assert f"'main' has moved: it was {COMMIT}" in message and f"is {LATER} now" in message
    assert download({**branch, "revision": COMMIT})[0] == 0  # what the line says to do


def test_other_bytes_than_the_hub_names(tmp_path: Path, hub: Hub, download: Download) -> None:
    hub.wrong = "model.safetensors"
    message = complaint(download(MODEL))
    assert f"model.safetensors: wrong checksum: {sha256(WEIGHTS[::-1])}, not {sha256(WEIGHTS)}" in message
    assert "delete " in message and not (tmp_path / "lrm").exists() and not (tmp_path / "lrm.json").exists()
    blob = Path(message.split("delete ")[1].split(" and run")[0])
    assert blob.is_file()
    blob.unlink()
    hub.wrong = ""
    status, text = download(MODEL)  # what the line says to do
    assert status == 0, text


def test_no_network(tmp_path: Path, download: Download) -> None:
    message = complaint(download(MODEL, endpoint="http://127.0.0.1:9"))
    said = ("owner/name: no network", "snakemake downloads --configfile FILE`, where FILE is", "sources.mirror")
    assert all(part in message for part in said)
    message = complaint(download({"urls": [{"url": "http://127.0.0.1:9/x.tsv", "sha256": None}]}))
    assert "http://127.0.0.1:9/x.tsv: no network" in message


ECHOED = "hf_planted7b1e4secret"


@pytest.mark.parametrize(
    "where", ["reason", "X-Error-Message", "X-Error-Code", "ETag", "X-Repo-Commit", "WWW-Authenticate"]
)
def test_a_hub_that_sends_the_token_back(
    tmp_path: Path, hub: Hub, download: Download, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", ECHOED)
    hub.echo = where
    for refusals in ([403], [0, 403], [0, 0, 403], []):
        hub.refusals = [*refusals]
        status, text = download(MODEL)
        assert ECHOED not in text and "Traceback" not in text
        assert status == 0 or complaint((status, text))
        hub.files = dict(reversed(hub.files.items()))
    left = [
        path
        for path in tmp_path.rglob("*")
        if ECHOED in str(path) or (path.is_file() and ECHOED in path.read_text("latin-1"))
    ]
    assert not left


@pytest.mark.parametrize("name", ["../../../../escaped", "/tmp/escaped", "a/b", "x" * 300])
@pytest.mark.parametrize("header", ["ETag", "X-Linked-ETag", "X-Repo-Commit"])
def test_a_hub_names_no_file_outside_its_cache(
    tmp_path: Path, hub: Hub, download: Download, header: str, name: str
) -> None:
    hub.headers = {header: name}
    message = complaint(download(MODEL))
    assert "the server gives an invalid file name" in message
    assert not list(tmp_path.rglob("*escaped*"))


def test_a_disk_without_room_is_no_lack_of_a_network(tmp_path: Path, hub: Hub, download: Download) -> None:
    """The line names the file. (A limit on the size of files stands for the full disk: it fails the same call.)"""
    hub.files["model.safetensors"] = bytes(3_000_000)
    with limited(1_000_000):
        ours = complaint(download(urls(hub)))
        theirs = complaint(download(MODEL))
    assert "no network" not in ours + theirs
    assert f"{tmp_path}/.lrm.unfinished/" in ours or f"{tmp_path}/" in ours
    assert f"{tmp_path}/cache" in theirs
