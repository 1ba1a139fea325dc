"""A small TCP server that misbehaves on purpose: one behaviour per server, one thread per connection."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

PATIENCE_SECONDS = 5

Behaviour = Callable[[socket.socket, "FaultServer"], None]


class FaultServer:
    """Listens on a free loopback port and keeps what every connection received."""

    def __init__(self, behave: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[bytes] = []
        self.connections = 0
        self.is_over = threading.Event()
        self._behave = behave
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        """Return where the server is."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """Return host:port as an operator would allow it."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in [self._accepting, *self._threads]:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(5)
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(sock.close)
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                stack.callback(sock.close)
            self._behave(sock, self)


def read_request(sock: socket.socket, server: FaultServer) -> bytes:
    """Read one whole request (head and announced body) and keep it."""
    content = b""
    while b"\r\n\r\n" not in content:
        chunk = sock.recv(65536)
        if not chunk:
            break
        content += chunk
    head, _, body = content.partition(b"\r\n\r\n")
    length = next((int(v) for n, v in _fields(head) if n == b"content-length"), 0)
    pieces, got = [body], len(body)
    while got < length:
        chunk = sock.recv(65536)
        if not chunk:
            break
        pieces.append(chunk)
        got += len(chunk)
    request = head + b"\r\n\r\n" + b"".join(pieces)
    server.received.append(request)
    return request


def answering(*answers: bytes) -> Behaviour:
    """Answer the first request with the first answer and so on; the last one repeats."""
    left = list(answers)

    def behave(sock: socket.socket, server: FaultServer) -> None:
        read_request(sock, server)
        sock.sendall(left.pop(0) if len(left) > 1 else left[0])

    return behave


def dripping(start: bytes, drop: bytes, every_seconds: float) -> Behaviour:
    """Read the request, send `start`, then `drop` again and again, slowly, until the server is closed or gives up."""

    def behave(sock: socket.socket, server: FaultServer) -> None:
        read_request(sock, server)
        sock.sendall(start)
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end and not server.is_over.wait(every_seconds):
            sock.sendall(drop)

    return behave


def reset(sock: socket.socket, server: FaultServer) -> None:
    """Send a RST at once, having read nothing."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def read_then_reset(sock: socket.socket, server: FaultServer) -> None:
    """Take the whole request, then send a RST."""
    read_request(sock, server)
    reset(sock, server)


def read_then_close(sock: socket.socket, server: FaultServer) -> None:
    """Take the whole request, then close in order without a word."""
    read_request(sock, server)


def read_little_then_reset(sock: socket.socket, server: FaultServer) -> None:
    """Take a few bytes of the request, then send a RST while the rest is under way."""
    server.received.append(sock.recv(10))
    reset(sock, server)


def black_hole(sock: socket.socket, server: FaultServer) -> None:
    """Take nothing and say nothing."""
    server.is_over.wait(PATIENCE_SECONDS)


def swallowing(sock: socket.socket, server: FaultServer) -> None:
    """Take the whole request and say nothing."""
    read_request(sock, server)
    server.is_over.wait(PATIENCE_SECONDS)


def answer(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """Write an answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """Give a loopback port that is bound, so nobody else takes it, and refuses connections."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        yield name.strip().lower(), value.strip()
