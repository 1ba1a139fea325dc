"""Pictures."""

import hashlib
from io import BytesIO
from typing import Any

from PIL import Image

from files import storage
from files.links import media_url
from files.models import Media
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


@subject("media")
def media(side: Side) -> Any:
    """A picture that is ready; one file stands for all its sizes."""
    kept = BytesIO()
    Image.new("RGB", (64, 48), "teal").save(kept, "WEBP")
    key = storage.write_bytes(kept.getvalue())
    row = Media(
        workspace=side.workspace,
        kind="image",
        status="ready",
        original_name=side.text("picture.webp"),
        mime="image/webp",
        digest=hashlib.sha256(kept.getvalue()).hexdigest(),
        bytes=len(kept.getvalue()),
        storage_key=key,
        thumb_320_key=key,
        thumb_1280_key=key,
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
