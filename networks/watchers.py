"""Who looks after a channel: the owners of the duties that reach it, and the first who backs each of them."""

from django.db.models import Q, QuerySet

from core.refs import Ref
from networks.models import Channel
from networks.permissions import CONNECT
from teams.models import Duty, Membership
from teams.permissions import verbs_of
from teams.scopes import CHANNEL, NETWORK
from teams.standing import standing_lists
from teams.states import MemberStatus

MOST = 20


def watchers_of(channel: Channel) -> list[Membership]:
    """Return who must hear of a channel's troubles, each once; its own duties come before those of its network.

    Where nobody looks after it, those are meant who connected it or could connect it again.
    """
    reach = Q(scopes__type=CHANNEL, scopes__key=str(channel.pk))
    reach |= Q(scopes__type=NETWORK, scopes__key=channel.kind)
    duties = Duty.objects.filter(reach, ended_at=None, owner__status=MemberStatus.ACTIVE).distinct()
    rows = list(duties.order_by("position", "pk")[:MOST])
    lists = standing_lists([row.owner_id for row in rows if row.owner_id])
    idents = []
    for row in rows:
        if row.owner_id:
            backups = lists.of(row.owner_id, row.ref, Ref(CHANNEL, channel.pk))
            idents += [row.owner_id, *backups[:1]]
    if not idents:
        return connectors_of(channel)
    return list(_active().filter(pk__in=idents).order_by("pk"))


def connectors_of(channel: Channel) -> list[Membership]:
    """Return who connected a channel, and who may connect it again."""
    members = [m for m in _active() if m.pk == channel.connected_by_id or CONNECT in verbs_of(m.role)]
    return members[:MOST]


def _active() -> QuerySet[Membership]:
    return Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user", "role")
