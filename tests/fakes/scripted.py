"""A server that answers from a script: for each method and path the answers in order, the last one again and again."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """Status, body (JSON, or text as it is) and headers of one answer."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class ScriptedServer:
    """Listens on a free loopback port; what the script does not name answers 404 with an HTML page."""

    def __init__(self) -> None:
        self.script: dict[tuple[str, str], list[Answer]] = {}
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, method: str, path: str, *answers: Answer) -> None:
        """Say how a method on a path is answered."""
        self.script[method, path] = list(answers)

    def requests(self, method: str, path: str) -> list[Asked]:
        """Return what was asked of a path."""
        return [asked for asked in self.asked if (asked.method, asked.path) == (method, path)]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        answers = self.script.get((asked.method, asked.path))
        if not answers:
            return Answer(404, "<!doctype html><title>Not found</title>")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = scripted._answer(Asked(self.command, parts.path, parts.query, headers, body))
                is_text = isinstance(answer.body, str)
                content = answer.body.encode() if is_text else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                self.send_header(
                    "Content-Type", "text/html" if is_text else "application/json; charset=utf-8"
                )
                self.send_header("Content-Length", str(len(content)))
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def do_GET(self) -> None:
                self._serve()

            def do_POST(self) -> None:
                self._serve()

            def do_DELETE(self) -> None:
                self._serve()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
