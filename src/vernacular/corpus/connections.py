"""Connections on which a server has only so much time for its headers, all of them together.

A socket limits the time between two pieces, so a server that sends a byte a second would hold a job for ever.
"""

import socket
import threading
import urllib.request
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any

HEADERS = 60.0  # seconds (our choice)


class TooSlow(HTTPException):
    """The headers were not whole after HEADERS seconds: they came in drops, or after endless `100 Continue`."""


class Hurried(HTTPConnection):
    """A connection that ends with TooSlow."""

    def getresponse(self) -> HTTPResponse:
        ended = threading.Event()
        timer = threading.Timer(HEADERS, end, [self.sock, ended])
        timer.daemon = True
        timer.start()
        try:
            response = super().getresponse()
        finally:
            timer.cancel()
            if ended.is_set():
                raise TooSlow
        return response


class HurriedHttps(Hurried, HTTPSConnection):
    """The same with TLS."""


def end(connection: socket.socket, ended: threading.Event) -> None:
    ended.set()
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class Http(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(Hurried, request)


class Https(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(HurriedHttps, request)
