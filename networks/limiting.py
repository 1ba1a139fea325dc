"""How a role's limits narrow channels: by their network."""

from django.db.models import Q

from networks.permissions import PUBLISH, SEE, WRITE
from teams.limits import NETWORKS, Limit

LIMITABLE = dict.fromkeys((SEE, WRITE, PUBLISH), (NETWORKS,))


def channels_limited(limit: Limit, verb: str) -> Q:
    """Return the condition on channels within a limit."""
    return Q(kind__in=limit.networks) if limit.networks else Q()
