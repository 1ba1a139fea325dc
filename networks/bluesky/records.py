"""The record of a post: its pictures uploaded, its mentions looked up, its moment frozen."""

from collections.abc import Mapping
from typing import Any

from core.clock import now
from core.http import FileBody
from networks.bluesky.session import Session, error_of, message_of
from networks.outcomes import failed
from networks.protocol import Call, OutcomeKind

COLLECTION = "app.bsky.feed.post"
REJECTIONS = frozenset({"InvalidRequest", "InvalidRecord", "InvalidMimeType", "BlobTooLarge"})
"""Errors that say for certain that nothing was taken."""


def upload_image(session: Session, call: Call, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Upload one picture and return it as the record holds it. Raises: PrepareFailed, OutboundError, LoginFailed."""
    path = call.open_media(entry)
    response = session.upload(FileBody.of(path, content_type=entry["mime"]))
    if not response.ok:
        kind = OutcomeKind.REJECTED if error_of(response) in REJECTIONS else OutcomeKind.NOT_SENT
        raise failed(kind, f"The picture was not taken: {message_of(response) or response.status}", response)
    image = {"image": response.json_object()["blob"], "alt": entry["alt"]}
    if entry["width"] and entry["height"]:
        image["aspectRatio"] = {"width": entry["width"], "height": entry["height"]}
    return image


def resolve_mentions(session: Session, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return facets for the mentioned accounts that exist; a handle nobody has stays plain text."""
    resolved = []
    for mention in found:
        response = session.query("com.atproto.identity.resolveHandle", {"handle": mention["handle"]})
        if response.ok:
            did = str(response.json_object()["did"])
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
            resolved.append({"index": mention["index"], "features": [feature]})
        elif response.status != 400:
            raise failed(
                OutcomeKind.NOT_SENT, f"A mention could not be looked up (HTTP {response.status}).", response
            )
    return resolved


def build_record(
    payload: Mapping[str, Any], mentioned: list[dict[str, Any]], images: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the record to put, with the present moment as the time of the post."""
    moment = now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: dict[str, Any] = {"$type": COLLECTION, "text": payload["text"], "createdAt": moment}
    marked = sorted([*payload["facets"], *mentioned], key=lambda facet: facet["index"]["byteStart"])
    if marked:
        record["facets"] = marked
    if payload["langs"]:
        record["langs"] = payload["langs"]
    if images:
        record["embed"] = {"$type": "app.bsky.embed.images", "images": images}
    if payload["label"]:
        labels = [{"val": payload["label"]}]
        record["labels"] = {"$type": "com.atproto.label.defs#selfLabels", "values": labels}
    return record
