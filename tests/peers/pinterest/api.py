"""Pinterest's API for one app and one account with boards, which refuses what Pinterest refuses.

What the schema does not say is from developers.pinterest.com, read 2026-11-27: sizes of pictures, that pins stand on
boards of the account, limits of calls. A board lists its pins oldest first, since nothing promises another order.
"""

import base64
import binascii
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.peers.pinterest.schema import BOARDS, CREATE, DELETE, ERROR, ME, ON_BOARD, OPERATIONS
from tests.peers.serving import Peer, Reply, Request
from tests.peers.shapes import Operation, Violation

CLIENT_ID, CLIENT_SECRET = "1520001", "strict-secret"
USER, NAME, BOARD, SECOND = "549755885175", "kedaikopi", "549755885175001", "549755885175002"
IMAGE_BYTES = 20 * 1024 * 1024
ALL = "user_accounts:read boards:read boards:write pins:read pins:write"
STARTS = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff"}


class Refusal(Exception):
    """A refusal with Pinterest's code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.answer = status, {"code": code, "message": message}


@dataclass
class Pinterest(Peer):
    """Pins, oldest first; what may be done is said by the flags."""

    clock: Callable[[], float] = time.time
    pins: list[dict[str, Any]] = field(default_factory=list)
    boards: dict[str, str] = field(default_factory=lambda: {BOARD: "Menu", SECOND: "Latte Art"})
    calls: list[str] = field(default_factory=list)
    exchanges: list[str] = field(default_factory=list)
    left: int = 100
    page: int = 250
    is_down: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        self.access: dict[str, str] = {}
        self.fresh: dict[str, str] = {}

    def let_in(self, scopes: str = ALL) -> dict[str, Any]:
        """Return tokens as the token endpoint gives them."""
        access, refresh = f"pina_{secrets.token_hex(16)}", f"pinr_{secrets.token_hex(16)}"
        self.access[access] = self.fresh[refresh] = scopes
        return {
            "response_type": "authorization_code",
            "token_type": "bearer",
            "expires_in": 2_592_000,
            "access_token": access,
            "refresh_token": refresh,
            "refresh_token_expires_in": 5_184_000,
            "scope": scopes,
        }

    def answer(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        self.calls.append(f"{request.method} {parts.path}")
        try:
            if parts.path == "/v5/oauth/token":
                return self._token(request)
            return self._operation(request, parts.path, parse_qs(parts.query))
        except Refusal as refusal:
            ERROR.check(refusal.answer, "error")
            return Reply(refusal.status, refusal.answer)

    def _token(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            raise Refusal(401, 2, "Authentication failed.")
        granted = self.fresh.pop(form.get("refresh_token", ""), None)
        self.exchanges.append(form.get("refresh_token", ""))
        if form.get("grant_type") != "refresh_token" or granted is None:
            raise Refusal(400, 283, "Your refresh token is invalid or expired.")
        return Reply(200, self.let_in(granted) | {"response_type": "refresh_token"})

    def _operation(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply:
        found = next(((one, fit) for one in OPERATIONS if (fit := one.fits(request.method, path))), None)
        if found is None:
            raise Refusal(404, 0, "Not found.")
        operation, fit = found
        self._admit(request, operation)
        try:
            body = operation.check_request(request, query)
        except Violation as violation:
            raise Refusal(400, 1, f"Invalid request: {violation}") from violation
        ident, given = fit.groupdict().get("id", ""), {name: values[0] for name, values in query.items()}
        answer = self._do(operation, body, ident, given)
        if operation.status != 204:
            operation.answer.check(answer, "answer")
        return Reply(operation.status, answer)

    def _admit(self, request: Request, operation: Operation) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.access:
            raise Refusal(401, 2, "Authentication failed.")
        if not operation.scopes <= set(self.access[token].split()):
            raise Refusal(403, 3, "Authorization failed. Insufficient scopes.")
        if self.is_down:
            raise Refusal(503, 12, "Something went wrong on our end. Sorry about that.")
        if operation is CREATE:
            if self.left <= 0:
                raise Refusal(429, 8, "You have exceeded your rate limit. Try again later.")
            self.left -= 1

    def _do(self, operation: Operation, body: Any, ident: str, query: dict[str, str]) -> Any:
        if operation is ME:
            return {"id": USER, "username": NAME, "business_name": "Kedai Kopi", "account_type": "BUSINESS"}
        if operation is BOARDS:
            return {
                "items": [{"id": key, "name": name} for key, name in self.boards.items()],
                "bookmark": None,
            }
        if operation is ON_BOARD:
            return self._listed(ident, query)
        return self._made(body) if operation is CREATE else self._gone(operation, ident)

    def _listed(self, board: str, query: dict[str, str]) -> dict[str, Any]:
        if board not in self.boards:
            raise Refusal(404, 40, "Board not found.")
        rows = [pin for pin in self.pins if pin["board_id"] == board]
        begin, size = int(query.get("bookmark", "0")), min(int(query.get("page_size", "25")), self.page)
        is_more = begin + size < len(rows)
        shown = [{name: value for name, value in pin.items() if name != "pictures"} for pin in rows]
        return {"items": shown[begin : begin + size], "bookmark": str(begin + size) if is_more else None}

    def _made(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("board_id") not in self.boards:
            raise Refusal(404, 40, "Board not found.")
        if "media_source" not in body:
            raise Refusal(400, 1, "Invalid request: a pin needs a media source.")
        if body.get("link") and not body["link"].startswith(("http://", "https://")):
            raise Refusal(400, 1, "Invalid request: the link is no URL.")
        source = body["media_source"]
        pictures = [_picture(item) for item in source.get("items", [source])]
        said = {name: body[name] for name in ("title", "description", "alt_text", "link") if name in body}
        made_at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.clock()))
        pin = {
            "id": str(813_000 + len(self.pins)),
            "board_id": body["board_id"],
            "created_at": made_at,
            **said,
        }
        self.pins.append(pin | {"pictures": pictures})
        return pin

    def _gone(self, operation: Operation, ident: str) -> None:
        found = [pin for pin in self.pins if pin["id"] == ident]
        if operation is not DELETE or not found:
            raise Refusal(404, 50, "Pin not found.")
        self.pins.remove(found[0])


def _picture(item: dict[str, Any]) -> bytes:
    try:
        content = base64.b64decode(item["data"], validate=True)
    except binascii.Error as error:
        raise Refusal(400, 1, "Invalid request: the picture is no base64.") from error
    if len(content) > IMAGE_BYTES or not content.startswith(STARTS[item["content_type"]]):
        raise Refusal(400, 235, "Sorry! The picture could not be used.")
    return content
