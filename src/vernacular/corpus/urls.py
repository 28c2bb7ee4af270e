"""A file behind a URL: fetched once, continued where it was cut off, and only if it is still the same file.

Without a checksum the server's word is all there is, so everything it says has to fit: the length, the part that it
sends, the version (its ETag) that the part is of. Nothing of its own text comes into an error: it could hold a token.
"""

import hashlib
import http
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from tqdm import tqdm

from vernacular.corpus.connections import Http, Https
from vernacular.corpus.hub import no_network
from vernacular.storage.files import flush, naming, read_json, url_name, write_json
from vernacular.storage.messages import VARIABLE, keep_secret, without_secrets

CHUNK = 1 << 20  # bytes
REDIRECTS = 10
UNKNOWN = 4 * 2**30  # bytes of a file whose length the server does not say, at the most (our choice)
PATIENCE, LEAST = 300.0, 100_000  # a server that sends fewer bytes in so many seconds is given up (our choice)
RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
STRONG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')  # an ETag by which bytes are the same, not only what they mean
REASONS = {401: "it needs a login", 403: "it needs a login", 404: "it is no longer there"}


class Changed(Exception):
    """What was fetched earlier is of no use: the server has another file, or does not say that it has the same."""


class Version(NamedTuple):
    """What a server says about a file: its strong ETag, and its length in bytes; None where it says neither."""

    etag: str | None
    total: int | None


def fetched_url(entry: dict[str, Any], parts: Path, bars: type[tqdm]) -> Path:
    """Fetch a URL into the folder `parts`; continues from what an earlier attempt left there of the same URL.

    entry: `url`, in which `${NAME}` is an environment variable, and `sha256`, which the caller checks; None: unknown,
    so the answer has to say how long the file is. Raises ValueError, one line.
    """
    url = entry["url"]
    path = parts / hashlib.sha256(url.encode()).hexdigest()[:16]  # an edited URL begins from nothing
    cut, note = path.with_suffix(".cut"), path.with_suffix(".json")
    if path.exists():
        return path
    parts.mkdir(parents=True, exist_ok=True)
    try:
        receive(entry, cut, note, bars)
    except Changed:
        cut.unlink(missing_ok=True)
        receive(entry, cut, note, bars)
    flush(cut)
    os.replace(cut, path)
    return path


def receive(entry: dict[str, Any], cut: Path, note: Path, bars: type[tqdm]) -> None:
    """Make `cut` the whole file. Raises Changed if what it holds is not the beginning of what the server has now."""
    url = entry["url"]
    known = Version(*read_json(note)) if cut.exists() and note.exists() else Version(None, None)
    there = cut.stat().st_size if known.etag else 0
    if there and there == known.total:
        return
    asked = {"Range": f"bytes={there}-", "If-Range": str(known.etag)} if there else {}
    with answer_of(url, asked) as response:
        said = checked(response, entry, there, known)
        if response.status != 206:
            there = 0
            cut.unlink(missing_ok=True)
            write_json(note, said)
        if said.total and said.total - there > (free := shutil.disk_usage(cut.parent).free):
            raise ValueError(f"{url}: {said.total:,} bytes, but {cut.parent} has {free:,} left; free some of the disk")
        bar = bars(total=said.total, initial=there, desc=url_name(url))
        with bar, naming(cut), cut.open("ab") as handle:
            for piece in pieces(response, url, there, said):
                handle.write(piece)
                bar.update(len(piece))


def answer_of(url: str, headers: dict[str, str]) -> HTTPResponse:
    """The answer of a URL's server, or of the one it names instead. Raises ValueError, one line."""
    address, opener = filled(url), urllib.request.build_opener(NoRedirects, Http, Https)
    for _ in range(REDIRECTS):
        try:
            response: HTTPResponse = opener.open(urllib.request.Request(address, headers=headers), timeout=60)
            return response
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and headers:  # there is no such part: the file is shorter now
                raise Changed from None
            if error.code not in (301, 302, 303, 307, 308):
                what = REASONS.get(error.code, phrase(error.code))
                advice = "fix the URL, or try again later"
                raise ValueError(f"{url}: the server answers {error.code} ({what}); {advice}") from None
            address = redirected(url, address, error.headers.get("Location") or "")
        except (HTTPException, ValueError) as error:  # their text may hold the address with its secrets
            raise ValueError(f"{url}: cannot be fetched ({type(error).__name__}); fix it, or try again later") from None
        except OSError as error:
            raise ValueError(no_network(url, error)) from None
    raise ValueError(f"{url}: redirected more than {REDIRECTS} times; fix the URL, or fetch it yourself")


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to `answer_of`: urllib reads all that comes with one, however long, and goes to ftp, too."""

    def redirect_request(self, *_: Any) -> None:
        return None


def redirected(url: str, address: str, location: str) -> str:
    """Where a redirect leads: http or https, and never from https to http. Raises ValueError."""
    try:
        there = urljoin(address, location)
        scheme = urlsplit(there).scheme
    except ValueError:
        there = scheme = ""
    if scheme not in ({"https"} if address.startswith("https:") else {"http", "https"}):
        what = "the server redirects to an address that is not of the same kind"
        raise ValueError(f"{url}: {what} (https, or http); fix the URL, or fetch it yourself")
    return there


def checked(response: HTTPResponse, entry: dict[str, Any], there: int, known: Version) -> Version:
    """What the server says of the file, after what it says was compared with what was asked for.

    there: bytes of it that we have, of the version `known`. Raises Changed if the answer does not continue them,
    and ValueError if the file could not be told from a broken one.
    """
    url, headers, status = entry["url"], response.headers, response.status
    if status != 200 and not (status == 206 and there):
        raise ValueError(f"{url}: the server answers {status} ({phrase(status)}); fix the URL, or try again later")
    lengths = {value.strip() for value in headers.get_all("Content-Length", [])}
    if any(not re.fullmatch(r"\d{1,18}", length, re.ASCII) for length in lengths) or len(lengths) > 1:
        raise ValueError(f"{url}: the server gives no valid length (Content-Length); try again later")
    coded = headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked"
    packed = headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity")
    if coded or (packed and not entry["sha256"]):
        what = "the server sends it packed, though it was not asked to"
        raise ValueError(f"{url}: {what}; give its `sha256`, or fetch it yourself and name its `folder`")
    page = headers.get_content_type() == "text/html" and not url_name(url).lower().endswith((".html", ".htm"))
    if page and not entry["sha256"]:
        raise ValueError(f"{url}: the server sends a web page, perhaps to log in; fix the URL, or give its `sha256`")
    etag: str | None = headers.get("ETag", "")
    if not STRONG.fullmatch(etag or "") or without_secrets(etag or "") != etag:  # it is written down until all is there
        etag = None
    length = None if response.chunked else int(lengths.pop()) if lengths else None
    if status == 206:
        part = RANGE.fullmatch(headers.get("Content-Range", ""))
        first, last, total = map(int, part.groups()) if part else (-1, -1, -1)
        if (etag, first, last, total) != (known.etag, there, known.total and known.total - 1, known.total):
            raise Changed
        if length not in (None, total - there):
            raise Changed
        return known
    if length is None and not response.chunked and not entry["sha256"]:
        what = "the server does not say how long it is, so a part could not be told from the whole"
        raise ValueError(f"{url}: {what}; give its `sha256`")
    return Version(etag, length)


def pieces(response: HTTPResponse, url: str, there: int, said: Version) -> Iterator[bytes]:
    """The body of an answer, up to the length that was said. Raises ValueError if it is shorter, slow or endless."""
    start, since, end = time.monotonic(), there, said.total if said.total is not None else UNKNOWN + 1
    again = "run this again to continue" if said.etag and said.total else "run this again"
    while there < end:
        try:
            piece = response.read1(min(CHUNK, end - there))
        except (HTTPException, OSError, ValueError) as error:
            what = f"cut off after {there} bytes ({type(error).__name__})"
            raise ValueError(f"{url}: {what}; {again}") from None
        if not piece:
            if said.total is not None:
                raise ValueError(f"{url}: cut off after {there} of {said.total} bytes; {again}")
            return
        there += len(piece)
        yield piece
        if (now := time.monotonic()) - start > PATIENCE:
            if there - since < LEAST:
                raise ValueError(f"{url}: {there - since} bytes in {PATIENCE:.0f} s; {again}, or fetch it yourself")
            start, since = now, there
    if said.total is None:
        what = f"more than {UNKNOWN:,} bytes, and the server does not say how many there are"
        raise ValueError(f"{url}: {what}; fetch it yourself and name its `folder`")


def phrase(status: int) -> str:
    """What a status means, in our words rather than the server's."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "no known status"


def filled(url: str) -> str:
    """The address of a URL of the configuration, in which `${NAME}` is an environment variable."""
    for name in VARIABLE.findall(url):
        if not os.environ.get(name):
            raise ValueError(f"{url}: the environment variable {name} is not set; export it and run this again")
        keep_secret(os.environ[name].strip())
    return VARIABLE.sub(lambda found: os.environ[found[1]].strip(), url)


def mirrored_url(entry: dict[str, Any], mirror: str) -> Path:
    """The file of a URL as `wget --force-directories` lays it out: <mirror>/<host>/<path>. Raises ValueError."""
    url = entry["url"]
    address = urlsplit(url)
    root = Path(mirror, address.netloc)
    path = root / address.path.lstrip("/")
    if not address.netloc.strip(".") or ".." in path.parts[len(Path(mirror).parts) :]:
        raise ValueError(f"{url}: leads out of the mirror {mirror}; fix the URL")
    if not path.is_file():
        command = f"wget --force-directories --directory-prefix {mirror} {url}"
        raise ValueError(f"{url}: not in the mirror {mirror}; where there is a network: {command}")
    if not path.resolve().is_relative_to(
        Path(mirror).resolve() / address.netloc
    ):  # our rights to read, not its maker's
        raise ValueError(f"{url}: a link out of the mirror, to {path.resolve()}; copy the file into it")
    return path.resolve()
