"""A receiver that keeps the contract of docs/networks.md to the letter, and refuses whatever does not.

It knows Standard Webhooks 1.0.0 and that page, and nothing of the adapter.
"""

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

WINDOW_SECONDS = 300
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
FIELDS = {
    "channel.test": set(),
    "post.find": {"key"},
    "media.put": {"content", "digest", "mime", "bytes", "alt"},
    "post.publish": {"key", "title", "text", "language", "media"},
    "post.delete": {"id"},
}
FILE_FIELDS = {"id", "digest", "mime", "alt"}


class Refusal(Exception):
    """A call that does not keep the contract."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


@dataclass
class StrictReceiver:
    """Holds posts and files; `told` is what it says of itself when it is tested."""

    keys: tuple[bytes, ...]
    told: dict[str, Any] = field(default_factory=lambda: {"keeps_keys": True, "finds": True, "media_max": 4})
    clock: Callable[[], float] = time.time
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    calls: list[tuple[str, int]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def live(self) -> list[tuple[str, str]]:
        """Return id and text of what stands, in the order in which it came."""
        return [(post["id"], post["data"]["text"]) for post in self.posts.values()]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        """Answer one call as the contract says."""
        with self._lock:
            try:
                self._verify(headers, body)
                status, said = self._obey(headers["webhook-id"], _event(headers, body))
            except Refusal as refusal:
                status, said = refusal.status, {"error": refusal.error}
            return status, said

    def _verify(self, headers: dict[str, str], body: bytes) -> None:
        """Check id, time and signature over the raw body, and that this very call was not made before."""
        ident, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not ID.fullmatch(ident) or not at.isdigit():
            raise Refusal(400, "Webhook-Id and Webhook-Timestamp are needed")
        if abs(self.clock() - int(at)) > WINDOW_SECONDS:
            raise Refusal(401, "The time is outside the window")
        given = headers.get("webhook-signature", "").split(" ")
        signed = f"{ident}.{at}.".encode() + body
        wanted = [
            "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            for key in self.keys
        ]
        match = [one for one in given for other in wanted if hmac.compare_digest(one, other)]
        if not match:
            raise Refusal(401, "The signature does not fit")
        if headers.get("idempotency-key") != ident:
            raise Refusal(400, "Idempotency-Key and Webhook-Id differ")
        if match[0] in self.seen:
            raise Refusal(409, "This call was made before")
        self.seen.add(match[0])

    def _obey(self, ident: str, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        kind, data = event["type"], event["data"]
        if kind == "channel.test":
            return 200, {"ok": True, **self.told}
        if kind == "post.find":
            if not self.told.get("finds"):
                raise Refusal(404, "Posts cannot be asked for")
            post = self.posts.get(data["key"])
            return 200, _described(post) if post else {"found": False}
        if kind == "media.put":
            return 200, {"id": self._keep(data)}
        if kind == "post.publish":
            return self._publish(ident, data)
        gone = next((key for key, post in self.posts.items() if post["id"] == data["id"]), None)
        if gone is None:
            return 404, {"error": "There is no such post"}
        del self.posts[gone]
        return 200, {}

    def _keep(self, data: dict[str, Any]) -> str:
        content = base64.b64decode(data["content"], validate=True)
        if len(content) != data["bytes"] or hashlib.sha256(content).hexdigest() != data["digest"]:
            raise Refusal(422, "The file is not what its digest says")
        if not data["mime"].startswith("image/"):
            raise Refusal(415, "Only pictures are taken")
        self.files[data["digest"]] = content
        return f"f-{data['digest'][:12]}"

    def _publish(self, ident: str, data: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if ident != f"post_{data['key']}":
            raise Refusal(400, "Webhook-Id does not belong to the key")
        if len(data["text"]) > self.told.get("text_max", 5000):
            raise Refusal(422, "The text is too long")
        for file in data["media"]:
            if set(file) != FILE_FIELDS or file["digest"] not in self.files:
                raise Refusal(422, "A file is not known")
        standing = self.posts.get(data["key"])
        if standing and self.told.get("keeps_keys"):
            if standing["data"] != data:
                raise Refusal(409, "Another post stands under this key")
            return 200, _described(standing)
        number = len(self.posts) + 1
        key = data["key"] if self.told.get("keeps_keys") else f"{data['key']}-{number}"
        self.posts[key] = {
            "id": f"n{number}",
            "data": data,
            "url": f"https://intra.acme.test/posts/n{number}",
        }
        return 201, _described(self.posts[key])


def _event(headers: dict[str, str], body: bytes) -> dict[str, Any]:
    if headers.get("content-type") != "application/json":
        raise Refusal(415, "Send JSON")
    try:
        event = json.loads(body)
    except ValueError:
        raise Refusal(400, "Send JSON") from None
    if not isinstance(event, dict) or set(event) != {"type", "timestamp", "data"}:
        raise Refusal(400, "An event has type, timestamp and data")
    if event["type"] not in FIELDS:
        raise Refusal(400, "This type of event is not known")
    if set(event["data"]) != FIELDS[event["type"]]:
        raise Refusal(422, "The fields are not those of this type of event")
    return event


def _described(post: dict[str, Any]) -> dict[str, Any]:
    return {"found": True, "id": post["id"], "url": post["url"]}


def _handler(receiver: StrictReceiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = receiver.answer(headers, body)
            kind = json.loads(body).get("type", "") if body.startswith(b"{") else ""
            receiver.calls.append((kind, status))
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
