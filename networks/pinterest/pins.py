"""Pins as they are sent, and one's own among those that a board shows.

Source: OpenAPI document of API v5, 5.23.0 (PinCreate, Pin), read 2026-11-27.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from networks.protocol import Call

CLOCK_SLACK = timedelta(minutes=2)
WORDS = ("title", "description", "link", "alt_text")


def pin_of(call: Call, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a pin with its pictures in it. Raises: OSError, NotFound, Permanent."""
    pictures = [
        {
            "content_type": entry["mime"],
            "data": base64.b64encode(call.open_media(entry).read_bytes()).decode(),
        }
        for entry in payload["media"]
    ]
    if len(pictures) == 1:
        source: dict[str, Any] = {"source_type": "image_base64", **pictures[0]}
    else:
        source = {"source_type": "multiple_image_base64", "items": pictures}
    said = {name: payload[name] for name in WORDS if payload[name]}
    return {"board_id": payload["board_id"], "media_source": source, **said}


def is_same(pin: Mapping[str, Any], payload: Mapping[str, Any], since: datetime) -> bool:
    """Tell whether a pin is what the payload asked for, made no earlier than `since` (less some clock slack)."""
    return (
        all(_plain(pin.get(name)) == _plain(payload[name]) for name in WORDS)
        and str(pin.get("board_id", payload["board_id"])) == payload["board_id"]
        and made_at(pin) >= since - CLOCK_SLACK
    )


def made_at(pin: Mapping[str, Any]) -> datetime:
    """Return when a pin was made. Raises: LookupError, ValueError."""
    found = datetime.fromisoformat(str(pin["created_at"]))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _plain(text: Any) -> str:
    return " ".join(str(text or "").split())
