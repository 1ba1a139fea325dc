"""What a network's answer says of its quota, and a token of its own end."""

import base64
import binascii
import json
from datetime import UTC, datetime, timedelta

from core.http import Response
from networks.protocol import Quota

PREFIXES = ("x-ratelimit", "ratelimit", "x-rate-limit")
"""Mastodon's and Discord's headers, those of a PDS, and those of X."""
SHORTEST = timedelta(minutes=1)
"""A window shorter than this is a pace that the engine keeps by itself, not a quota that people plan by."""
COUNT_MAX = 2_000_000_000


def quota_of(response: Response, at: datetime) -> Quota | None:
    """Return the quota that an answer's headers tell of, None where they tell nothing that can be planned by.

    Source: docs.joinmastodon.org/api/rate-limits (an ISO date), docs.bsky.app/docs/advanced-guides/rate-limits,
    discord.com/developers/docs/topics/rate-limits and docs.x.com/x-api/fundamentals/rate-limits (seconds since 1970),
    read 2026-11.
    """
    for prefix in PREFIXES:
        most = _number(response, f"{prefix}-limit")
        left = _number(response, f"{prefix}-remaining")
        resets_at = _instant(_header(response, f"{prefix}-reset"))
        if most and left is not None and resets_at is not None and resets_at - at >= SHORTEST:
            return Quota(min(left, most), most, resets_at)
    return None


def ends_at(token: str) -> datetime | None:
    """Return when a token ends, as it says of itself; None where it says nothing readable."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (IndexError, ValueError, KeyError, TypeError, OverflowError, OSError, binascii.Error):
        return None


def _header(response: Response, name: str) -> str:
    values = response.headers.get_all(name)
    return values[0].strip()[:64] if values else ""


def _number(response: Response, name: str) -> int | None:
    text = _header(response, name)
    return min(int(text), COUNT_MAX) if text.isascii() and text.isdigit() else None


def _instant(text: str) -> datetime | None:
    try:
        if text.replace(".", "", 1).isdigit():
            return datetime.fromtimestamp(float(text), UTC)
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
