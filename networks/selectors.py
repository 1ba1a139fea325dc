"""Questions about channels."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core.errors import NotFound
from core.templatetags.ui import network_name
from networks.models import Channel, ChannelGroupGrant, ChannelUserGrant, NetworkApp
from networks.permissions import SEE, WRITE
from networks.states import PLANNABLE, ChannelStatus, GrantLevel
from teams.actors import Actor
from teams.grants import codename_of, grant_rows
from teams.models import Membership, Team
from teams.permissions import can, require, visible


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may use a restricted channel, and how far."""

    holder: Membership | Team
    level: GrantLevel

    @property
    def is_team(self) -> bool:
        """Tell whether the holder is a team."""
        return isinstance(self.holder, Team)


def channels_visible_to(by: Actor) -> QuerySet[Channel]:
    """Return the channels that were not disconnected and that the actor may see, in their order."""
    rows = Channel.objects.exclude(status=ChannelStatus.DISCONNECTED)
    return visible(by, SEE, rows).order_by("position", "pk")


def channels_seen_in_the_past_by(by: Actor) -> QuerySet[Channel]:
    """Return the channels that the actor may see, with those that were disconnected; records name these too."""
    return visible(by, SEE, Channel.objects.all()).order_by("position", "pk")


def told_apart(channels: Sequence[Channel]) -> dict[UUID, str]:
    """Return a name for each channel of a list, with its network where another one has the same name."""
    shared = Counter(channel.name for channel in channels)
    return {
        channel.pk: f"{channel.name} ({network_name(channel.kind)})"
        if shared[channel.name] > 1
        else channel.name
        for channel in channels
    }


def channels_usable_by(by: Actor, verb: str = WRITE) -> QuerySet[Channel]:
    """Return the channels for which the actor may write (or apply `verb`), in their order."""
    rows = Channel.objects.filter(status__in=PLANNABLE)
    return visible(by, verb, rows).order_by("position", "pk")


def get_channel(by: Actor, pk: UUID, verb: str = SEE) -> Channel:
    """Return a channel for a purpose. Raises: NotFound where the actor may not see it, NotAllowed."""
    found = Channel.objects.filter(pk=pk).first()
    if found is None or not can(by, SEE, found):
        raise NotFound(_("There is no such channel."))
    require(by, verb, found)
    return found


def app_at(kind: str) -> NetworkApp | None:
    """Return the app that the workspace in scope registered at a network, its secret sealed."""
    return NetworkApp.objects.filter(kind=kind).first()


def grants_of(channel: Channel) -> list[Grant]:
    """Return who may use a restricted channel: members by name, then teams by name."""
    members, teams = grant_rows(channel, ChannelUserGrant, ChannelGroupGrant)
    people = Membership.objects.filter(pk__in=members).select_related("user").order_by("user__name", "pk")
    groups = Team.objects.filter(pk__in=teams).order_by("name", "pk")
    found = [Grant(member, _level(members[member.pk])) for member in people]
    return found + [Grant(team, _level(teams[team.pk])) for team in groups]


def _level(codenames: set[str]) -> GrantLevel:
    held = [level for level in GrantLevel if codename_of(f"networks.channel.{level}") in codenames]
    return held[-1] if held else GrantLevel.SEE
