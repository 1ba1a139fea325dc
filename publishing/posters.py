"""Who posts by hand on a channel, and who is told when nobody does."""

from networks.models import Channel
from networks.watchers import watchers_of
from publishing.permissions import END_HOLD, RESOLVE
from teams.models import Membership
from teams.permissions import verbs_of
from teams.states import MemberStatus

MOST = 20


def posters_of(channel: Channel) -> list[Membership]:
    """Return who looks after a channel and may say that a post is live; where nobody does, who may.

    Who is away is told through whoever acts for him (notifications.services.notices.tell).
    """
    found = [member for member in watchers_of(channel) if RESOLVE in verbs_of(member.role)]
    return found or holding(RESOLVE)


def holding(verb: str) -> list[Membership]:
    """Return the members whose role holds a verb."""
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user", "role")
    return [member for member in rows.order_by("pk") if verb in verbs_of(member.role)][:MOST]


def leads_of() -> list[Membership]:
    """Return who leads: those who may let outgoing posts go on."""
    return holding(END_HOLD)
