"""Starts the real servers on free loopback ports, and makes accounts on them."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.peers import install

PASSWORD = "a-long-password"
BOOT_SECONDS = 60
_numbers = count(1)


@dataclass
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def get(self, path: str, token: str = "") -> Any:
        return self._call(urllib.request.Request(self.url + path), token)

    def post(self, path: str, body: Any, token: str = "") -> Any:
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), method="POST")
        request.add_header("Content-Type", "application/json")
        return self._call(request, token)

    def _call(self, request: urllib.request.Request, token: str) -> Any:
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")


@dataclass
class Account:
    """An account on the PDS, seen from outside the product."""

    server: Server
    handle: str
    did: str
    token: str
    app_password: str

    def records(self) -> list[dict[str, Any]]:
        """Return the posts that the server holds, oldest first: the judge of every test."""
        query = f"repo={self.did}&collection=app.bsky.feed.post&limit=100&reverse=true"
        return list(self.server.get(f"/xrpc/com.atproto.repo.listRecords?{query}")["records"])


def free_ports(number: int) -> list[int]:
    """Return loopback ports that nobody listens on."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [listener.getsockname()[1] for listener in listeners]


def make_account(pds: Server) -> Account:
    """Make an account with an app password."""
    handle = f"acme{next(_numbers)}.test"
    body = {"email": f"{handle}@example.com", "handle": handle, "password": PASSWORD}
    made = pds.post("/xrpc/com.atproto.server.createAccount", body)
    token = made["accessJwt"]
    app = pds.post("/xrpc/com.atproto.server.createAppPassword", {"name": "collab"}, token)
    return Account(pds, handle, made["did"], token, app["password"])


@contextmanager
def pds(folder: Path, *, rate_limits: bool = False) -> Iterator[Server]:
    """Run a PDS with its own directory of identities."""
    install.install()
    plc_port, port = free_ports(2)
    script = Path(__file__).parent / "pds.mjs"
    arguments = [str(folder), str(plc_port), str(port), "on" if rate_limits else "off"]
    environment = {**os.environ, "PEERS_MODULES": str(install.modules()), "LOG_ENABLED": "false"}
    command = [str(install.node()), str(script), *arguments]
    with _running(command, environment, folder / "pds.log", port, "/xrpc/_health") as server:
        yield server


@contextmanager
def mastodon(folder: Path) -> Iterator[Server]:
    """Run mastodon-mock, an emulator of Mastodon's API with a memory of its own."""
    (port,) = free_ports(1)
    config = folder / "mastodon.toml"
    config.write_text(
        '[[seed.accounts]]\nusername = "acme"\naccess_token = "acme-token"\n'
        '[[seed.accounts]]\nusername = "reader"\naccess_token = "reader-token"\n'
    )
    arguments = [
        "serve",
        "--in-memory",
        "--port",
        str(port),
        "--config",
        str(config),
        "--log-level",
        "warning",
    ]
    command = [sys.executable, "-W", "ignore", "-m", "mastodon_mock", *arguments]
    with _running(command, dict(os.environ), folder / "mastodon.log", port, "/api/v1/instance") as server:
        yield server


@dataclass
class OidcServer(Server):
    """A running OpenID Connect provider, and the file of people whom it knows."""

    people: Path

    def knows(self, **people: dict[str, Any]) -> None:
        """Say whom the provider lets in, and what it asserts about them."""
        known = json.loads(self.people.read_text())
        self.people.write_text(json.dumps(known | people))

    def sign_in(self, address: str, who: str) -> str:
        """Go where a browser was sent, sign in there, and return the address that leads back."""
        jar = urllib.request.HTTPCookieProcessor()
        opener = urllib.request.build_opener(jar, _Standing())
        page = opener.open(address, timeout=20)
        for _hop in range(6):
            where = page.headers.get("Location")
            if where is None:
                raise AssertionError(page.read().decode()[:500])
            where = urllib.parse.urljoin(page.url, where)
            if not where.startswith(self.url):
                return where
            page = opener.open(f"{where}?as={who}" if "/sign-in/" in where else where, timeout=20)
        raise AssertionError("the provider leads nowhere")


class _Standing(urllib.request.HTTPRedirectHandler):
    """Follows no redirect by itself."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp

    http_error_301 = http_error_303 = http_error_307 = http_error_302


@contextmanager
def oidc(folder: Path, *addresses: str) -> Iterator[OidcServer]:
    """Run a certified OpenID Connect provider that leads back to these addresses."""
    modules = install.install_oidc()
    (port,) = free_ports(1)
    people = folder / "people.json"
    people.write_text("{}")
    command = [
        str(install.node()),
        str(Path(__file__).parent / "oidc.mjs"),
        str(folder),
        str(port),
        *addresses,
    ]
    environment = {**os.environ, "PEERS_MODULES": str(modules)}
    with _running(command, environment, folder / "oidc.log", port, "/health") as server:
        yield OidcServer(server.port, server.process, people)


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], log: Path, port: int, health: str
) -> Iterator[Server]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=log.parent)
    server = Server(port, process)
    try:
        _await(server, health, log)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _await(server: Server, path: str, log: Path) -> None:
    until = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < until:
        assert server.process.poll() is None, log.read_text()[-3000:]
        try:
            server.get(path)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"no answer within {BOOT_SECONDS} s: {log.read_text()[-3000:]}")
