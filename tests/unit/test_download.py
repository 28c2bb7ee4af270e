"""Downloads: from a hub, from URLs and from a mirror, with the same checks; what goes wrong is one line."""

import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hub import COMMIT, LATER, Hub, git_sha1, serve
from huggingface_hub import constants
from scripts import SCRIPTS, run_script

from vernacular.corpus.hub import chosen

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


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve(Hub(dict(FILES))) as server:
        yield server


Download = Callable[..., tuple[int, str]]


def arguments(folder: Path, options: dict[str, Any], mirror: str = "") -> list[str]:
    command = ["--name", "models/lrm", "--options", json.dumps(options), "--mirror", mirror]
    command += ["--manifest", folder / "downloads.json", "--out", folder / "lrm", "--record", folder / "lrm.json"]
    return [str(word) for word in command]


@pytest.fixture
def download(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Download:
    """Run the script here, with the hub's client turned to the server of the test (it reads HF_ENDPOINT once)."""

    def run(options: dict[str, Any], mirror: str = "", endpoint: str = "") -> tuple[int, str]:
        monkeypatch.setattr(constants, "ENDPOINT", endpoint or hub.url)
        place = (endpoint or hub.url) + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", place)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        status = run_script("download", *arguments(tmp_path, options, mirror))
        return status, "".join(capfd.readouterr())

    return run


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


# --- the hub


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
    assert "owner/name: no network" in message and "snakemake downloads" in message and "sources.mirror" in message
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
    assert "the server names a file in a way that is none" in message
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


# --- URLs


def urls(hub: Hub, sha: str | None = None, name: str = "model.safetensors") -> dict[str, Any]:
    return {"urls": [{"url": f"{hub.url}/plain/{name}", "sha256": sha}]}


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


# --- a mirror


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """As `hf download` leaves it: snapshots of links to blobs that are named by their checksum."""
    root = tmp_path / "mirror/models--owner--name"
    for folder in ("blobs", "refs", f"snapshots/{COMMIT}"):
        (root / folder).mkdir(parents=True)
    (root / "refs/main").write_text(COMMIT)
    for name in ("config.json", "model.safetensors"):
        blob = sha256(FILES[name]) if name.endswith(".safetensors") else git_sha1(FILES[name])
        (root / "blobs" / blob).write_bytes(FILES[name])
        (root / "snapshots" / COMMIT / name).symlink_to(f"../../blobs/{blob}")
    return tmp_path / "mirror"


def test_a_mirror_takes_the_place_of_the_network(tmp_path: Path, hub: Hub, mirror: Path, download: Download) -> None:
    for revision in (COMMIT, "main"):
        assert download({**MODEL, "revision": revision}, str(mirror))[0] == 0
        assert (tmp_path / "lrm/model.safetensors").read_bytes() == WEIGHTS
        assert record(tmp_path)["commit"] == COMMIT
    assert hub.asked == []


def test_a_mirror_is_checked_as_the_network_is(tmp_path: Path, hub: Hub, mirror: Path, download: Download) -> None:
    message = complaint(download({**MODEL, "revision": LATER}, str(mirror)))
    assert f"holds {COMMIT}, not {LATER}" in message and "hf download owner/name --revision" in message
    assert "owner/other: not in the mirror" in complaint(download({**MODEL, "repo": "owner/other"}, str(mirror)))
    blob = mirror / "models--owner--name/blobs" / sha256(WEIGHTS)
    blob.write_bytes(b"other")
    assert f"wrong checksum: {sha256(b'other')}, not {sha256(WEIGHTS)}" in complaint(download(MODEL, str(mirror)))
    blob.unlink()
    assert "model.safetensors is a broken link" in complaint(download(MODEL, str(mirror)))
    assert "wget --force-directories" in complaint(download(urls(hub), str(mirror)))
    place = mirror / hub.url.removeprefix("http://") / "plain"
    place.mkdir(parents=True)
    (place / "model.safetensors").write_bytes(WEIGHTS)
    assert download(urls(hub, sha256(WEIGHTS)), str(mirror))[0] == 0
    assert "wrong checksum" in complaint(download(urls(hub, "0" * 64), str(mirror)))
    assert (place / "model.safetensors").exists()  # a mirror is not ours to delete from


def test_a_mirror_gives_no_file_from_outside(tmp_path: Path, mirror: Path, download: Download) -> None:
    """Whoever filled it could else have any file that its user may read taken into a model's folder."""
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    link = mirror / f"models--owner--name/snapshots/{COMMIT}/tokenizer.json"
    link.symlink_to(secret)
    assert f"tokenizer.json is a link out of the mirror, to {secret}" in complaint(download(MODEL, str(mirror)))
    assert not (tmp_path / "lrm").exists()


def test_a_mirror_of_urls_gives_no_file_from_outside(tmp_path: Path, hub: Hub, download: Download) -> None:
    """Whether the file is a link, or a folder above it, or the address leads out."""
    secret, mirror = tmp_path / "secrets/x.tsv", tmp_path / "mirror"
    secret.parent.mkdir()
    secret.write_text("1 + 1?\t2\n")
    place = mirror / hub.url.removeprefix("http://") / "plain"
    place.mkdir(parents=True)
    (place / "x.tsv").symlink_to(secret)
    (place / "folder").symlink_to(secret.parent)
    (place / "inside.tsv").write_bytes(secret.read_bytes())
    (place / "link.tsv").symlink_to("inside.tsv")
    (mirror / "host").symlink_to(secret.parent)
    for address in (f"{hub.url}/plain/x.tsv", f"{hub.url}/plain/folder/x.tsv", "http://host/x.tsv"):
        message = complaint(download({"urls": [{"url": address, "sha256": None}]}, str(mirror)))
        assert f"a link out of the mirror, to {secret}" in message
    for address in (f"{hub.url}/../../secrets/x.tsv", f"{hub.url}/plain/../x.tsv", "http://../secrets/x.tsv"):
        message = complaint(download({"urls": [{"url": address, "sha256": None}]}, str(mirror)))
        assert "leads out of the mirror" in message
    assert not (tmp_path / "lrm").exists()
    assert download(urls(hub, name="link.tsv"), str(mirror))[0] == 0


def test_pipes_and_devices_in_a_mirror_are_refused(tmp_path: Path, hub: Hub, mirror: Path, download: Download) -> None:
    """One would be read for ever, the other fill the disk."""
    place = mirror / hub.url.removeprefix("http://")
    place.mkdir(parents=True)
    snapshot = mirror / f"models--owner--name/snapshots/{COMMIT}"
    os.mkfifo(place / "x.tsv")
    assert "not in the mirror" in complaint(
        download({"urls": [{"url": f"{hub.url}/x.tsv", "sha256": None}]}, str(mirror))
    )
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero"), os.mkdir):
        make(snapshot / "a.json")
        status, text = download(MODEL, str(mirror))
        assert (status == 0) == (make is os.mkdir) and "Traceback" not in text
        assert status == 0 or "not an ordinary file" in text or "a link out of the mirror" in text
        os.rmdir(snapshot / "a.json") if make is os.mkdir else (snapshot / "a.json").unlink()
    ref = mirror / "models--owner--name/refs/main"
    ref.unlink()
    os.mkfifo(ref)
    assert f"holds {COMMIT}, not main" in complaint(download({**MODEL, "revision": "main"}, str(mirror)))
    ref.unlink()
    ref.write_text("../snapshots/" + COMMIT)
    assert "not in the mirror" in complaint(download({**MODEL, "revision": "main"}, str(mirror)))


def test_a_repository_names_no_file_outside() -> None:
    there = ["a.json", "/etc/a.json", "../a.json", "x/../../a.json", ".a.json", "x//a.json"]
    assert chosen({"repo": "owner/name", "files": ["*"]}, there) == ["a.json"]


def test_a_folder_of_a_hubs_cache_is_taken_with_what_its_links_lead_to(mirror: Path, tmp_path: Path) -> None:
    out = tmp_path / "seed-1/models/lrm"
    place = mirror / f"models--owner--name/snapshots/{COMMIT}"
    assert run_script("fetch_folder", "--source", place, "--encoder", "--out", out) == 0
    assert (out / "model.safetensors").read_bytes() == WEIGHTS and not (out / "config.json").is_symlink()


def test_a_mirror_that_moved(tmp_path: Path, mirror: Path, download: Download) -> None:
    branch = {**MODEL, "revision": "main"}
    assert download(branch, str(mirror))[0] == 0
    remember(tmp_path)
    root = mirror / "models--owner--name"
    (root / "snapshots" / COMMIT).rename(root / "snapshots" / LATER)
    (root / "refs/main").write_text(LATER)
    assert "'main' has moved" in complaint(download(branch, str(mirror)))
