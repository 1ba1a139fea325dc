"""Signed addresses of files: of one file, one size, one purpose, for a limited time."""

import math
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from core.clock import now
from files.models import Media

SIZES = ("original", "320", "1280", "poster", "download")
_SALT = "files.links"
_SHOWN_FOR = timedelta(hours=12)
_FETCHED_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed address says."""

    workspace_id: UUID
    media_id: UUID
    size: str
    purpose: str
    expires: int


def media_url(media: Media, size: str = "original") -> str:
    """Return the address at which a browser shows a file, good for 12 to 24 hours.

    It stays the same for 12 hours, so that the browser's cache is of use.
    """
    window = _SHOWN_FOR.total_seconds()
    expires = (math.floor(now().timestamp() / window) + 2) * window
    return _address(media, size, "show", int(expires))


def fetch_url(media: Media, purpose: str, *, lifetime: timedelta = timedelta(hours=1)) -> str:
    """Return the absolute address at which a network fetches a file for one purpose, for 24 hours at most."""
    expires = now() + min(lifetime, _FETCHED_FOR)
    return str(settings.BASE_URL) + _address(media, "original", purpose, int(expires.timestamp()))


def read_link(signed: str) -> Link | None:
    """Return what an address says, or None when it is forged, malformed or over."""
    try:
        workspace, media, size, purpose, expires = signing.Signer(salt=_SALT).unsign_object(signed)
        link = Link(UUID(workspace), UUID(media), size, purpose, expires)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return link if size in SIZES and now().timestamp() < expires else None


def _address(media: Media, size: str, purpose: str, expires: int) -> str:
    stored = [media.workspace_id.hex, media.pk.hex, size, purpose, expires]
    signed = signing.Signer(salt=_SALT).sign_object(stored)
    return reverse("files:media", args=[signed])
