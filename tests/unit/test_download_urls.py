"""Downloads from URLs, with the checks of a hub's, and no secret in what is written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from downloads import MODEL, WEIGHTS, Download, arguments, complaint, record, remember, sha256, urls
from hub import Hub
from scripts import SCRIPTS


def test_a_url_with_its_checksum(tmp_path: Path, hub: Hub, download: Download) -> None:
    assert download(urls(hub, sha256(WEIGHTS)))[0] == 0
    assert (tmp_path / "lrm/model.safetensors").read_bytes() == WEIGHTS
    assert record(tmp_path)["urls"] == {"model.safetensors": f"{hub.url}/plain/model.safetensors"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lrm", "lrm.json"]  # no unfinished parts are left


def test_a_url_that_was_cut_off_goes_on(tmp_path: Path, hub: Hub, download: Download) -> None:
    hub.cut = 100_000
    message = complaint(download(urls(hub)))
    assert f"cut off after 100000 of {len(WEIGHTS)} bytes" in message and not (tmp_path / "lrm").exists()
    hub.cut = 0
    assert download(urls(hub, sha256(WEIGHTS)))[0] == 0
    assert hub.asked == [None, "bytes=100000-"]


def test_a_url_with_another_file_behind_it(tmp_path: Path, hub: Hub, download: Download) -> None:
    message = complaint(download(urls(hub, "0" * 64)))
    assert f"wrong checksum: {sha256(WEIGHTS)}, not {'0' * 64}" in message and not (tmp_path / "lrm").exists()
    assert download(urls(hub, sha256(WEIGHTS)))[0] == 0
    assert hub.asked == [None, None]  # a broken file is no part to go on from


def test_a_url_without_a_checksum_keeps_the_first_file(tmp_path: Path, hub: Hub, download: Download) -> None:
    assert download(urls(hub))[0] == 0
    remember(tmp_path)
    assert download(urls(hub))[0] == 0
    hub.wrong = "model.safetensors"
    message = complaint(download(urls(hub)))
    assert "not the file that was fetched first" in message and sha256(WEIGHTS) in message
    assert "404" in complaint(download(urls(hub, name="nothing.tsv")))


def test_a_token_in_a_url_is_written_nowhere(
    tmp_path: Path, hub: Hub, download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The configuration names a variable; its value goes to the server, and into no file, line or record."""
    options = urls(hub, sha256(WEIGHTS), "model.safetensors?download=1&token=${FILES_TOKEN}")
    assert "the environment variable FILES_TOKEN is not set" in complaint(download(options))
    texts = []
    for token, name in [("planted-7b1e4", "nothing.tsv"), ("planted 7b1e4", ""), ("planted-7b1e4", "")]:
        monkeypatch.setenv("FILES_TOKEN", token)
        one = {**options["urls"][0]}
        one["url"] = one["url"].replace("model.safetensors", name or "model.safetensors")
        status, text = download({"urls": [one]})
        assert (status == 0) == (not name and " " not in token), text
        texts.append(text)
    assert "nothing.tsv?download=1&token=${FILES_TOKEN}: the server answers 404" in texts[0]
    assert "(InvalidURL); fix it" in texts[1]
    remember(tmp_path)
    assert hub.queries == ["download=1&token=planted-7b1e4"] * 2
    assert record(tmp_path)["urls"] == {"model.safetensors": options["urls"][0]["url"]}
    texts += [path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert len(texts) >= 6 and not [text for text in texts if "7b1e4" in text]


def test_what_the_hubs_client_shows_holds_no_secret(tmp_path: Path, hub: Hub) -> None:
    """It names the addresses of files that are cut off and the ends of all: they may be signed, or hold a login."""

    def text_of(endpoint: str = hub.url) -> str:
        done = subprocess.run(
            [sys.executable, SCRIPTS / "download.py", *arguments(tmp_path, MODEL)],
            env={**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "0"}
            | {"HF_HUB_DISABLE_XET": "1"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout + done.stderr

    hub.signed, hub.wrong = "X-Amz-Date=20260101&X-Amz-Signature=planted-7b1e4", "config.json"
    texts = [text_of()]
    assert "config.json: not whole (OSError: Consistency check failed" in texts[0]
    hub.wrong, hub.files["model.safetensors"], hub.cut = "", bytes(25_000_000), 15_000_000
    texts.append(text_of())
    assert "/plain/model.safetensors?X-Amz-Date=***&X-Amz-Signature=***: " in texts[1] and "to resume" in texts[1]
    assert "model.safetensors: 25.0 of 25.0 MB" in texts[1] and set(hub.queries) == {hub.signed}
    hub.signed, hub.files["config.json"] = "", b"{}"
    (tmp_path / "cache/hub").rename(tmp_path / "old")
    texts.append(text_of(endpoint=hub.url.replace("http://", "http://someone:planted-7b1e4@")))
    assert "http://***@127.0.0.1" in texts[2] and "2 files" in texts[2]
    assert "7b1e4" not in "".join(texts)
