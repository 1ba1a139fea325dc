"""Discord's API for one server, one webhook and one bot, which refuses what Discord refuses, with its codes.

Fields are those of the OpenAPI document of discord/discord-api-spec, version 10, codes those of
discord.com/developers/docs/topics/opcodes-and-status-codes, both read 2026-11-27. A webhook knows no nonce; a bot's is
looked at for five minutes, and only where `enforce_nonce` asks for it.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.peers.serving import Peer, Reply, Request

WEBHOOK_ID, WEBHOOK_TOKEN = "1100", "strict_webhook-token_0123456789"
BOT_TOKEN, BOT_ID, CHANNEL, GUILD = "MTIz.strict.bot-token_0123", "2200", "3300", "4400"
BOTH = {"content", "embeds", "allowed_mentions", "components", "attachments", "poll", "tts", "flags"}
HOOK_FIELDS = BOTH | {"username", "avatar_url", "thread_name", "applied_tags"}
BOT_FIELDS = BOTH | {"nonce", "enforce_nonce", "message_reference", "sticker_ids"}
ATTACHMENT_FIELDS = {"id", "filename", "description", "title", "is_spoiler"}
FILE_BYTES, NONCE_SECONDS = 10 * 1024 * 1024, 300
SETTABLE_FLAGS = 1 << 2 | 1 << 12


class Refusal(Exception):
    """A refusal with its code."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.answer = status, {"code": code, "message": message}


@dataclass
class Bucket:
    """Calls left, and the seconds until there are more."""

    left: int = 5
    reset_after: float = 1.5

    def headers(self) -> tuple[tuple[str, str], ...]:
        return (
            ("X-RateLimit-Limit", "5"),
            ("X-RateLimit-Remaining", str(self.left)),
            ("X-RateLimit-Reset-After", str(self.reset_after)),
            ("X-RateLimit-Bucket", "abcd1234"),
        )


@dataclass
class Discord(Peer):
    """Messages, oldest first; what may be done is said by the flags."""

    clock: Callable[[], float] = time.time
    messages: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    bucket: Bucket = field(default_factory=Bucket)
    is_global: bool = False
    is_hook_deleted: bool = False
    hook_type: int = 1
    channel_type: int = 0
    may_see: bool = True
    may_send: bool = True
    may_read: bool = True

    def __post_init__(self) -> None:
        super().__init__()
        self._nonces: dict[str, tuple[float, dict[str, Any]]] = {}

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/api/webhooks/{WEBHOOK_ID}/{WEBHOOK_TOKEN}"

    def answer(self, request: Request) -> Reply:
        parts = urlsplit(request.path)
        path, query = parts.path.removeprefix("/api/v10"), parse_qs(parts.query)
        self.calls.append(f"{request.method} {path.replace(WEBHOOK_TOKEN, '…')}")
        try:
            if path.startswith(f"/webhooks/{WEBHOOK_ID}"):
                return self._hook(request, path, query)
            return self._bot(request, path, query)
        except Refusal as refusal:
            return Reply(refusal.status, refusal.answer)

    def _hook(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply:
        if self.is_hook_deleted:
            raise Refusal(404, 10015, "Unknown Webhook")
        base = f"/webhooks/{WEBHOOK_ID}/{WEBHOOK_TOKEN}"
        if not path.startswith(base):
            raise Refusal(401, 50027, "Invalid Webhook Token")
        if path == base and request.method == "GET":
            hook = {"id": WEBHOOK_ID, "type": self.hook_type, "name": "Berita", "channel_id": CHANNEL}
            return Reply(200, {**hook, "guild_id": GUILD})
        if path == base:
            return self._limited(
                lambda: self._post(request, HOOK_FIELDS, WEBHOOK_ID, query.get("wait") == ["true"])
            )
        return self._take_down(request, path.removeprefix(f"{base}/messages/"))

    def _bot(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply:
        if request.headers.get("authorization") != f"Bot {BOT_TOKEN}":
            raise Refusal(401, 0, "401: Unauthorized")
        if path == "/users/@me":
            return Reply(200, {"id": BOT_ID, "username": "collab", "bot": True})
        if not path.startswith(f"/channels/{CHANNEL}"):
            raise Refusal(404, 10003, "Unknown Channel")
        if not self.may_see:
            raise Refusal(403, 50001, "Missing Access")
        rest = path.removeprefix(f"/channels/{CHANNEL}")
        if not rest:
            return Reply(200, {"id": CHANNEL, "type": self.channel_type, "name": "berita", "guild_id": GUILD})
        if request.method == "GET":
            most = int(query.get("limit", ["50"])[0])
            if not 1 <= most <= 100:
                raise Refusal(400, 50035, "Invalid Form Body")
            return Reply(200, list(reversed(self.messages))[:most] if self.may_read else [])
        if request.method == "DELETE":
            return self._take_down(request, rest.removeprefix("/messages/"))
        if not self.may_send:
            raise Refusal(403, 50013, "Missing Permissions")
        return self._limited(lambda: self._post(request, BOT_FIELDS, BOT_ID, waits=True))

    def _limited(self, call: Callable[[], Reply]) -> Reply:
        if self.is_global or self.bucket.left <= 0:
            seconds = 64.57 if self.is_global else self.bucket.reset_after
            scope = "global" if self.is_global else "user"
            answer = {
                "message": "You are being rate limited.",
                "retry_after": seconds,
                "global": self.is_global,
            }
            headers = (("Retry-After", str(int(seconds) + 1)), ("X-RateLimit-Scope", scope))
            return Reply(429, answer, headers if self.is_global else (*headers, *self.bucket.headers()))
        self.bucket.left -= 1
        reply = call()
        return Reply(reply.status, reply.json, self.bucket.headers())

    def _post(self, request: Request, fields: set[str], author: str, waits: bool) -> Reply:
        message, files = _read(request)
        _check(message, files, fields)
        nonce = message.get("nonce") if message.get("enforce_nonce") else None
        at, earlier = self._nonces.get(str(nonce), (0.0, {}))
        if nonce is not None and self.clock() - at < NONCE_SECONDS:
            return Reply(200, earlier)
        made = {
            "id": str(900_000 + len(self.messages)),
            "channel_id": CHANNEL,
            "author": {"id": author},
            "content": message.get("content", ""),
            "timestamp": datetime.fromtimestamp(self.clock(), UTC).isoformat(),
            "attachments": [
                {"filename": each["filename"], "description": each.get("description", "")}
                for each in message.get("attachments", [])
            ],
            "allowed_mentions": message.get("allowed_mentions"),
            "flags": message.get("flags", 0),
        }
        self.messages.append(made)
        if nonce is not None:
            self._nonces[str(nonce)] = (self.clock(), made)
        return Reply(200, made) if waits else Reply(204)

    def _take_down(self, request: Request, ident: str) -> Reply:
        found = [each for each in self.messages if each["id"] == ident]
        if request.method != "DELETE" or not found:
            raise Refusal(404, 10008, "Unknown Message")
        self.messages.remove(found[0])
        return Reply(204)


def _read(request: Request) -> tuple[dict[str, Any], dict[str, tuple[str, str, bytes]]]:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return request.json, {}
    fields, files = request.parts()
    return json.loads(fields["payload_json"]), files


def _check(message: dict[str, Any], files: dict[str, tuple[str, str, bytes]], fields: set[str]) -> None:
    if unknown := set(message) - fields:
        raise Refusal(400, 50035, f"Invalid Form Body: {sorted(unknown)}")
    content, listed = message.get("content") or "", message.get("attachments", [])
    if len(content) > 2000 or len(str(message.get("nonce", ""))) > 25:
        raise Refusal(400, 50035, "Invalid Form Body")
    if not content and not files:
        raise Refusal(400, 50006, "Cannot send an empty message")
    if len(files) > 10 or any(not re.fullmatch(r"files\[[0-9]\]", name) for name in files):
        raise Refusal(400, 50035, "Invalid Form Body")
    if any(len(content) > FILE_BYTES for _name, _mime, content in files.values()):
        raise Refusal(413, 40005, "Request entity too large")
    for each in listed:
        if set(each) - ATTACHMENT_FIELDS or len(each.get("description", "")) > 1024:
            raise Refusal(400, 50035, "Invalid Form Body")
        if f"files[{each['id']}]" not in files:
            raise Refusal(400, 50035, "Invalid Form Body")
    if message.get("flags", 0) & ~SETTABLE_FLAGS:
        raise Refusal(400, 50035, "Invalid Form Body")
