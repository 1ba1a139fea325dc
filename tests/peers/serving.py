"""What strict peers share: a server on a free loopback port that answers one call after the other, and its forms."""

import json
import threading
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Request:
    """A call as it came; `form` and `files` are filled for multipart bodies."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")

    def parts(self) -> tuple[dict[str, str], dict[str, tuple[str, str, bytes]]]:
        """Return fields by name, and files by name with file name, type and content."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        fields, files = {}, {}
        for part in message_from_bytes(head + self.body, policy=HTTP).iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if part.get_filename():
                files[name] = (part.get_filename(), part.get_content_type(), content)
            else:
                fields[name] = content.decode()
        return fields, files


@dataclass(frozen=True)
class Reply:
    """Status, JSON and headers of an answer; no JSON at all for 204."""

    status: int
    json: Any = None
    headers: tuple[tuple[str, str], ...] = ()


class Peer:
    """A peer answers in `answer`; calls come one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def answer(self, request: Request) -> Reply:
        """Answer one call; each peer says how."""
        raise AssertionError(f"{type(self).__name__} does not answer {request.path}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _serve(self, request: Request) -> Reply:
        with self._lock:
            return self.answer(request)


def _handler(peer: Peer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = peer._serve(Request(self.command, self.path, headers, body))
            content = b"" if reply.status == 204 else json.dumps(reply.json).encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815  # the names that http.server looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
