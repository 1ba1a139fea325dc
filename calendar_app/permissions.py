"""Who may see, write, submit, plan and put away posts."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calendar_app.models import Post, PostChannel
from calendar_app.states import OWN_ONLY_EDITABLE
from core.errors import Ambiguous
from networks.models import Channel
from networks.permissions import OVERSEE, PUBLISH, WRITE
from networks.permissions import SEE as SEE_CHANNEL
from teams.actors import Actor
from teams.permissions import (
    EVERYBODY,
    MANAGERS,
    WRITERS,
    Refusal,
    Verb,
    condition,
    refuse,
    register_verbs,
    require,
    scoper,
    standing_for,
    visible,
)

SEE = "calendar_app.post.see"
CREATE = "calendar_app.post.create"
EDIT = "calendar_app.post.edit"
EDIT_OTHERS = "calendar_app.post.edit_others"
SUBMIT = "calendar_app.post.submit"
SCHEDULE = "calendar_app.post.schedule"
ARCHIVE = "calendar_app.post.archive"
EDIT_CAMPAIGN = "calendar_app.campaign.edit"
EDIT_NOTE = "calendar_app.note.edit"
EDIT_SLOT = "calendar_app.slot.edit"

register_verbs(
    [
        Verb(SEE, gettext_lazy("see posts"), EVERYBODY, covers=True),
        Verb(CREATE, gettext_lazy("write posts"), WRITERS, covers=True),
        Verb(EDIT, gettext_lazy("edit posts"), WRITERS, covers=True),
        Verb(EDIT_OTHERS, gettext_lazy("edit posts of others, and approved ones"), MANAGERS, covers=True),
        Verb(SUBMIT, gettext_lazy("submit posts for approval"), WRITERS, covers=True),
        Verb(SCHEDULE, gettext_lazy("schedule posts"), MANAGERS, covers=True),
        Verb(ARCHIVE, gettext_lazy("put posts away"), WRITERS, covers=True),
        Verb(EDIT_CAMPAIGN, gettext_lazy("edit campaigns"), MANAGERS, covers=True),
        Verb(EDIT_NOTE, gettext_lazy("write notes into the calendar"), WRITERS, covers=True),
        Verb(EDIT_SLOT, gettext_lazy("set the usual times of a channel"), MANAGERS, covers=True),
    ]
)


def hidden_channel_ids(actor: Actor) -> frozenset[UUID]:
    """Return the restricted channels that the actor may not see, in one query per request."""
    if actor.is_system or OVERSEE in actor.verbs:
        return frozenset()
    if "hidden_channels" not in actor.cache:
        restricted = Channel.objects.filter(is_restricted=True)
        seen = visible(actor, SEE_CHANNEL, restricted).values("pk")
        rows = restricted.exclude(pk__in=seen).values_list("pk", flat=True)
        actor.cache["hidden_channels"] = frozenset(rows)
    found: frozenset[UUID] = actor.cache["hidden_channels"]
    return found


@scoper(SEE)
def posts_on_visible_channels(actor: Actor, queryset: QuerySet[Post]) -> QuerySet[Post]:
    """Show a post that has no channel yet, or at least one that the actor may see."""
    hidden = hidden_channel_ids(actor)
    if not hidden:
        return queryset
    channels = PostChannel.objects.filter(post=OuterRef("pk"))
    return queryset.filter(Q(Exists(channels.exclude(channel__in=hidden))) | ~Q(Exists(channels)))


@condition(EDIT, SUBMIT, ARCHIVE)
def own_drafts_only(actor: Actor, post: Any) -> Refusal | None:
    """Hold who may not edit others' posts to own posts that nobody has approved."""
    if not isinstance(post, Post) or EDIT_OTHERS in actor.verbs:
        return None
    writer = actor.on_behalf_of or actor.member_id
    if post.author_id != writer:
        return refuse(EDIT_OTHERS, _("This post is somebody else's."))
    if post.state not in OWN_ONLY_EDITABLE:
        message = _("You can change your own posts while they are drafts or changes are requested.")
        return refuse(EDIT_OTHERS, message)
    return None


def acting_as(actor: Actor, verb: str, obj: Any = None) -> Actor:
    """Return the actor to record: himself where he may, else in the place of a member he covers.

    Raises: NotAllowed.
    """
    try:
        return standing_for(actor, verb, obj)
    except Ambiguous as both:
        return standing_for(actor, verb, obj, member_id=UUID(both.choices[0]["for"]))


def require_channels(actor: Actor, channels: Iterable[Channel], *, publish: bool = False) -> None:
    """Require the right on every one of a post's channels. Raises: NotAllowed."""
    for channel in channels:
        require(actor, PUBLISH if publish else WRITE, channel)
