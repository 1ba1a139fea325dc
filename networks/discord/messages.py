"""Messages: from a payload to the one call that posts it, and how one's own is known again among others.

Source: discord.com/developers/docs/resources/message (Create Message, allowed mentions, attachments),
/resources/webhook (Execute Webhook), /reference#uploading-files, read 2026-11-27.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from core.http import FileBody, Part
from networks.protocol import Call

SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
CLOCK_SLACK = timedelta(minutes=2)
NONCE_LENGTH = 25


def message_of(payload: Mapping[str, Any], nonce: str = "") -> dict[str, Any]:
    """Return the message; nobody is notified by a name in it unless the post says so."""
    parse = ["everyone", "roles", "users"] if payload["ping"] else []
    message: dict[str, Any] = {"content": payload["content"], "allowed_mentions": {"parse": parse}}
    if payload["flags"]:
        message["flags"] = payload["flags"]
    if payload["media"]:
        message["attachments"] = [_attachment(number, entry) for number, entry in enumerate(payload["media"])]
    if nonce:
        message |= {"nonce": nonce, "enforce_nonce": True}
    return message


def parts_of(call: Call, payload: Mapping[str, Any], message: Mapping[str, Any]) -> list[Part]:
    """Return the parts of a message with files. Raises: NotFound, Permanent, OSError."""
    files = [
        Part(
            f"files[{number}]",
            FileBody.of(call.open_media(entry), content_type=entry["mime"]),
            filename=file_name(entry),
        )
        for number, entry in enumerate(payload["media"])
    ]
    return [Part("payload_json", json.dumps(message, ensure_ascii=False)), *files]


def nonce_of(idem_key: str) -> str:
    """Return the nonce of an idempotency key, as long as Discord takes one."""
    return hashlib.sha256(idem_key.encode()).hexdigest()[:NONCE_LENGTH]


def file_name(entry: Mapping[str, Any]) -> str:
    """Return the name under which a file is uploaded, by which it is known again."""
    return f"{entry['digest'][:16]}.{str(entry['mime']).rpartition('/')[2]}"


def is_same(message: Mapping[str, Any], payload: Mapping[str, Any], bot_id: str, since: datetime) -> bool:
    """Tell whether a message is what the payload asked for, by this bot, no earlier than `since`, less some slack."""
    return (
        str(message["author"]["id"]) == bot_id
        and made_at(message) >= since - CLOCK_SLACK
        and message["content"] == payload["content"]
        and [str(file["filename"]) for file in message.get("attachments", [])] == _names(payload["media"])
    )


def made_at(message: Mapping[str, Any]) -> datetime:
    """Return when a message was made. Raises: ValueError, KeyError."""
    return datetime.fromisoformat(str(message["timestamp"]))


def _names(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [file_name(entry) for entry in entries]


def _attachment(number: int, entry: Mapping[str, Any]) -> dict[str, Any]:
    described = {"description": entry["alt"]} if entry["alt"] else {}
    return {"id": number, "filename": file_name(entry), **described}
