"""What publishing puts on somebody's list of work: deliveries that wait for a person's word."""

from collections.abc import Mapping, Sequence

from django.db.models import UUIDField, Value
from django.urls import reverse
from django.utils.translation import gettext as _

from calendar_app.selectors import ref_of
from publishing.models import Delivery
from publishing.permissions import RESOLVE
from publishing.selectors import unresolved
from publishing.states import Reason
from teams.actors import Actor
from teams.permissions import selves
from teams.work import Found, WorkItem, WorkRows, WorkSource


def delivery_rows(actor: Actor) -> Sequence[WorkRows]:
    """Return the deliveries of which nobody knows whether they are live, for who may say so.

    Who may only by cover says so in the place of the first whom he covers.
    """
    holders = [one for one in selves(actor, RESOLVE) if RESOLVE in one.verbs]
    if actor.member is None or not holders:
        return []
    place = Value(holders[0].on_behalf_of, output_field=UUIDField())
    return [WorkRows("delivery", unresolved(actor), since="scheduled_at", covered=place)]


def delivery_items(actor: Actor, found: Sequence[Found]) -> Mapping[Found, WorkItem]:
    """Return what to say of deliveries; one statement."""
    rows = Delivery.objects.select_related("post", "channel").in_bulk([one.id for one in found])
    slug = actor.member.workspace.slug if actor.member else ""
    return {one: _item(rows[one.id], slug) for one in found if one.id in rows}


DELIVERIES = WorkSource(delivery_rows, delivery_items)


def _item(row: Delivery, slug: str) -> WorkItem:
    if row.reason == Reason.BY_HAND:
        return WorkItem(
            kind="delivery",
            title=str(row.post),
            url=reverse("publishing:by_hand", args=[slug, row.pk]),
            why=_("post it by hand on %(channel)s") % {"channel": row.channel.name},
            icon="device-mobile",
            tone="amber",
            action=_("Post it"),
            ref=ref_of(row.post),
        )
    return WorkItem(
        kind="delivery",
        title=str(row.post),
        url=reverse("calendar_app:post", args=[slug, row.post_id]),
        why=_("say whether it is live on %(channel)s") % {"channel": row.channel.name},
        icon="alert-triangle-filled",
        tone="red",
        action=_("Look"),
        ref=ref_of(row.post),
    )
