"""A network of its own: a real HTTP server that publishes, forgets, stalls and lies as it is told.

Its counts are the judge of every delivery test: `live` holds what readers would see, `calls` every mutating call.
The text of a post is its name; `tell(text, "drop_after", "ok")` says what its next calls meet with.

    ok            publish, answer 201                  before     answer 503 without an effect
    after         publish, answer 503                  drop       close the line without an effect
    drop_after    publish, close the line              slow:2     publish, answer after 2 s
    limit:3       429, Retry-After: 3                  refuse     422 without an effect
    shut          401 without an effect                odd        publish, answer 400
    empty         publish, answer 200 with no body     signal     publish, call `on_signal(text)`, then close the line
    stall:2       wait 2 s, then publish and answer    silent:1   close the line after 1 s without an effect
    error_body    publish, answer 200 with an error in it
"""

import asyncio
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

ANSWERS = {
    "ok": 201,
    "before": 503,
    "after": 503,
    "odd": 400,
    "refuse": 422,
    "shut": 401,
    "empty": 200,
    "error_body": 200,
}
PUBLISHES = {"ok", "after", "drop_after", "odd", "empty", "error_body", "signal"}


@dataclass(frozen=True)
class MutatingCall:
    """One call that could publish: when it came, what it met with."""

    at: float
    text: str
    key: str
    method: str
    action: str


@dataclass
class FakeNet:
    """The server, run by `serve()` in a thread; safe to read from any other."""

    on_signal: Callable[[str], None] = lambda _: None
    latency: float = 0.0
    live: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[MutatingCall] = field(default_factory=list)
    reads: int = 0
    hides: Counter[str] = field(default_factory=Counter)
    url: str = ""
    _told: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _by_key: dict[str, str] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop | None = None
    _serial: int = 0

    def tell(self, text: str, *actions: str) -> None:
        """Say what the next calls for a text meet with; after them all is well."""
        self._told[text].extend(actions)

    def hide(self, text: str, looks: int) -> None:
        """Let the next `looks` look-ups of a text find nothing, as a list that lags behind."""
        self.hides[text] = looks

    def copies(self, text: str) -> int:
        """Return how many live items carry this text."""
        return sum(item["text"] == text for item in list(self.live.values()))

    def calls_of(self, text: str) -> list[MutatingCall]:
        return [call for call in list(self.calls) if call.text == text]

    def serve(self) -> "FakeNet":
        """Start the server in a thread and wait until it listens."""
        listening = threading.Event()

        async def run() -> None:
            self._loop = asyncio.get_running_loop()
            self._closing = asyncio.Event()
            server = await asyncio.start_server(self._answer, "127.0.0.1", 0, backlog=1024)
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            listening.set()
            async with server:
                await self._closing.wait()

        self._thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        self._thread.start()
        assert listening.wait(10)
        return self

    def close(self) -> None:
        """Stop listening."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(10)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            line, *fields = head.decode("latin-1").split("\r\n")
            method, target, _ = line.split(" ")
            headers = {name.lower(): value for name, _, value in (f.partition(": ") for f in fields if f)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            came_at = time.time()
            if self.latency:
                await asyncio.sleep(self.latency)
            await self._route(_Request(came_at, method, target, headers, body), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _route(self, request: "_Request", writer: asyncio.StreamWriter) -> None:
        came_at, method, target, headers, body = request
        parts = urlsplit(target)
        if method == "GET":
            self.reads += 1
            _send(writer, *self._look(parts.path, parse_qs(parts.query)))
            return
        text = json.loads(body)["text"]
        key = headers.get("idempotency-key", "") if method == "POST" else parts.path.rpartition("/")[2]
        told = self._told[text]
        action, _, argument = (told.pop(0) if told else "ok").partition(":")
        self.calls.append(MutatingCall(came_at, text, key, method, action))
        if action == "stall":
            await asyncio.sleep(float(argument))
            action = "ok"
        ident = self._publish(method, text, key) if action in PUBLISHES or action == "slow" else ""
        if action == "signal":
            await asyncio.get_running_loop().run_in_executor(None, self.on_signal, text)
        elif action == "slow":
            await asyncio.sleep(float(argument))
            _send(writer, 201, {"id": ident})
        elif action == "silent":
            await asyncio.sleep(float(argument))
        elif action == "limit":
            _send(writer, 429, {}, f"Retry-After: {argument}\r\n" if argument else "")
        elif action == "error_body":
            _send(writer, 200, {"error": "Something went wrong."})
        elif action == "empty":
            _send(writer, 200, None)
        elif action in ANSWERS:
            _send(writer, ANSWERS[action], {"id": ident})

    def _publish(self, method: str, text: str, key: str) -> str:
        if method == "PUT":
            self.live[key] = {"id": key, "text": text}
            return key
        if key and key in self._by_key:
            return self._by_key[key]
        self._serial += 1
        ident = f"post-{self._serial}"
        self.live[ident] = {"id": ident, "text": text}
        if key:
            self._by_key[key] = ident
        return ident

    def _look(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        if path == "/healthy":
            return 200, {}
        if "key" in query:
            ident = self._by_key.get(query["key"][0], "")
            found = [self.live[ident]] if ident in self.live else []
        elif "text" in query:
            found = [item for item in self.live.values() if item["text"] == query["text"][0]]
        else:
            item = self.live.get(path.rpartition("/")[2])
            found = [item] if item else []
        if found and self.hides[found[0]["text"]] > 0:
            self.hides[found[0]["text"]] -= 1
            found = []
        return 200, {"items": found}


class _Request(NamedTuple):
    came_at: float
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def _send(writer: asyncio.StreamWriter, status: int, content: dict[str, Any] | None, more: str = "") -> None:
    body = b"" if content is None else json.dumps(content).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}"
    writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
