"""Keeps the files that go with comments, as attachments."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from files.links import media_url
from files.models import Media
from files.serializers import media as media_json
from files.services.media import take_attachment
from teams.actors import Actor

SHOWN = ("id", "kind", "status", "failure", "name", "mime", "bytes", "thumbnail_url")


class CommentFiles:
    """The files of comments."""

    def take(self, file: "UploadedFile[Any]", by: Actor) -> UUID:
        """Take a file in. Raises: Invalid."""
        return take_attachment(file=file, name=file.name or "", by=by).pk

    def as_json(self, media: Media) -> Mapping[str, Any]:
        """Return a file with the address at which it is kept for a while."""
        shown = media_json(media)
        url = media_url(media, "download") if media.is_ready else None
        return {**{name: shown[name] for name in SHOWN}, "url": url}


COMMENT_FILES = CommentFiles()
