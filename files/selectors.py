"""Questions about files."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import NotFound
from files.models import Media
from files.states import MediaStatus
from teams.actors import Actor
from teams.permissions import require, visible


def media_visible_to(by: Actor) -> QuerySet[Media]:
    """Return the media that the actor may see and nobody has put away; attachments are seen where they belong."""
    return visible(by, "files.media.see", Media.objects.filter(archived_at=None, is_attachment=False))


def get_media(by: Actor, pk: UUID, verb: str = "files.media.see") -> Media:
    """Return a file for a purpose. Raises: NotFound, NotAllowed."""
    found = media_visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such picture or video."))
    require(by, verb, found)
    return found


def ready_media(pk: UUID) -> Media | None:
    """Return a stored file that can be shown, None while it is being prepared; who asks holds a signed link."""
    return Media.objects.filter(pk=pk, status=MediaStatus.READY).first()
