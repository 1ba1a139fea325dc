"""What an item of the newsroom is made of, and when two are the same."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from core.errors import Invalid

TITLE_MAX = 200
TEXT_MAX = 20_000
MEDIA_MAX = 20
KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_FIELDS = {"title": str, "text": str, "language": str, "media": list}
_ENTRY = {
    "id": str, "digest": str, "kind": str, "mime": str, "alt": str,
    "bytes": int, "width": int | None, "height": int | None, "duration_ms": int | None,
}  # fmt: skip


def digest_of(payload: Mapping[str, Any]) -> str:
    """Return the digest by which two payloads are the same."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def check_payload(payload: Any) -> dict[str, Any]:
    """Return the payload of an item where it is one. Raises: Invalid."""
    if not isinstance(payload, dict) or set(payload) != set(_FIELDS):
        raise Invalid(_("Send an object with title, text, language and media."))
    for name, kind in _FIELDS.items():
        if not isinstance(payload[name], kind):
            raise Invalid(
                _("The field %(name)s is malformed.") % {"name": name}, fields={name: [_("Malformed.")]}
            )
    texts = [
        payload["title"],
        payload["text"],
        payload["language"],
        *(_alt(entry) for entry in payload["media"]),
    ]
    if any(_CONTROL.search(text) for text in texts):
        raise Invalid(_("Texts hold no control characters."))
    sizes = (("title", TITLE_MAX), ("text", TEXT_MAX), ("language", 35), ("media", MEDIA_MAX))
    too_long = {name: [_("Too long.")] for name, most in sizes if len(payload[name]) > most}
    if too_long:
        raise Invalid(_("The item is too long."), fields=too_long)
    return payload


def media_ids(payload: Mapping[str, Any]) -> list[UUID]:
    """Return the ids of the item's files, in order."""
    return [UUID(entry["id"]) for entry in payload["media"]]


def _alt(entry: Any) -> str:
    if not isinstance(entry, dict) or set(entry) != set(_ENTRY):
        raise Invalid(_("A media entry is malformed."), fields={"media": [_("Malformed.")]})
    fits = all(isinstance(entry[name], kind) for name, kind in _ENTRY.items())
    try:
        UUID(entry["id"])
    except (ValueError, AttributeError, TypeError):
        fits = False
    if not fits or len(entry["alt"]) > 5000:
        raise Invalid(_("A media entry is malformed."), fields={"media": [_("Malformed.")]})
    return str(entry["alt"])
