"""Row 6 as a browser meets it: two servers of one worker each, asked in turns over kept connections."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONNECTIONS = 4
REQUESTS = 60
START_SECONDS = 60


def application(kind: str) -> Any:
    """Return the product's handler with the page that does nothing, or (`plain`) Django's with six middlewares.

    For the servers, which import `bench.serving_floor` or `bench.serving_plain`.
    """
    import django

    django.setup()
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler

    from bench.pages import SIX

    settings.ROOT_URLCONF = "bench.urls"
    settings.ALLOWED_HOSTS = ["*"]
    if kind == "plain":
        settings.MIDDLEWARE = SIX
    return WSGIHandler()


@contextmanager
def server(kind: str, environment: Mapping[str, str]) -> Iterator[int]:
    """Run a server of one worker as production does, and give its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", str(CONNECTIONS), f"bench.serving_{kind}:application"),
    ]
    process = subprocess.Popen(  # noqa: S603  # our own command line
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def asker(port: int, path: str, cookie: str) -> Callable[[], None]:
    """Return a body that sends `CONNECTIONS` times `REQUESTS` requests, each connection its share after each other."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()
    links = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]

    def share(link: socket.socket) -> None:
        for _ in range(REQUESTS):
            link.sendall(request)
            _read(link)

    def ask() -> None:
        threads = [threading.Thread(target=share, args=[link]) for link in links]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return ask


def _read(link: socket.socket) -> None:
    found = link.recv(65536)
    while b"\r\n\r\n" not in found:
        found += link.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += link.recv(65536)


def _wait(port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not start")
