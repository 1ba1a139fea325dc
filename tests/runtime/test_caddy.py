"""The one door: what it passes on, strips, compresses and caches."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from collab.runtime.process import Launch, stop
from collab.runtime.programs import CADDYFILE, script
from tests.support.processes import eventually

pytestmark = pytest.mark.runtime


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that reached it."""

    def do_GET(self) -> None:
        body = (
            json.dumps({name.lower(): value for name, value in self.headers.items()}).encode() + b" " * 2000
        )
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def door(tmp_path_factory) -> Iterator[int]:
    """Caddy with the product's file before a server that echoes; gives its port."""
    place = tmp_path_factory.mktemp("caddy")
    (place / "static").mkdir()
    (place / "static" / "app.0123456789ab.css").write_text("a{}" * 1000)
    (place / "static" / "app.css").write_text("a{}")
    (place / "static" / ".hidden").write_text("no")
    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, daemon=True).start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "COLLAB_SITE": f"http://:{port}",
        "COLLAB_LISTEN": "127.0.0.1",
        "COLLAB_WEB": f"127.0.0.1:{echo.server_port}",
        "COLLAB_LIVE": f"127.0.0.1:{echo.server_port}",
        "COLLAB_STATIC": str(place / "static"),
        "XDG_DATA_HOME": str(place),
        "XDG_CONFIG_HOME": str(place),
    }
    argv = [script("caddy"), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    with (place / "log").open("wb") as log:
        caddy = Launch(argv, env=environment).spawn(log.fileno())
    try:
        eventually(lambda: _listens(port), 20, "caddy listens")
        yield port
    finally:
        stop(caddy, Launch([]).stop_signal, 10)
        echo.shutdown()
        echo.server_close()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def get(port: int, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    link = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", path, headers={name.replace("__", "-"): value for name, value in headers.items()})
        answer = link.getresponse()
        return answer, answer.read()
    finally:
        link.close()


def test_forged_origin_headers_do_not_reach_the_application(door: int):
    forged = {
        "X__Forwarded__For": "6.6.6.6",
        "X__Forwarded__Proto": "https",
        "X__Real__IP": "6.6.6.6",
        "Forwarded": "for=6.6.6.6",
        "X_Forwarded_For": "6.6.6.6",
        "X_Forwarded_Proto": "https",
        "Remote__User": "ana",
        "X__Forwarded__User": "ana",
    }

    _answer, body = get(door, "/", **forged)
    seen = json.loads(body)

    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "http"
    assert "6.6.6.6" not in body.decode()
    assert {name for name in seen if "_" in name} == set()
    assert not {"remote-user", "x-forwarded-user", "forwarded", "x-real-ip"} & seen.keys()


def test_pages_are_compressed_and_name_no_server(door: int):
    answer, body = get(door, "/", Accept__Encoding="gzip")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"x-forwarded-for" in gzip.decompress(body)
    assert answer.headers["Server"] is None
    assert answer.headers["Via"] is None


def test_live_streams_are_not_held_back_by_compression(door: int):
    answer, _body = get(door, "/live/acme/", Accept__Encoding="gzip")

    assert answer.headers["Content-Encoding"] is None


@pytest.mark.parametrize(
    ("name", "caching"),
    [("app.0123456789ab.css", "public, max-age=31536000, immutable"), ("app.css", "no-cache")],
)
def test_only_hashed_names_are_cached_for_ever(door: int, name: str, caching: str):
    answer, _body = get(door, f"/static/{name}")

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == caching
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/static/.hidden", "/static/missing.css"])
def test_nothing_else_of_the_disk_is_served(door: int, path: str):
    answer, _body = get(door, path)

    assert answer.status == 404


def test_a_path_cannot_climb_out_of_the_static_folder(door: int):
    _answer, body = get(door, "/static/%2e%2e/log")

    assert "host" in json.loads(body)
