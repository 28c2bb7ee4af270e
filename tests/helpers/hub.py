"""A hub of one's own for tests: an HTTP server with the few answers that the hub's client asks for."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT, LATER = "a" * 40, "b" * 40


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


class Hub:
    """files: path -> bytes of the one repository owner/name at COMMIT, where `main` points to; url: of the server.

    gated, cut (bytes after which an answer ends), wrong (a file that is served with other bytes, or with one less than
    its signed address promises) and refusals (the statuses of the next answers, one each; 0 for what is right) spoil
    it. asked: the ranges of bytes that were asked for. signed: where it is set, files are fetched from addresses below
    /plain/ with this query. echo: a header, or `reason`, in which the token comes back. headers: in the place of those
    of a file. Plain files, for downloads by URL, stand there, too; queries: those of their addresses.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.main, self.gated, self.cut, self.wrong = files, COMMIT, False, 0, ""
        self.asked: list[str | None] = []
        self.refusals: list[int] = []
        self.queries: list[str] = []
        self.signed = self.url = self.echo = ""
        self.headers: dict[str, str] = {}

    def entry(self, name: str) -> dict[str, Any]:
        data = self.files[name]
        large = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 100}
        more = {"lfs": large} if name.endswith((".safetensors", ".parquet")) else {}
        return {"rfilename": name, "size": len(data), "blobId": git_sha1(data), **more}


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    wbufsize = -1  # head and body in one packet

    def log_message(self, *_: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.hub.refusals and (status := self.hub.refusals.pop(0)):
            return self.refuse(status, "")
        path = unquote(urlsplit(self.path).path).strip("/").removeprefix("datasets/").split("/")
        if path[0] == "plain":
            self.hub.queries.append(urlsplit(self.path).query)
            return self.file("/".join(path[1:]))
        if self.hub.gated:
            return self.refuse(403, "GatedRepo")
        if path[0] == "api":  # /api/models/owner/name/revision/<revision>
            if path[2:4] != ["owner", "name"]:
                return self.refuse(404, "RepoNotFound")
            commit = self.hub.main if path[5] == "main" else path[5]
            if commit not in (COMMIT, self.hub.main):
                return self.refuse(404, "RevisionNotFound")
            siblings = [self.hub.entry(name) for name in self.hub.files]
            return self.answer(json.dumps({"id": "owner/name", "sha": commit, "siblings": siblings}).encode(), {})
        return self.file("/".join(path[4:]))  # /owner/name/resolve/<commit>/<file>

    @property
    def token(self) -> str:
        """What came as Authorization, if it is to be sent back."""
        return self.headers.get("Authorization", "none").removeprefix("Bearer ") if self.hub.echo else ""

    def refuse(self, status: int, code: str) -> None:
        self.send_response(status, f"no {self.token}" if self.hub.echo == "reason" else None)
        self.send_header("X-Error-Code", code)
        if self.hub.echo not in ("", "reason"):
            self.send_header(self.hub.echo, self.token)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def file(self, name: str) -> None:
        if name not in self.hub.files:
            return self.refuse(404, "EntryNotFound")
        data = self.hub.files[name]
        entry = self.hub.entry(name)
        etag = entry["lfs"]["sha256"] if "lfs" in entry else entry["blobId"]
        data = data[::-1] if name == self.hub.wrong else data
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT} | self.hub.headers
        if self.hub.echo not in ("", "reason"):
            headers[self.hub.echo] = self.token
        if self.command == "HEAD" and self.hub.signed:  # at another host, as the hub does it
            there = f"{self.hub.url.replace('127.0.0.1', 'localhost')}/plain/{name}?{self.hub.signed}"
            size = len(data) + (name == self.hub.wrong)
            return self.answer(data, headers | {"Location": there, "X-Linked-Size": str(size)}, 302)
        return self.answer(data, headers)

    def answer(self, data: bytes, headers: dict[str, str], status: int = 200) -> None:
        asked, total = self.headers.get("Range"), len(data)
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        if self.command == "GET" and headers:
            self.hub.asked.append(asked)
        self.send_response(206 if asked else status)
        headers = headers | ({"Content-Range": f"bytes {start}-{total - 1}/{total}"} if asked else {})
        for key, value in (headers | {"Content-Length": str(total - start)}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data[start:][: self.hub.cut or None] if headers else data)


@contextmanager
def serve(hub: Hub) -> Iterator[Hub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
