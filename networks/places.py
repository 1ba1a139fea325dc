"""Where channels lie: what a backup of one channel or network reaches."""

from collections.abc import Sequence

from django.db.models import Q

from networks.models import Channel
from teams.places import ids_in
from teams.scopes import CHANNEL, NETWORK


def places_of_channel(channel: Channel) -> Sequence[frozenset[str]]:
    """Return the scopes of a channel: itself and its network."""
    return (frozenset({f"{CHANNEL}:{channel.pk}"}), frozenset({f"{NETWORK}:{channel.kind}"}))


def channels_within(scopes: frozenset[str]) -> Q:
    """Return the condition on channels that scopes name, themselves or by their network."""
    return Q(pk__in=ids_in(scopes, CHANNEL)) | Q(kind__in=ids_in(scopes, NETWORK))
