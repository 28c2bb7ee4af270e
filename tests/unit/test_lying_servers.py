"""Servers that lie about a file: it is fetched whole and of one version, or one line says what was wrong."""

import hashlib
import random
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fuzz_downloads import Silent, downloads
from liar import LIES, Liar, serve
from wild import wild_text

from vernacular.corpus import connections, urls
from vernacular.corpus.download import fetch
from vernacular.storage.messages import one_line

OLD, NEW = bytes(range(256)) * 40, bytes(range(255, -1, -1)) * 40


@pytest.fixture
def liar() -> Iterator[Liar]:
    with serve(Liar(random.Random(0), OLD)) as server:
        yield server


Fetch = Callable[..., Any]


@pytest.fixture
def fetched(tmp_path: Path, liar: Liar) -> Fetch:
    """The bytes of the file, or the line of an error."""

    def run(*lies: str, path: str = "plain/file.tsv", sha256: str | None = None) -> bytes | str:
        liar.lies = [*lies]
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        item = {"urls": [{"url": f"{liar.url}/{path}", "sha256": sha256}]}
        try:
            fetch(item, None, {}, tmp_path / "out", tmp_path / "parts", Silent)
        except ValueError as error:
            assert not (tmp_path / "out").exists()
            return one_line(error)
        return next((tmp_path / "out").iterdir()).read_bytes()

    return run


def ranges(liar: Liar) -> list[tuple[int | None, str | None]]:
    return [(request.start, request.headers.get("if-range")) for request in liar.asked]


def test_a_part_goes_on_only_under_the_same_version(liar: Liar, fetched: Fetch) -> None:
    assert "run this again to continue" in fetched("cut")
    assert fetched() == OLD
    (first, second) = ranges(liar)
    assert first == (None, None) and second[0] and second[1] == '"version-1"'


def test_a_file_that_changed_between_two_calls_is_the_new_one(liar: Liar, fetched: Fetch) -> None:
    """Also where the server goes on with the new file, whatever it was asked for."""
    for lie in ("honest", "a part of the new file"):
        liar.versions = [OLD]
        assert "cut off after" in fetched("cut")
        liar.versions.append(NEW)
        assert fetched(lie) == NEW


WRONG_PARTS = [lie for lie in LIES if lie.startswith("a part ")]


@pytest.mark.parametrize("lie", WRONG_PARTS)
def test_a_part_that_does_not_fit_is_fetched_from_the_start(liar: Liar, fetched: Fetch, lie: str) -> None:
    assert "cut off after" in fetched("cut")
    liar.versions.append(NEW)
    assert fetched(lie) == NEW
    assert "the server answers 206" in fetched(lie, path="other/file.tsv")  # nobody asked for a part


def test_a_part_belongs_to_its_url(liar: Liar, fetched: Fetch) -> None:
    assert "cut off after" in fetched("cut")
    assert fetched(path="edited/file.tsv") == OLD and ranges(liar)[-1] == (None, None)


def test_without_a_length_only_a_checksum_tells_a_part_from_the_whole(liar: Liar, fetched: Fetch) -> None:
    assert "does not say how long it is" in fetched("short without a length")
    sha256 = hashlib.sha256(OLD).hexdigest()
    assert "wrong checksum" in fetched("short without a length", sha256=sha256)
    assert "cut off after" in fetched("short in chunks")
    assert fetched("honest in chunks") == OLD


REFUSED = {
    "packed": "the server sends it packed",
    "packed on the way": "the server sends it packed",
    "a page to log in": "the server sends a web page",
    "two lengths": "no valid length",
    "round and round": "redirected more than 10 times",
}


@pytest.mark.parametrize("lie", REFUSED)
def test_what_is_refused(liar: Liar, fetched: Fetch, lie: str) -> None:
    for seed in range(4):
        liar.rng = random.Random(seed)
        assert REFUSED[lie] in fetched(lie)
    assert fetched() == OLD


@pytest.mark.parametrize("lie", ["away", "another status", "an echo", "no http", "endless headers", "a wrong length"])
def test_a_lie_is_one_line_without_the_secret(
    liar: Liar, fetched: Fetch, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    monkeypatch.setenv("A_TOKEN", "planted-7b1e4")
    for seed in range(40):
        liar.rng = random.Random(seed)
        found = fetched(lie, path="plain/file.tsv?token=${A_TOKEN}")
        assert found == OLD or (isinstance(found, str) and "?token=${A_TOKEN}: " in found and "7b1e4" not in found)


def test_an_endless_file_ends(liar: Liar, fetched: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urls, "UNKNOWN", 1 << 20)
    lines = set()
    for seed in range(20):
        liar.rng = random.Random(seed)
        lines.add(fetched("endless").partition(": ")[2].partition(",")[0])
    assert {"more than 1", "1"} <= {line[:11] if line.startswith("more") else line[:1] for line in lines}, lines


def test_a_server_that_drips_is_given_up(liar: Liar, fetched: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urls, "PATIENCE", 0.0)
    monkeypatch.setattr(urls, "CHUNK", 10)
    assert "10 bytes in 0 s" in fetched()


def test_lies_as_fuzzing_tells_them() -> None:
    for number in range(150):
        rng = random.Random(f"test downloads {number}")
        downloads(rng, wild_text(rng))


@pytest.mark.parametrize("drop", [b"X", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_headers_that_do_not_end_are_not_waited_for(
    drop: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then, which no limit of a socket sees, and answers that are none."""
    monkeypatch.setattr(connections, "HEADERS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\n" if drop == b"X" else drop)
                while True:
                    connection.sendall(drop)
                    time.sleep(0.01)

        thread = threading.Thread(target=answer)
        thread.start()
        entry = {"url": f"http://127.0.0.1:{server.getsockname()[1]}/file.tsv", "sha256": None}
        with pytest.raises(ValueError, match=r"file.tsv: cannot be fetched \(TooSlow\); fix it, or try again later"):
            urls.fetched_url(entry, tmp_path, Silent)
        thread.join(60)
    assert not thread.is_alive() and not list(tmp_path.iterdir())
