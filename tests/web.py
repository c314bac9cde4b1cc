"""A small web server for tests: files in memory, in ranges or not, slow, failing or changing as a test wants it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator


class WebServer:
    """What a test sees of the server.

    Attributes
    ----------
    files : dict
        Content by path ("/a.nwb").
    tags : dict
        ETag by path, of files that have one.
    redirects : dict
        Where a path leads.
    forbidden : set
        Paths, with what is behind their question mark, that are answered with 403.
    statuses : list of int
        What the next requests are answered with in place of the file; -1 for a connection that ends half-way.
    requests : list of (str, str, int)
        Method, path, and bytes sent, of each request.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        self.redirects: dict[str, str] = {}
        self.statuses: list[int] = []
        self.forbidden: set[str] = set()
        self.requests: list[tuple[str, str, int]] = []
        self.headers: list[dict[str, str]] = []
        self.has_ranges = True
        self.has_lengths = True
        self.latency = 0.0
        self.address = ""

    def url(self, path: str) -> str:
        return self.address + path

    @property
    def sent(self) -> int:
        """Bytes of files that were sent."""
        return sum(size for _, _, size in self.requests)

    def forget(self) -> None:
        """Count from now on."""
        self.requests.clear()
        self.headers.clear()


@contextmanager
def serving() -> Generator[WebServer]:
    """A server on a free port of this machine, for as long as the block lasts."""
    state = WebServer()
    handler = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: WebServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        import socket

        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer(send=False)

    def do_GET(self) -> None:
        self._answer(send=True)

    def _answer(self, *, send: bool) -> None:
        state, path = self.state, self.path.partition("?")[0]
        state.headers.append({name.lower(): value for name, value in self.headers.items()})
        time.sleep(state.latency)
        status = state.statuses.pop(0) if send and state.statuses else 0
        if self.path in state.redirects or path in state.redirects:
            self._end(302, {"Location": state.redirects.get(self.path) or state.redirects[path]})
        elif status > 0 or self.path in state.forbidden:
            self._end(status or 403, {})
        elif path not in state.files:
            self._end(404, {})
        else:
            self._send_file(path, send=send, breaks=status < 0)

    def _send_file(self, path: str, *, send: bool, breaks: bool) -> None:
        state, content = self.state, self.state.files[path]
        headers = {"ETag": state.tags[path]} if path in state.tags else {}
        wanted, status, data = self.headers.get("Range"), 200, content
        if wanted and state.has_ranges:
            first, last = wanted.removeprefix("bytes=").split("-")
            start, stop = int(first), min(int(last or len(content) - 1) + 1, len(content))
            if start >= len(content):
                self._end(416, {"Content-Range": f"bytes */{len(content)}"})
                return
            status, data = 206, content[start:stop]
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        if state.has_ranges:
            headers["Accept-Ranges"] = "bytes"
        if state.has_lengths:
            headers["Content-Length"] = str(len(data))
        else:
            self.close_connection = True
        self._start(status, headers)
        if send:
            sent = data[: len(data) // 2] if breaks else data
            state.requests.append((self.command, path, len(sent)))
            self._write(sent)
            self.close_connection |= breaks
        else:
            state.requests.append((self.command, path, 0))

    def _write(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):  # whoever asked has seen enough
            self.close_connection = True

    def _end(self, status: int, headers: dict[str, str]) -> None:
        self.state.requests.append((self.command, self.path, 0))
        self._start(status, {**headers, "Content-Length": "0"})

    def _start(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
