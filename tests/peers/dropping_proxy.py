"""Stands in front of a real server and loses what one tells it to: the answer, or the rest of an upload.

One request per connection, as the product's client makes them.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

DROP_ANSWER = "drop the answer"
CUT_UPLOAD = "cut the upload"


@dataclass
class DroppingProxy:
    """Forwards to a port; requests whose first line holds `match` meet the fault, `times` times.

    `on_fault` is called when the server has done its work and before the answer is lost.
    """

    upstream_port: int
    match: bytes = b""
    fault: str = ""
    times: int = 0
    on_fault: Callable[[], None] = lambda: None
    forwarded: list[bytes] = field(default_factory=list)
    faulted: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lose(self, fault: str, match: bytes, times: int = 1) -> None:
        """Let the next requests that match meet the fault."""
        self.fault, self.match, self.times = fault, match, times

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in [self._accepting, *self._threads]:
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            client.settimeout(30)
            head, body = _read_head(client)
            line = head.split(b"\r\n", 1)[0]
            is_faulted = bool(self.fault) and self.times > 0 and self.match in line
            if is_faulted:
                self.times -= 1
                self.faulted.append(line)
            else:
                self.forwarded.append(line)
            if is_faulted and self.fault == CUT_UPLOAD:
                self._forward(head + body[: len(body) // 2], wait=False)
                _reset(client)
                return
            body += _read_rest(client, head, body)
            answer = self._forward(head + body, wait=True)
            if is_faulted:
                self.on_fault()
                _reset(client)
            else:
                client.sendall(answer)

    def _forward(self, request: bytes, *, wait: bool) -> bytes:
        """Give the request to the server and return its whole answer; it closes after one."""
        with socket.create_connection(("127.0.0.1", self.upstream_port), timeout=30) as server:
            server.sendall(request)
            if not wait:
                _reset(server)
                return b""
            parts = []
            while chunk := server.recv(65536):
                parts.append(chunk)
            return b"".join(parts)


def _read_head(sock: socket.socket) -> tuple[bytes, bytes]:
    content = b""
    while b"\r\n\r\n" not in content:
        chunk = sock.recv(65536)
        if not chunk:
            raise OSError("closed before the head ended")
        content += chunk
    head, _, body = content.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", body


def _read_rest(sock: socket.socket, head: bytes, body: bytes) -> bytes:
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    left = int(fields.get(b"content-length", b"0")) - len(body)
    parts = []
    while left > 0:
        chunk = sock.recv(min(left, 65536))
        if not chunk:
            break
        parts.append(chunk)
        left -= len(chunk)
    return b"".join(parts)


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
