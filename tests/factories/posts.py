"""Channels, pictures and posts as people make them, through the services."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from calendar_app.content import VariantInput
from calendar_app.models import Post
from calendar_app.services.posts import create_post
from core.clock import now
from core.ids import uuid7
from files.models import Media
from networks.models import Channel
from networks.samples import sample_limits
from tests.factories.people import Cast


def newsroom_of(cast: Cast) -> Channel:
    """Return the channel that every workspace begins with."""
    return Channel.objects.get(kind="newsroom", workspace=cast.acme)


def make_channel(cast: Cast, kind: str = "mastodon", name: str = "", **fields: Any) -> Channel:
    """Make a channel of a network that can be tried without an account."""
    values: dict[str, Any] = {
        "status": "sample",
        "capability": "N",
        "limits": sample_limits(kind).as_json(),
        "remote_account_id": str(uuid7()),
        "position": 5,
    }
    channel = Channel(workspace=cast.acme, kind=kind, name=name or kind.title(), **{**values, **fields})
    channel.save()
    return channel


def make_media(cast: Cast, **fields: Any) -> Media:
    """Make a picture that is ready, without a file behind it."""
    name = fields.get("original_name", "kopi.webp")
    values: dict[str, Any] = {
        "status": "ready",
        "original_name": name,
        "mime": "image/webp",
        "digest": hashlib.sha256(name.encode()).hexdigest(),
        "bytes": 1200,
        "width": 640,
        "height": 480,
        "alt": "A cup of coffee",
        "created_by": cast.ben,
    }
    media = Media(workspace=cast.acme, **{**values, **fields})
    media.save()
    return media


def make_post(
    cast: Cast,
    text: str = "Kopi Raya is back",
    *,
    by: str = "ben",
    channels: Sequence[Channel] | None = None,
    scheduled_at: datetime | None = None,
    **fields: Any,
) -> Post:
    """Make a draft; on the newsroom where no channels are named."""
    wanted = [newsroom_of(cast)] if channels is None else channels
    return create_post(
        workspace=cast.acme,
        text=text,
        variants=[VariantInput(channel.pk) for channel in wanted],
        scheduled_at=scheduled_at,
        by=cast.actor(by),
        **fields,
    )


@lru_cache
def soon(**delta: float) -> datetime:
    """Return an instant ahead, to the second: a day unless told otherwise; the same one all through a run."""
    return (now() + timedelta(**(delta or {"days": 1}))).replace(microsecond=0)
