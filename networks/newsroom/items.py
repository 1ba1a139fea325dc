"""The items of the newsroom: put, shown, taken down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from core.clock import now
from core.errors import CollabError, Invalid, NotFound, WrongState
from files.models import Media
from networks.newsroom.models import NewsroomItem
from networks.newsroom.payloads import digest_of, media_ids
from teams.models import Workspace


class Gone(CollabError):
    """The item stood here and was taken down."""

    code = "gone"
    status = 410


@dataclass(frozen=True, slots=True)
class Shown:
    """An item with its files, as pages and feeds show it."""

    item: NewsroomItem
    media: Sequence[tuple[Media, str]]
    """Each file with the description that was approved with this item."""

    @property
    def title(self) -> str:
        """Return the headline, or the first line of an item without one."""
        return str(self.item.payload["title"]) or first_line(self.item.payload["text"])


def put_item(
    *, workspace_id: UUID, channel_id: UUID, key: str, payload: Mapping[str, Any]
) -> tuple[NewsroomItem, bool]:
    """Publish an item under a key, and tell whether it is new; the same once more changes nothing.

    Raises: WrongState when something else stands under the key; Gone when it was taken down; Invalid for files
    that the workspace does not have.
    """
    digest = digest_of(payload)
    item = NewsroomItem(
        workspace_id=workspace_id, channel_id=channel_id, key=key, payload=dict(payload), digest=digest
    )
    if not NewsroomItem.objects.filter(key=key).exists():
        _require_media(payload)
        try:
            with transaction.atomic():
                item.save(force_insert=True)
            return item, True
        except IntegrityError:
            pass  # somebody was faster with the same key: what stands decides, below
    standing = NewsroomItem.objects.get(key=key)
    if standing.digest != digest or standing.channel_id != channel_id:
        raise WrongState(_("Something else stands under this key."), code="key_taken")
    if standing.removed_at is not None:
        raise Gone(_("This item was taken down."))
    return standing, False


def get_item(key: str) -> NewsroomItem:
    """Return an item by its key, also one that was taken down. Raises: NotFound."""
    found = NewsroomItem.objects.filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no such item."))
    return found


def remove_item(*, key: str) -> NewsroomItem:
    """Take an item down; its key stays taken. Raises: NotFound."""
    item = get_item(key)
    NewsroomItem.objects.filter(pk=item.pk, removed_at=None).update(removed_at=now())
    item.refresh_from_db(fields=["removed_at"])
    return item


def standing_items() -> QuerySet[NewsroomItem]:
    """Return what stands on the page of the workspace in scope, newest first."""
    return NewsroomItem.objects.filter(removed_at=None).order_by("-published_at", "-pk")


def show(items: Sequence[NewsroomItem]) -> list[Shown]:
    """Return items with their files, in one query; a file that is not the approved one is left out."""
    wanted = {ident for item in items for ident in media_ids(item.payload)}
    found = {str(media.pk): media for media in Media.objects.filter(pk__in=wanted)} if wanted else {}
    return [
        Shown(
            item,
            [
                (found[entry["id"]], entry["alt"])
                for entry in item.payload["media"]
                if entry["id"] in found and found[entry["id"]].digest == entry["digest"]
            ],
        )
        for item in items
    ]


def item_url(workspace: Workspace, key: str) -> str:
    """Return the public address of an item."""
    return str(settings.BASE_URL) + reverse("newsroom:item", args=[workspace.slug, key])


def first_line(text: str, most: int = 90) -> str:
    """Return the beginning of a text as a headline."""
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _require_media(payload: Mapping[str, Any]) -> None:
    wanted = {entry["id"]: entry["digest"] for entry in payload["media"]}
    digests = {
        str(pk): digest for pk, digest in Media.objects.filter(pk__in=wanted).values_list("pk", "digest")
    }
    if digests != wanted:
        message = _("A file of this item is not there, or is not the one that was approved.")
        raise Invalid(message, fields={"media": [message]})
