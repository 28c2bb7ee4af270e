"""As much of a hub as a push needs, for the hub's own client: it makes a repository and takes commits."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


class PushHub(BaseHTTPRequestHandler):
    """Takes every file in the commit itself."""

    seen: list[tuple[str, str, bytes]] = []  # path, authorization and body of each request
    mode = "regular"  # how files come; by "lfs", to a signed address which then refuses them

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        PushHub.seen.append((self.path, self.headers["Authorization"], body))
        answer: dict[str, Any] = {}
        if self.path.endswith("/repos/create"):
            answer = {"url": f"http://{self.headers['Host']}/me/adamame"}
        elif "/preupload/" in self.path:
            files = json.loads(body)["files"]
            answer = {"files": [{"path": f["path"], "uploadMode": PushHub.mode, "shouldIgnore": False} for f in files]}
        elif self.path.endswith("/lfs/objects/batch"):
            to = f"http://{self.headers['Host']}/store/file?X-Amz-Signature=planted-7b1e4"
            objects = [{**one, "actions": {"upload": {"href": to}}} for one in json.loads(body)["objects"]]
            answer = {"transfer": "basic", "objects": objects}
        elif "/commit/" in self.path:
            answer = {
                "success": True,
                "commitOid": "0" * 40,
                "commitUrl": f"http://{self.headers['Host']}/me/adamame/commit/0",
            }
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def do_PUT(self) -> None:
        PushHub.seen.append((self.path, "", self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(403)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serve_pushes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str, bytes]]]:
    """A hub that runs meanwhile and to which pushes go, with a token: the list of what it has seen."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), PushHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    PushHub.seen = []
    try:
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        yield PushHub.seen
    finally:
        server.shutdown()
        server.server_close()


def created(seen: list[tuple[str, str, bytes]]) -> dict[str, Any]:
    """What the one request for a repository asked for."""
    [body] = [body for path, _, body in seen if path.endswith("/repos/create")]
    return json.loads(body)


def committed(seen: list[tuple[str, str, bytes]]) -> tuple[str, dict[str, Any], dict[str, bytes]]:
    """(path of the request, head of the commit, file -> bytes) of the one commit."""
    [(path, body)] = [(path, body) for path, _, body in seen if "/commit/" in path]
    lines = [json.loads(line) for line in body.splitlines()]
    [head] = [line["value"] for line in lines if line["key"] == "header"]
    files = [line["value"] for line in lines if line["key"] == "file"]
    return path, head, {file["path"]: base64.b64decode(file["content"]) for file in files}
