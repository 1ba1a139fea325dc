"""What a server says of itself: what it is, and what it allows.

Source: docs.joinmastodon.org/methods/instance and /entities/Instance, read 2026-11; servers that are not Mastodon
answer the older document or leave things out, so every value has a floor.
"""

import re
from collections.abc import Mapping
from typing import Any

from core.http import NotReadable, OutboundClient, Response
from networks.protocol import Capability, Counting, Limits

MB = 1024 * 1024
READ_SECONDS = 10.0
_OWN_VERSION = re.compile(r"(?:[3-9]|\d\d)\.\d+\.\d+(?:[-+][\w.+-]*)?")


def read_instance(http: OutboundClient, server: str) -> dict[str, Any]:
    """Return the server's description, in its newer or older form. Raises: OutboundError."""
    for path in ("/api/v2/instance", "/api/v1/instance"):
        response = http.request(
            "GET", f"{server}{path}", headers={"Accept": "application/json"}, deadline_seconds=READ_SECONDS
        )
        if response.ok and _is_json(response):
            return response.json_object()
    raise NotReadable("The server does not speak Mastodon's API.", answer_status=response.status)


def capability_of(document: Mapping[str, Any]) -> Capability:
    """Return class K only where the server says that it is Mastodon: others ignore the Idempotency-Key.

    Those others say what they are beside the version they imitate, as in “2.7.2 (compatible; Pleroma 2.6.0)”;
    a suffix as in “4.3.1+glitch” is a build of Mastodon's own code.
    """
    is_mastodon = _OWN_VERSION.fullmatch(str(document.get("version", "")).strip())
    return Capability.KEY if is_mastodon else Capability.FINDABLE


def limits_of(document: Mapping[str, Any]) -> Limits:
    """Return what posts may hold; what the server does not say is taken as Mastodon's own default."""
    statuses, media = _part(document, "statuses"), _part(document, "media_attachments")
    text_max = statuses.get("max_characters") or document.get("max_toot_chars")
    return Limits(
        text_max=_number(text_max, 500),
        counting=Counting.MASTODON,
        media_max=_number(statuses.get("max_media_attachments"), 4),
        image_bytes=_number(media.get("image_size_limit"), 8 * MB),
        video_bytes=_number(media.get("video_size_limit"), 40 * MB),
        alt_max=_number(media.get("description_limit"), 1500),
        url_length=_number(statuses.get("characters_reserved_per_url"), 23),
        options=("content_warning", "visibility", "sensitive", "poll", "poll_ends", "poll_multiple"),
    )


def media_types_of(document: Mapping[str, Any]) -> list[str]:
    """Return the types of files that the server takes; empty where it does not say."""
    types = _part(document, "media_attachments").get("supported_mime_types")
    return [str(kind) for kind in types][:100] if isinstance(types, list) else []


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    configuration = document.get("configuration")
    found = configuration.get(name) if isinstance(configuration, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) and 0 < value <= 2**40 else otherwise


def _is_json(response: Response) -> bool:
    return "json" in response.headers.get("content-type", "")
