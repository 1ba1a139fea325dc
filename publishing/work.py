"""What publishing puts on somebody's list of work: deliveries that wait for a person's word."""

from django.urls import reverse
from django.utils.translation import gettext as _

from calendar_app.selectors import ref_of
from publishing.permissions import RESOLVE
from publishing.selectors import troubled
from publishing.states import DeliveryState
from teams.actors import Actor
from teams.permissions import can
from teams.work import WorkItem

MOST = 50


def delivery_items(actor: Actor) -> list[WorkItem]:
    """Return the deliveries of which nobody knows whether they are live, for who may say so."""
    if actor.member is None or not can(actor, RESOLVE):
        return []
    slug = actor.member.workspace.slug
    rows = troubled(actor).filter(state=DeliveryState.NEEDS_ATTENTION)[:MOST]
    return [
        WorkItem(
            kind="delivery",
            title=str(row.post),
            url=reverse("calendar_app:post", args=[slug, row.post_id]),
            why=_("say whether it is live on %(channel)s") % {"channel": row.channel.name},
            since=row.scheduled_at,
            icon="alert-triangle-filled",
            tone="red",
            action=_("Look"),
            ref=ref_of(row.post),
        )
        for row in rows
    ]
