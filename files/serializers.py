"""Files as the API shows them."""

from typing import Any

from rest_framework import serializers

from files.links import media_url
from files.models import Media


class Upload(serializers.Serializer[Any]):
    """A file and its description."""

    file = serializers.FileField()
    alt = serializers.CharField(required=False, allow_blank=True, max_length=1500, default="")


class Description(serializers.Serializer[Any]):
    """A new description."""

    alt = serializers.CharField(allow_blank=True, max_length=1500)


def media(row: Media) -> dict[str, Any]:
    """Return a file; its address is there once it is ready."""
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "status": row.status,
        "failure": row.why,
        "name": row.original_name,
        "mime": row.mime,
        "digest": row.digest,
        "width": row.width,
        "height": row.height,
        "duration_ms": row.duration_ms,
        "bytes": row.bytes,
        "alt": row.alt,
        "url": media_url(row) if row.is_ready else None,
        "thumbnail_url": media_url(row, "320") if row.is_ready else None,
        "created_at": row.created_at,
    }
