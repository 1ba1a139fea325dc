"""X's API for one app and one account, which refuses what X refuses; every answer of its own is held to the schema.

What the schema does not say is from docs.x.com: weights of characters (fundamentals/counting-characters), limits of
calls and their headers (x-api/fundamentals/rate-limits), problems (…/response-codes-and-errors), tokens
(fundamentals/authentication/oauth-2-0), files (x-api/media), all read 2026-11-27. It was written from them without the
adapter: it counts characters by itself and knows nothing of how the adapter finds a post.
"""

import base64
import html
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.peers.serving import Peer, Reply, Request
from tests.peers.shapes import Operation, Violation
from tests.peers.x.schema import (
    APPEND,
    CREATE_POST,
    DELETE_POST,
    DESCRIBE,
    FINALIZE,
    INITIALIZE,
    ME,
    OPERATIONS,
    PROBLEM,
    STATUS,
    TIMELINE,
)

CLIENT_ID, CLIENT_SECRET = "strict-client", "strict-secret"
USER, NAME = "2244994945", "kedaikopi"
EPOCH_MS = 1_288_834_974_657
BYTES = {"tweet_image": 5 * 1024 * 1024, "tweet_gif": 15 * 1024 * 1024, "tweet_video": 512 * 1024 * 1024}
SEGMENT_BYTES = 5 * 1024 * 1024
ALL = "tweet.read users.read tweet.write media.write offline.access"


class Refusal(Exception):
    """A refusal as X writes it."""

    def __init__(self, status: int, kind: str, detail: str, title: str = "Refused") -> None:
        super().__init__(detail)
        address = kind if kind == "about:blank" else f"https://api.x.com/2/problems/{kind}"
        self.status = status
        self.answer = {"type": address, "title": title, "detail": detail, "status": status}


@dataclass
class File:
    """A file on its way."""

    category: str
    total: int
    pieces: dict[int, bytes] = field(default_factory=dict)
    is_final: bool = False
    looks: int = 0
    alt: str = ""
    is_used_up: bool = False


@dataclass
class Window:
    """The calls that are left, and when there are more."""

    most: int = 200
    left: int = 200
    resets_at: int = 0

    def headers(self) -> tuple[tuple[str, str], ...]:
        return (
            ("x-rate-limit-limit", str(self.most)),
            ("x-rate-limit-remaining", str(self.left)),
            ("x-rate-limit-reset", str(self.resets_at)),
        )


@dataclass
class X(Peer):
    """Posts, oldest first; what may be done is said by the flags."""

    clock: Callable[[], float] = time.time
    posts: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    window: Window = field(default_factory=Window)
    scopes: str = ALL
    looks_needed: int = 0
    is_broken_video: bool = False
    is_enrolled: bool = True
    hides_timeline: bool = False
    page: int = 100
    exchanges: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.window.resets_at = int(self.clock()) + 900
        self.access: dict[str, str] = {}
        self.fresh: dict[str, str] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self._number = 0

    def let_in(self, scopes: str = "") -> dict[str, str]:
        """Return tokens as the token endpoint gives them."""
        access, refresh, granted = secrets.token_urlsafe(24), secrets.token_urlsafe(24), scopes or self.scopes
        self.access[access] = self.fresh[refresh] = granted
        return {
            "token_type": "bearer",
            "expires_in": 7200,
            "access_token": access,
            "refresh_token": refresh,
            "scope": granted,
        }

    def answer(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        self.calls.append(f"{request.method} {parts.path}")
        try:
            if parts.path == "/2/oauth2/token":
                return self._token(request)
            return self._operation(request, parts.path, parse_qs(parts.query))
        except Refusal as refusal:
            PROBLEM.check(refusal.answer, "problem")
            return Reply(
                refusal.status, refusal.answer, self.window.headers() if refusal.status == 429 else ()
            )

    def _token(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return Reply(
                401,
                {"error": "unauthorized_client", "error_description": "Missing valid authorization header"},
            )
        if form.get("grant_type") != "refresh_token":
            return Reply(400, {"error": "unsupported_grant_type"})
        granted = self.fresh.pop(form.get("refresh_token", ""), None)
        self.exchanges.append(form.get("refresh_token", ""))
        if granted is None:
            words = "Value passed for the token was invalid."
            return Reply(400, {"error": "invalid_grant", "error_description": words})
        return Reply(200, self.let_in(granted))

    def _operation(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply:
        found = next(((one, fit) for one in OPERATIONS if (fit := one.fits(request.method, path))), None)
        if found is None:
            raise Refusal(404, "about:blank", "Not Found", "Not Found")
        operation, fit = found
        self._admit(request, operation)
        given = {name: ",".join(values) for name, values in query.items()}
        try:
            body = operation.check_request(request, query)
        except Violation as violation:
            raise Refusal(400, "invalid-request", str(violation), "Invalid Request") from violation
        answer = self._do(operation, request, body, fit.groupdict().get("id", ""), given)
        operation.answer.check(answer, "answer")
        return Reply(operation.status, answer, self.window.headers())

    def _admit(self, request: Request, operation: Operation) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.access:
            raise Refusal(401, "about:blank", "Unauthorized", "Unauthorized")
        if not self.is_enrolled:
            words = "When authenticating requests, you must use keys from an App attached to a Project."
            raise Refusal(403, "client-forbidden", words, "Client Forbidden")
        if not operation.scopes <= set(self.access[token].split()):
            raise Refusal(403, "about:blank", "Forbidden", "Forbidden")
        if operation is CREATE_POST:
            if self.window.left <= 0:
                raise Refusal(429, "about:blank", "Too Many Requests", "Too Many Requests")
            self.window.left -= 1

    def _do(
        self, operation: Operation, request: Request, body: Any, ident: str, query: dict[str, str]
    ) -> dict[str, Any]:
        deeds: dict[str, Callable[[], dict[str, Any]]] = {
            ME.path: lambda: {"data": {"id": USER, "name": "Kedai Kopi", "username": NAME}},
            TIMELINE.path: lambda: self._timeline(ident, query),
            CREATE_POST.path: lambda: self._post(body),
            DELETE_POST.path: lambda: self._take_down(ident),
            INITIALIZE.path: lambda: self._begin(body),
            DESCRIBE.path: lambda: self._describe(body),
            APPEND.path: lambda: self._append(request, ident),
            FINALIZE.path: lambda: self._look(ident),
            STATUS.path: lambda: self._look(query["media_id"]),
        }
        return deeds[operation.path]()

    def _describe(self, body: dict[str, Any]) -> dict[str, Any]:
        self._file(body["id"]).alt = body["metadata"]["alt_text"]["text"]
        return {"data": {"id": body["id"]}}

    def _next(self) -> str:
        self._number += 1
        return str((int(self.clock() * 1000) - EPOCH_MS << 22) + self._number)

    def _file(self, ident: str) -> File:
        if ident not in self.files or self.files[ident].is_used_up:
            raise Refusal(400, "invalid-request", "Your media IDs are invalid.", "Invalid Request")
        return self.files[ident]

    def _begin(self, body: dict[str, Any]) -> dict[str, Any]:
        missing = {"media_type", "media_category", "total_bytes"} - set(body)
        category = body.get("media_category", "")
        if missing or body["total_bytes"] > BYTES.get(category, 0):
            raise Refusal(
                400, "invalid-request", "The file is too large or not described.", "Invalid Request"
            )
        if body["media_type"].split("/")[0] != ("video" if category == "tweet_video" else "image"):
            raise Refusal(400, "invalid-request", "The type does not fit the category.", "Invalid Request")
        ident = self._next()
        self.files[ident] = File(category, body["total_bytes"])
        return {"data": {"id": ident, "media_key": f"3_{ident}", "expires_after_secs": 86_400}}

    def _append(self, request: Request, ident: str) -> dict[str, Any]:
        fields, files = request.parts()
        content = files["media"][2]
        if len(content) > SEGMENT_BYTES:
            raise Refusal(413, "about:blank", "Request Entity Too Large", "Request Entity Too Large")
        self._file(ident).pieces[int(fields["segment_index"])] = content
        return {"data": {"expires_at": int(self.clock()) + 86_400}}

    def _look(self, ident: str) -> dict[str, Any]:
        file = self._file(ident)
        pieces = [file.pieces[index] for index in sorted(file.pieces)]
        if sorted(file.pieces) != list(range(len(pieces))) or sum(map(len, pieces)) != file.total:
            raise Refusal(
                400, "invalid-request", "Segments do not add up to provided total size.", "Invalid Request"
            )
        found: dict[str, Any] = {"id": ident, "media_key": f"3_{ident}", "expires_after_secs": 86_400}
        if file.category == "tweet_image":
            file.is_final = True
            return {"data": found}
        state = (
            "failed"
            if self.is_broken_video
            else "in_progress"
            if file.looks < self.looks_needed
            else "succeeded"
        )
        file.looks, file.is_final = file.looks + 1, state == "succeeded"
        return {"data": found | {"processing_info": {"state": state, "check_after_secs": 0}}}

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        text, idents = body.get("text", ""), body.get("media", {}).get("media_ids", [])
        files = [self._file(ident) for ident in idents]
        if not text and not files:
            raise Refusal(400, "invalid-request", "The Tweet must contain text or media.", "Invalid Request")
        if weight(text) > 280:
            raise Refusal(400, "invalid-request", "The Tweet is too long.", "Invalid Request")
        if any(not file.is_final for file in files):
            raise Refusal(400, "invalid-request", "Your media IDs are invalid.", "Invalid Request")
        if len(files) > 1 and any(file.category != "tweet_image" for file in files):
            raise Refusal(400, "invalid-request", "Only photos go together.", "Invalid Request")
        if any(post["said"] == (text, len(files)) for post in self.posts):
            words = "You are not allowed to create a Tweet with duplicate content."
            raise Refusal(403, "about:blank", words, "Forbidden")
        ident = self._next()
        shown = re.sub(r"https?://\S+", lambda _: f"https://t.co/{secrets.token_hex(5)}", text)
        if files:
            shown = f"{shown} https://t.co/{secrets.token_hex(5)}".strip()
        made = {
            "id": ident,
            "text": html.escape(shown, quote=False),
            "said": (text, len(files)),
            "asked": body,
        }
        self.posts.append(made | {"alts": [file.alt for file in files]})
        for file in files:
            file.is_used_up = True
        return {"data": {"id": ident, "text": made["text"], "edit_history_post_ids": [ident]}}

    def _timeline(self, ident: str, query: dict[str, str]) -> dict[str, Any]:
        if self.hides_timeline:
            raise Refusal(503, "about:blank", "Service Unavailable", "Service Unavailable")
        if ident != USER:
            return {"meta": {"result_count": 0}}
        rows = list(reversed(self.posts))
        if "start_time" in query:
            start = time.mktime(time.strptime(query["start_time"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
            rows = [row for row in rows if (int(row["id"]) >> 22) + EPOCH_MS >= start * 1000]
        begin = int(query.get("pagination_token", "0"))
        size = min(int(query.get("max_results", "10")), self.page)
        shown = rows[begin : begin + size]
        meta: dict[str, Any] = {"result_count": len(shown)}
        if begin + size < len(rows):
            meta["next_token"] = str(begin + size)
        data = [{"id": row["id"], "text": row["text"], "edit_history_post_ids": [row["id"]]} for row in shown]
        return {"data": data, "meta": meta} if data else {"meta": meta}

    def _take_down(self, ident: str) -> dict[str, Any]:
        found = [post for post in self.posts if post["id"] == ident]
        if not found:
            raise Refusal(404, "resource-not-found", "Could not find tweet.", "Not Found Error")
        self.posts.remove(found[0])
        return {"data": {"deleted": True}}


def weight(text: str) -> int:
    """Count as X does, by code points; of emoji that are put together from several, only what tests use."""
    text = re.sub(r"https?://\S+", "x" * 23, text)
    text = text.replace("\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}", "\N{PERSONAL COMPUTER}")
    ranges = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
    return sum(1 if any(low <= ord(one) <= high for low, high in ranges) else 2 for one in text)
