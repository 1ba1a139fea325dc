"""The library: a picture that is content."""

from typing import Any

from files.models import Media
from library.services.assets import describe_asset
from tests.rules.subjects import body, made, subject
from tests.rules.world import Side


@subject("library:*.media", "library_api:*.media")
def asset(side: Side) -> Any:
    """The picture, with a version of its own."""
    media = Media.objects.get(pk=made(side, "media"))
    return describe_asset(media=media, alt=side.text("description of an asset"), by=side.by).pk


@body("library:description:POST", "library_api:asset:PATCH")
def new_description(side: Side) -> dict[str, Any]:
    return {"alt": side.text("another description")}
