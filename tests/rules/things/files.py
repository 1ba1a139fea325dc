"""Pictures."""

import hashlib
from typing import Any

from files.links import media_url
from files.models import Media
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


@subject("media")
def media(side: Side) -> Any:
    """A picture that is ready, without a file behind it."""
    row = Media(
        workspace=side.workspace,
        kind="image",
        status="ready",
        original_name=side.text("picture.webp"),
        mime="image/webp",
        digest=hashlib.sha256(side.word.encode()).hexdigest(),
        bytes=1200,
        width=64,
        height=48,
        alt=side.text("alternative text"),
        created_by=side.owner,
    )
    row.save()
    return row.pk


@subject("signed")
def signed(side: Side) -> Any:
    """The signed address of the picture."""
    address = media_url(Media.objects.get(pk=made(side, "media")))
    return address.rpartition("/media/")[2]


@body("files_api:one_media:PATCH")
def new_alt(side: Side) -> dict[str, Any]:
    return {"alt": side.text("new alternative text")}
