"""What comments ask of the app above that keeps files for them, in their own transactions."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile

from core.registry import Port
from teams.actors import Actor


class Keeper(Protocol):
    """Keeps the files that go with comments."""

    def take(self, file: "UploadedFile[Any]", by: Actor) -> UUID:
        """Take a file in, checked by its content and written anew; return its id. Raises: Invalid."""
        ...

    def as_json(self, media: Any) -> Mapping[str, Any]:
        """Return a file as programs see it."""
        ...


keeper: Port[Keeper] = Port("comments.ports.keeper")
