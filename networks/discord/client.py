"""Calls of Discord's API: as a webhook, whose address is its key, or as a bot.

Source: discord.com/developers/docs/reference (authentication, uploading files), /topics/rate-limits, and the OpenAPI
document of discord/discord-api-spec, version 10, read 2026-11-27.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from core.http import NotReadable, OutboundClient, Part, Response

READ_SECONDS = 10.0
MOST_SECONDS = 3600
VERSION = "/api/v10"


@dataclass(frozen=True)
class Place:
    """Where messages go: `path` of the collection they are posted to, with the token in it or in a header."""

    http: OutboundClient
    server: str
    path: str = field(repr=False)
    messages: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def ask(self, path: str, params: Mapping[str, str | int] | None = None) -> Response:
        """Read something. Raises: OutboundError."""
        return self.http.request(
            "GET",
            f"{self.server}{VERSION}{path}",
            headers=self.headers,
            params=params,
            deadline_seconds=READ_SECONDS,
        )

    def post(self, body: Mapping[str, Any] | Sequence[Part], seconds: float) -> Response:
        """Post a message and wait until it stands: its answer is the message. Raises: OutboundError."""
        url, is_form = f"{self.server}{VERSION}{self.path}", not isinstance(body, Mapping)
        return self.http.request(
            "POST",
            url,
            headers=self.headers,
            json=None if is_form else body,
            multipart=body if is_form else None,  # type: ignore[arg-type]  # told apart above
            params={"wait": "true"} if "/webhooks/" in self.path else None,
            deadline_seconds=seconds,
        )

    def take_down(self, ident: str) -> Response:
        """Delete a message. Raises: OutboundError."""
        url = f"{self.server}{VERSION}{self.messages}/{ident}"
        return self.http.request("DELETE", url, headers=self.headers, deadline_seconds=READ_SECONDS)


def as_webhook(http: OutboundClient, server: str, ident: str, token: str) -> Place:
    """Return the place of a webhook."""
    path = f"/webhooks/{ident}/{token}"
    return Place(http, server, path, f"{path}/messages")


def as_bot(http: OutboundClient, server: str, channel: str, token: str) -> Place:
    """Return the place of a bot in a channel."""
    path = f"/channels/{channel}/messages"
    return Place(http, server, path, path, {"Authorization": f"Bot {token}"})


def error_of(response: Response) -> tuple[int, str]:
    """Return code and words of a refusal; 0 where Discord itself does not say so (0 is a code of its own for 401)."""
    try:
        answer = response.json_object()
    except NotReadable:
        return 0, ""
    code, words = answer.get("code"), str(answer.get("message", ""))[:200]
    return (code if isinstance(code, int) else 0), words


def pause_of(response: Response) -> float | None:
    """Return the seconds for which a bucket, or Discord as a whole, wants no more calls."""
    try:
        return float(response.json_object()["retry_after"])
    except (NotReadable, LookupError, TypeError, ValueError):
        return float(response.headers["x-ratelimit-reset-after"])


def emptied_for(response: Response) -> int | None:
    """Return for how many seconds the bucket of a call that went well is empty, None while something is left in it."""
    try:
        if int(response.headers["x-ratelimit-remaining"]) > 0:
            return None
        return min(ceil(float(response.headers["x-ratelimit-reset-after"])), MOST_SECONDS)
    except (LookupError, ValueError, OverflowError):
        return None
