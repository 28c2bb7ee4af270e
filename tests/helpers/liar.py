"""A server of one file that lies in the ways of LIES, over a socket, so that it can say what no library would.

An honest server has versions of a file, the last of which it serves whole or from the byte that is asked for, each with
an ETag of its own. A lie is drawn for each request.
"""

import contextlib
import gzip
import random
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator

ENDLESS = 1 << 22  # bytes after which even an endless answer ends: over all limits of a test
PAGE = b"<html><form>log in</form></html>"
Reply = Callable[["Liar", "Request"], bytes]
LIES: dict[str, Reply] = {}


class Request:
    def __init__(self, head: bytes) -> None:
        self.target = head.split(b" ")[1].decode("latin-1")
        self.headers = {
            name.lower(): value.strip()
            for name, value in re.findall(r"\r\n([\w-]+):([^\r\n]*)", head.decode("latin-1"))
        }
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        self.start = int(found[1]) if found else None

    @property
    def secret(self) -> str:
        """What a server could send back: the login, or the query of the address."""
        return self.headers.get("authorization") or self.target.partition("?")[2]


class Liar:
    """versions: the bytes of the file; lies: of the next requests, then it is honest; told: those told;
    asked: what came."""

    def __init__(self, rng: random.Random, data: bytes) -> None:
        self.rng, self.versions, self.url = rng, [data], ""
        self.lies: list[str] = []
        self.told: list[str] = []
        self.asked: list[Request] = []

    @property
    def data(self) -> bytes:
        return self.versions[-1]

    def etag(self) -> str:
        return f'"version-{len(self.versions)}"'

    def part(self) -> int:
        """A number of bytes, fewer than there are."""
        return self.rng.randrange(len(self.data))

    def serve_one(self, connection: socket.socket) -> None:
        head = b""
        connection.settimeout(5)
        while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
            head += more
        if not head:
            return
        request = Request(head)
        self.asked.append(request)
        lie = self.lies.pop(0) if self.lies else "honest"
        self.told.append(lie)
        reply = LIES[lie](self, request)
        if lie == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(reply)


def lie(reply: Reply) -> Reply:
    LIES[reply.__name__.replace("_", " ")] = reply
    return reply


def said(status: str, headers: dict[str, object], body: bytes = b"", length: object = ...) -> bytes:
    """An answer; length: its Content-Length, the body's own by default, None for none."""
    if length is not None:
        headers = {**headers, "Content-Length": len(body) if length is ... else length}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + end


def ranged(liar: Liar, request: Request, body: bytes, first: int, last: int, total: object, **more: object) -> bytes:
    headers = {"ETag": liar.etag(), "Content-Range": f"bytes {first}-{last}/{total}"}
    return said("206 Partial Content", {**headers, **more}, body)


@lie
def honest(liar: Liar, request: Request) -> bytes:
    start, total = request.start, len(liar.data)
    if start is None or request.headers.get("if-range", liar.etag()) != liar.etag():
        return said("200 OK", {"ETag": liar.etag()}, liar.data)
    if start >= total:
        return said("416 Range Not Satisfiable", {"Content-Range": f"bytes */{total}"})
    return ranged(liar, request, liar.data[start:], start, total - 1, total)


@lie
def honest_in_chunks(liar: Liar, request: Request) -> bytes:
    return said("200 OK", {"ETag": liar.etag(), "Transfer-Encoding": "chunked"}, chunked(liar.data), None)


@lie
def cut(liar: Liar, request: Request) -> bytes:
    """What a broken connection leaves of an honest answer."""
    whole = honest(liar, request)
    head = whole.index(b"\r\n\r\n") + 4
    return whole[: head + liar.rng.randrange(max(len(whole) - head, 1))]


@lie
def cut_then_changed(liar: Liar, request: Request) -> bytes:
    reply = cut(liar, request)
    liar.versions.append(liar.rng.randbytes(liar.rng.choice([len(liar.data), liar.part() + 1, len(liar.data) + 7])))
    return reply


@lie
def a_part_of_the_new_file(liar: Liar, request: Request) -> bytes:
    """If-Range means nothing to it."""
    start = min(request.start or 0, len(liar.data) - 1)
    return ranged(liar, request, liar.data[start:], start, len(liar.data) - 1, len(liar.data))


@lie
def a_part_under_the_old_name(liar: Liar, request: Request) -> bytes:
    """The ETag that was asked for, with a file of another length."""
    start, total = request.start or 0, len(liar.data) + 1 + liar.part()
    body = liar.rng.randbytes(max(total - start, 0))
    more = {"ETag": request.headers.get("if-range", liar.etag())}
    return ranged(liar, request, body, start, total - 1, total, **more)


@lie
def a_part_from_the_start(liar: Liar, request: Request) -> bytes:
    return ranged(liar, request, liar.data, 0, len(liar.data) - 1, len(liar.data))


@lie
def a_part_without_its_place(liar: Liar, request: Request) -> bytes:
    return said("206 Partial Content", {"ETag": liar.etag()}, liar.data[liar.part() :])


@lie
def a_part_with_a_wrong_place(liar: Liar, request: Request) -> bytes:
    start, total = request.start or 0, len(liar.data)
    first = start + liar.rng.choice([-1, 1, 100])
    return ranged(liar, request, liar.data[max(first, 0) :], first, total - 1, total)


@lie
def a_part_of_an_unknown_length(liar: Liar, request: Request) -> bytes:
    start = request.start or 0
    end = min(start + 10, len(liar.data))
    return ranged(liar, request, liar.data[start:end], start, end - 1, "*")


@lie
def a_part_that_ends_early(liar: Liar, request: Request) -> bytes:
    start = request.start or 0
    end = min(start + 10, len(liar.data))
    return ranged(liar, request, liar.data[start:end], start, end - 1, liar.rng.choice([end, len(liar.data)]))


@lie
def a_part_in_other_units(liar: Liar, request: Request) -> bytes:
    headers = {"ETag": liar.etag(), "Content-Range": f"lines {request.start or 0}-9/10"}
    return said("206 Partial Content", headers, liar.data[liar.part() :])


@lie
def a_part_in_several_parts(liar: Liar, request: Request) -> bytes:
    headers = {"ETag": liar.etag(), "Content-Type": "multipart/byteranges; boundary=x"}
    return said("206 Partial Content", headers, b"--x\r\n\r\n" + liar.data + b"\r\n--x--")


@lie
def short_without_a_length(liar: Liar, request: Request) -> bytes:
    return said("200 OK", {"ETag": liar.etag()}, liar.data[: liar.part()], None)


@lie
def short_in_chunks(liar: Liar, request: Request) -> bytes:
    body = chunked(
        liar.data[: liar.part()], liar.rng.choice([b"", b"ff\r\nabc", b"zz\r\n", b"-5\r\n", b"0"[:0] + b"\r\n"])
    )
    return said("200 OK", {"ETag": liar.etag(), "Transfer-Encoding": "chunked"}, body, None)


@lie
def a_wrong_length(liar: Liar, request: Request) -> bytes:
    length = liar.rng.choice(
        [len(liar.data) + 1 + liar.part(), "-1", "many", "1e3", "", "9" * 30, 10**17, "0x10", "+5"]
    )
    return said("200 OK", {"ETag": liar.etag()}, liar.data, length)


@lie
def two_lengths(liar: Liar, request: Request) -> bytes:
    return said("200 OK", {}, liar.data, liar.part()).replace(
        b"Connection:", b"content-length: %d\r\nConnection:" % len(liar.data)
    )


@lie
def packed(liar: Liar, request: Request) -> bytes:
    coding = liar.rng.choice(["gzip", "br", "deflate", "zstd", "x-gzip", "GZIP", "identity, gzip"])
    return said("200 OK", {"ETag": liar.etag(), "Content-Encoding": coding}, gzip.compress(liar.data))


@lie
def packed_on_the_way(liar: Liar, request: Request) -> bytes:
    coding, body = liar.rng.choice(
        [("gzip", b""), ("gzip, chunked", b"0\r\n\r\n"), ("identity", b""), ("chunked, gzip", b"")]
    )
    headers = {"ETag": liar.etag(), "Transfer-Encoding": coding}
    return said("200 OK", headers, chunked(gzip.compress(liar.data), body), None)


@lie
def a_page_to_log_in(liar: Liar, request: Request) -> bytes:
    return said("200 OK", {"Content-Type": liar.rng.choice(["text/html", "TEXT/HTML; charset=utf-8"])}, PAGE)


@lie
def away(liar: Liar, request: Request) -> bytes:
    """A redirect to itself, or to what is no web page; with a body that nobody asked for."""
    itself = f"{liar.url}/other/file.tsv"
    there = liar.rng.choice(
        [itself, itself, "ftp://127.0.0.1:9/x", "file:///etc/passwd", "data:,abc", "//[", "http://[::1", "", "http://"]
        + [f"https://user:{request.secret}@127.0.0.1:9/x", f"gopher://{request.secret}", "http://127.0.0.1:99999/"]
    )
    status = liar.rng.choice(["301 Moved", "302 Found", "303 See", "307 There", "308 There", "300 Some", "304 Not"])
    return said(status, {"Location": there}, b"x" * liar.rng.choice([0, 0, 0, ENDLESS]))


@lie
def round_and_round(liar: Liar, request: Request) -> bytes:
    liar.lies[:0] = ["round and round"] * (len(liar.asked) < 40)
    return said("302 Found", {"Location": f"/again/{len(liar.asked)}"})


@lie
def another_status(liar: Liar, request: Request) -> bytes:
    status = liar.rng.choice(
        [201, 202, 203, 204, 205, 226, 299, 304, 400, 401, 403, 404, 407, 410, 416, 451, 500, 503, 999]
    )
    headers = {"WWW-Authenticate": request.secret, "X-Error-Message": request.secret}
    return said(f"{status} your {request.secret} is known", headers, request.secret.encode())


@lie
def an_echo(liar: Liar, request: Request) -> bytes:
    """The secret wherever an answer has room for it."""
    secret = request.secret
    return liar.rng.choice(
        [
            said(f"200 {secret}", {"ETag": f'"{secret}"', "X": secret}, liar.data[: liar.part()], len(liar.data)),
            said("200 OK", {"Content-Length": secret}, b"", None),
            f"HTTP/9.9 200 {secret}\r\n\r\n".encode(),
            f"{secret}\r\n\r\n".encode(),
            said("200 OK", {secret: secret, "Transfer-Encoding": secret}, b"", None),
            said("302 Found", {"Location": f"http://{secret}.example.invalid:{secret}/"}),
            said("200 OK", {"Transfer-Encoding": "chunked"}, f"{secret}\r\n".encode(), None),
        ]
    )


@lie
def endless(liar: Liar, request: Request) -> bytes:
    body = b"x" * ENDLESS
    return liar.rng.choice(
        [
            said("200 OK", {"Transfer-Encoding": "chunked"}, b"%x\r\n" % (ENDLESS * 2) + body, None),
            said("200 OK", {"Transfer-Encoding": "chunked"}, chunked(body), None),
            said("200 OK", {}, body, 10**15),
            said("200 OK", {}, body, None),
            said("404 Not Found", {}, body, 10**15),
        ]
    )


@lie
def endless_headers(liar: Liar, request: Request) -> bytes:
    return liar.rng.choice(
        [
            b"HTTP/1.1 200 OK\r\n" + b"X-More: x\r\n" * 100_000,
            b"HTTP/1.1 200 OK\r\nX-More: " + b"x" * ENDLESS,
            b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
            b"x" * ENDLESS,
        ]
    )


@lie
def no_http(liar: Liar, request: Request) -> bytes:
    return liar.rng.choice(
        [b"", b"\0" * 100, b"SSH-2.0-x\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\r\n\r\n"]
    )


@lie
def reset(liar: Liar, request: Request) -> bytes:
    return cut(liar, request)


@contextlib.contextmanager
def serve(liar: Liar) -> Iterator[Liar]:
    """The server, at `liar.url`, one request after another."""
    listening = socket.create_server(("127.0.0.1", 0))
    liar.url = f"http://127.0.0.1:{listening.getsockname()[1]}"

    def run() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection:  # the other side may hang up on a liar
                liar.serve_one(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield liar
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)
