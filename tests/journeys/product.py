"""The whole product with its demo, as a person starts it, and a program that speaks to it over REST."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.processes import descendants

ROOT = Path(__file__).resolve().parents[2]
UP_SECONDS = 240
STOP_SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers, and the body as JSON or text."""

    status: int
    headers: dict[str, str]
    body: Any


def ask(
    method: str, url: str, body: Any = None, *, token: str = "", headers: dict[str, str] | None = None
) -> Answer:
    """Send one request, JSON in and, where it is JSON, JSON out."""
    sent = {"Accept": "application/json", **(headers or {})}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    content = None
    if body is not None:
        sent["Content-Type"] = "application/json"
        content = json.dumps(body).encode()
    request = urllib.request.Request(url, data=content, method=method, headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return _read(answer.status, answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _read(refusal.code, refusal)


def _read(status: int, answer: Any) -> Answer:
    content = answer.read()
    is_json = "json" in answer.headers.get("Content-Type", "")
    return Answer(status, dict(answer.headers), json.loads(content) if is_json else content.decode())


@dataclass
class Product:
    """One running product."""

    process: "subprocess.Popen[bytes]"
    data: Path
    port: int
    output: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()
        return "Collab is up" in self.output.read_text()

    def manage(self, *words: str) -> str:
        """Run a command as an operator does, against this run, and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", *words],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "COLLAB_DATA_DIR": str(self.data)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def token(self, email: str, workspace: str = "acme") -> str:
        return self.manage("api_token", email, "--workspace", workspace).strip()

    def logs(self) -> str:
        """Return the end of what each program wrote."""
        paths = sorted((self.data / "log").glob("*.log"))
        return "\n".join(f"== {path.name}\n{path.read_text()[-2000:]}" for path in paths)

    def stop(self) -> list[str]:
        """Send SIGTERM, wait, and return the commands of what is left."""
        below = descendants(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_SECONDS)
        return [process.command for process in below if process.is_alive]


def begin(place: Path, **environment: str) -> Product:
    """Start the product in a folder of its own, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(os.environ.get("COLLAB_JOURNEY_PORT") or probe.getsockname()[1])
    kept = {key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR", "PATH") if key in os.environ}
    own = {"PORT": str(port), "COLLAB_DATA_DIR": str(place / "var"), "COLLAB_WEB_WORKERS": "1"}
    output = place / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "collab.runtime", "up"],
            cwd=ROOT,
            env={**kept, **own, **environment},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Product(process, place / "var", port, output)


@dataclass(frozen=True)
class Program:
    """A program that bears somebody's token."""

    product: Product
    bearer: str
    workspace: str = "acme"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request to a path of the workspace."""
        url = f"{self.product.url}/api/v1/w/{self.workspace}/{path}"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(method, url, body, token=self.bearer, headers=sent)
