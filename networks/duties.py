"""What duties and coverage learn from the networks: the channels there are, and who may write for which."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from core.templatetags.ui import network_name
from networks.models import Channel, ChannelGroupGrant, ChannelUserGrant
from networks.permissions import OVERSEE, WRITE
from networks.selectors import channels_visible_to, told_apart
from teams.actors import Actor
from teams.grants import codename_of
from teams.limits import limits_of, limits_on
from teams.models import Membership
from teams.permissions import verbs_of
from teams.scopes import CHANNEL, NETWORK, ScopeChoice

MOST = 500


def channel_choices(by: Actor) -> Iterator[ScopeChoice]:
    """Yield each network with its channels, as far as the actor may see them; one statement."""
    found: dict[str, list[Channel]] = defaultdict(list)
    seen = list(channels_visible_to(by)[:MOST])
    names = told_apart(seen)
    for channel in seen:
        found[channel.kind].append(channel)
    for kind, channels in found.items():
        yield ScopeChoice(NETWORK, kind, network_name(kind), network=kind)
        for channel in channels:
            yield ScopeChoice(
                CHANNEL, str(channel.pk), names[channel.pk], network=kind, is_restricted=channel.is_restricted
            )


def writers_by_network(
    members: Sequence[Membership], choices: Sequence[ScopeChoice]
) -> Iterator[tuple[UUID, str]]:
    """Yield member and network for whoever may write for one of these channels of it.

    No statement, or two where a channel is restricted.
    """
    channels = [choice for choice in choices if choice.type == CHANNEL]
    restricted = [UUID(choice.key) for choice in channels if choice.is_restricted]
    granted = _granted(restricted, members) if restricted else {}
    for member in members:
        held = verbs_of(member.role)
        if WRITE not in held:
            continue
        own = granted.get(member.pk, set())
        limits = limits_on(limits_of(member.role), WRITE)
        reached = {
            choice.network
            for choice in channels
            if all(choice.network in limit.networks for limit in limits)
            if not choice.is_restricted or OVERSEE in held or UUID(choice.key) in own
        }
        yield from ((member.pk, kind) for kind in reached)


def _granted(channel_ids: list[UUID], members: Sequence[Membership]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = defaultdict(set)
    codename = codename_of(WRITE)
    by_user = {member.user_id: member.pk for member in members}
    users = ChannelUserGrant.objects.filter(content_object__in=channel_ids, permission__codename=codename)
    for channel_id, user_id in users.values_list("content_object_id", "user_id"):
        if user_id in by_user:
            found[by_user[user_id]].add(channel_id)
    groups = ChannelGroupGrant.objects.filter(content_object__in=channel_ids, permission__codename=codename)
    for channel_id, member_id in groups.values_list("content_object_id", "group__team__team_members__member"):
        if member_id:
            found[member_id].add(channel_id)
    return found
