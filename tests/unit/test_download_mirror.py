"""A mirror in place of the network: the same checks, and no file from outside it."""

import os
from pathlib import Path

import pytest
from downloads import FILES, MODEL, WEIGHTS, Download, complaint, record, remember, sha256, urls
from hub import COMMIT, LATER, Hub, git_sha1
from scripts import run_script

from vernacular.corpus.hub import chosen


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
