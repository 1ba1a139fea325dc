"""What channels that nobody moderates or looks after put on a lead's list of work."""

from collections.abc import Mapping, Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import ngettext

from networks.models import Channel
from networks.selectors import channels_visible_to
from teams.actors import Actor
from teams.gap_work import hands_out, has_owner, in_one_line
from teams.models import DutyScope, Moderator
from teams.scopes import CHANNEL, NETWORK
from teams.states import MemberStatus
from teams.work import Found, WorkItem, WorkRows, WorkSource

UNMODERATED, UNATTENDED = "gap_moderator", "gap_channel"


def channel_rows(actor: Actor) -> Sequence[WorkRows]:
    """Return the channels without a moderator, and those that no duty reaches, each kind as one line."""
    if not hands_out(actor):
        return []
    return [
        WorkRows(UNMODERATED, _unmoderated(actor), since="created_at", is_one_line=True),
        WorkRows(UNATTENDED, _unattended(actor), since="created_at", is_one_line=True),
    ]


def channel_items(actor: Actor, found: Sequence[Found]) -> Mapping[Found, WorkItem]:
    """Return the lines."""
    slug = actor.member.workspace.slug if actor.member else ""
    return {one: in_one_line(_words(one), slug) for one in found}


CHANNELS = WorkSource(channel_rows, channel_items)


def _words(one: Found) -> str:
    if one.kind == UNMODERATED:
        words = ngettext("%(n)d channel has no moderator", "%(n)d channels have no moderator", one.number)
    else:
        words = ngettext(
            "%(n)d channel is looked after by nobody", "%(n)d channels are looked after by nobody", one.number
        )
    return words % {"n": one.number}


def _unmoderated(actor: Actor) -> QuerySet[Channel]:
    named = Moderator.objects.filter(channel_id=OuterRef("pk"), member__status=MemberStatus.ACTIVE)
    return channels_visible_to(actor).filter(~Exists(named))


def _unattended(actor: Actor) -> QuerySet[Channel]:
    reaching = DutyScope.objects.filter(
        Q(type=NETWORK, key=OuterRef("kind")) | Q(type=CHANNEL, key=Cast(OuterRef("pk"), TextField())),
        has_owner(),
    )
    return channels_visible_to(actor).filter(~Exists(reaching))
