"""Who gives links, and what a link lets its guest do: never more than the member who made it."""

from collections.abc import Iterable
from uuid import UUID

from approvals.permissions import DECIDE
from approvals.permissions import SEE as SEE_REQUEST
from calendar_app.permissions import SEE as SEE_POST
from calendar_app.permissions import hidden_channel_ids
from checkins.models import SERIES
from checkins.permissions import OF_GUESTS
from comments.permissions import SEE as SEE_COMMENT
from comments.permissions import WRITE
from guests.models import GuestLink
from guests.states import Scope
from networks.models import Channel
from teams.actors import Actor, Bounds
from teams.permissions import actor_of
from teams.states import ActorKind

INVITE = "teams.guest.invite"
LOOKING = frozenset({SEE_POST, SEE_REQUEST, SEE_COMMENT})


def verbs_of_link(link: GuestLink) -> frozenset[str]:
    """Return the rights that a link gives within its scope."""
    if link.scope == Scope.MEETINGS:
        return OF_GUESTS
    more = {WRITE} if link.may_comment else set()
    return LOOKING | more | ({DECIDE} if link.may_decide else set())


def actor_of_link(link: GuestLink, ids: Iterable[UUID]) -> Actor:
    """Return the guest, bound to the posts or check-ins in the link's scope.

    Without the channels hidden from who made it.
    """
    actor = Actor(
        ActorKind.GUEST,
        link.workspace_id,
        link.guest_id,
        None,
        verbs_of_link(link),
        bounds=Bounds(only=frozenset(f"{_kind_of(link)}:{ident}" for ident in ids)),
    )
    actor.cache["hidden_channels"] = hidden_from(link)
    return actor


def _kind_of(link: GuestLink) -> str:
    return SERIES if link.scope == Scope.MEETINGS else "calendar_app.post"


def hidden_from(link: GuestLink) -> frozenset[UUID]:
    """Return the restricted channels that a link does not show: those hidden from its maker, all once he has left."""
    maker = link.created_by
    if maker is not None and maker.is_active:
        return hidden_channel_ids(actor_of(maker))
    return frozenset(Channel.objects.filter(is_restricted=True).values_list("pk", flat=True))
