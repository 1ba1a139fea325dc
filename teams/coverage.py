"""Coverage: people × networks, who is left and who moderates, and the gaps with their remedies."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.listing import listed
from core.refs import Ref
from teams.models import Membership
from teams.overview import DutyFacts, Overview
from teams.scopes import ScopeChoice, coverage_facts
from teams.workload import Load

NAMED = 3
IMBALANCE_MINUTES = 180


class Sign(StrEnum):
    """What a person is to a network."""

    DOES = "does"
    COVERS = "covers"
    CAN = "can"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Cell:
    """A person at a network: knows it and has the right, has it as a duty, acts there for somebody, has time."""

    can: bool
    does: bool
    covers: bool
    is_free: bool

    @property
    def sign(self) -> Sign:
        """Return the one sign that the table shows."""
        if self.does:
            return Sign.DOES
        if self.covers:
            return Sign.COVERS
        return Sign.CAN if self.can else Sign.NONE


@dataclass(slots=True)
class Moderation:
    """Who looks over what goes out on a channel."""

    channel: ScopeChoice
    member: Membership | None
    stand_in: Membership | None

    @property
    def acting(self) -> Membership | None:
        """Return who does it now."""
        return self.stand_in or self.member


@dataclass(slots=True)
class Column:
    """A network: who may write for it and is here, and its moderators."""

    network: ScopeChoice
    here: list[Membership]
    moderations: list[Moderation]

    @property
    def only(self) -> Membership | None:
        """Return the only one who is left."""
        return self.here[0] if len(self.here) == 1 else None

    @property
    def unmoderated(self) -> list[Moderation]:
        """Return the channels that nobody moderates."""
        return [one for one in self.moderations if one.member is None]

    @property
    def voices(self) -> list[Moderation]:
        """Return the moderators, each named once."""
        seen: dict[UUID, Moderation] = {}
        for one in self.moderations:
            if one.member is not None:
                seen.setdefault(one.member.pk, one)
        return list(seen.values())


@dataclass(slots=True)
class Row:
    """A person with a cell for each network."""

    member: Membership
    cells: list[Cell]


@dataclass(slots=True)
class Coverage:
    """The table."""

    columns: list[Column]
    rows: list[Row]


class GapKind(StrEnum):
    """What is missing."""

    DUTY_OWNER = "duty_owner"
    DUTY_BACKUP = "duty_backup"
    MODERATOR = "moderator"
    CHANNEL = "channel"
    CHANNEL_BACKUP = "channel_backup"
    CAMPAIGN = "campaign"
    CAMPAIGN_BACKUP = "campaign_backup"
    MEMBER_BACKUP = "member_backup"
    NETWORK = "network"
    ONLY = "only"
    OVER = "over"


WARNINGS = (GapKind.ONLY, GapKind.OVER)


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that nobody looks after, in words, and what it is about."""

    kind: GapKind
    ref: Ref | None
    subject: str
    words: str
    names: tuple[str, ...] = field(default=())

    @property
    def is_warning(self) -> bool:
        """Tell whether it is a risk and nothing is missing yet."""
        return self.kind in WARNINGS


def coverage_of(view: Overview, loads: Mapping[UUID, Sequence[Load]]) -> Coverage:
    """Return people × networks as it stands now."""
    rights = {pair for gather in coverage_facts.values() for pair in gather(view.members, view.choices)}
    able = {(pk, kind) for pk, kind in rights if knows(view.by_id[pk], kind)}
    does: dict[UUID, set[str]] = defaultdict(set)
    covers: dict[UUID, set[str]] = defaultdict(set)
    for facts in view.duties:
        for person, signs in ((facts.owner, does), (facts.stand_in, covers)):
            if person is not None:
                signs[person.pk] |= view.networks_of(facts)
    columns = [_column(view, network, able) for network in view.networks]
    for column in columns:
        for one in column.moderations:
            if one.stand_in is not None:
                covers[one.stand_in.pk].add(column.network.key)
    rows = [
        Row(
            member,
            [
                Cell(
                    (member.pk, kind) in able,
                    kind in does[member.pk],
                    kind in covers[member.pk],
                    loads[member.pk][0].is_free and member.pk not in view.away,
                )
                for kind in (network.key for network in view.networks)
            ],
        )
        for member in view.members
    ]
    return Coverage(columns, rows)


def knows(member: Membership, network: str) -> bool:
    """Tell whether somebody works with a network: where no networks are named, with every one."""
    return not member.networks or network in member.networks


def _column(view: Overview, network: ScopeChoice, able: set[tuple[UUID, str]]) -> Column:
    here = [
        member for member in view.members if (member.pk, network.key) in able and member.pk not in view.away
    ]
    channels = [channel for channel in view.channels if channel.network == network.key]
    return Column(network, here, [Moderation(one, *view.moderator_of(one)) for one in channels])


def gaps_of(view: Overview) -> list[Gap]:
    """Return what nobody answers for or stands in for: duties, channels, campaigns, members."""
    return [
        *(gap for facts in view.duties for gap in _duty_gaps(view, facts)),
        *(gap for channel in view.channels for gap in _channel_gaps(view, channel)),
        *(gap for campaign in view.campaigns for gap in _campaign_gaps(view, campaign)),
        *_member_gaps(view),
    ]


def risks_of(coverage: Coverage, loads: Mapping[UUID, Sequence[Load]]) -> list[Gap]:
    """Return networks with nobody or one person left, and people with too much while others have time."""
    found = [
        Gap(GapKind.NETWORK, None, column.network.label, _("has nobody here who can write for it"))
        for column in coverage.columns
        if not column.here
    ]
    alone = [column.network.label for column in coverage.columns if column.only]
    if alone:
        found.append(Gap(GapKind.ONLY, None, "", _("Only one person can do this now:"), tuple(alone)))
    free = max((weeks[0].free for weeks in loads.values()), default=0)
    for weeks in loads.values():
        load = weeks[0]
        if load.over > 0 and load.capacity and free >= IMBALANCE_MINUTES:
            hours = -(-load.over // 60)
            words = ngettext(
                "has %(count)s hour too many this week while others have time",
                "has %(count)s hours too many this week while others have time",
                hours,
            ) % {"count": hours}
            found.append(
                Gap(GapKind.OVER, Ref("teams.membership", load.member.pk), _name(load.member), words)
            )
    return found


def _duty_gaps(view: Overview, facts: DutyFacts) -> list[Gap]:
    label = duty_label(view, facts)
    if facts.owner is None:
        return [Gap(GapKind.DUTY_OWNER, facts.duty.ref, label, _("has no owner"))]
    if not facts.backups and view.lists.of(facts.owner.pk) == []:
        return [Gap(GapKind.DUTY_BACKUP, facts.duty.ref, label, _("has no backup"))]
    return []


def _channel_gaps(view: Overview, channel: ScopeChoice) -> list[Gap]:
    ref = Ref(channel.type, UUID(channel.key))
    label = view.channel_label(channel)
    found = []
    if view.moderator_of(channel)[0] is None:
        found.append(Gap(GapKind.MODERATOR, ref, label, _("has no moderator")))
    reaching = [facts for facts in view.reaching(channel) if facts.owner]
    if not reaching:
        found.append(Gap(GapKind.CHANNEL, ref, label, _("is looked after by nobody")))
    elif not any(facts.backups for facts in reaching):
        found.append(Gap(GapKind.CHANNEL_BACKUP, ref, label, _("has no backup")))
    return found


def _campaign_gaps(view: Overview, campaign: ScopeChoice) -> list[Gap]:
    ref = Ref(campaign.type, UUID(campaign.key))
    reaching = [facts for facts in view.reaching(campaign) if facts.owner]
    owner = view.by_id.get(campaign.owner_id) if campaign.owner_id else None
    if owner is None and not reaching:
        return [Gap(GapKind.CAMPAIGN, ref, campaign.label, _("has no owner"))]
    backed = any(facts.backups for facts in reaching) or (owner and view.backups_for(owner.pk))
    if not backed:
        return [Gap(GapKind.CAMPAIGN_BACKUP, ref, campaign.label, _("has no backup"))]
    return []


def _member_gaps(view: Overview) -> list[Gap]:
    bare = [member for member in view.members if not view.backups_for(member.pk)]
    return [
        Gap(GapKind.MEMBER_BACKUP, Ref("teams.membership", member.pk), _name(member), _("has no backup"))
        for member in bare
    ]


def duty_label(view: Overview, facts: DutyFacts) -> str:
    """Return a duty's name with what it reaches, as people say it."""
    if facts.duty.name:
        return facts.duty.name
    reach = reach_in_words(view, facts)
    return f"{facts.duty.kind}, {reach}" if facts.scopes and reach else str(facts.duty.kind)


def reach_in_words(view: Overview, facts: DutyFacts) -> str:
    """Return what a duty reaches: the names of networks, channels and campaigns, or the whole workspace."""
    if not facts.scopes:
        return _("the whole workspace")
    names = [choice.label for choice in view.choices if (choice.type, choice.key) in facts.scopes]
    shown = (
        names
        if len(names) <= NAMED
        else [*names[: NAMED - 1], _("%(n)s more") % {"n": len(names) - NAMED + 1}]
    )
    return listed(shown, _("and"))


def _name(member: Membership) -> str:
    return member.user.get_short_name()


def many_in_words(kind: GapKind, count: int) -> str:
    """Say that so many more things have the same gap."""
    words = {
        GapKind.DUTY_OWNER: ngettext(
            "%(n)s more duty has no owner", "%(n)s more duties have no owner", count
        ),
        GapKind.DUTY_BACKUP: ngettext(
            "%(n)s more duty has no backup", "%(n)s more duties have no backup", count
        ),
        GapKind.MODERATOR: ngettext(
            "%(n)s more channel has no moderator", "%(n)s more channels have no moderator", count
        ),
        GapKind.CHANNEL: ngettext(
            "%(n)s more channel is looked after by nobody",
            "%(n)s more channels are looked after by nobody",
            count,
        ),
        GapKind.CHANNEL_BACKUP: ngettext(
            "%(n)s more channel has no backup", "%(n)s more channels have no backup", count
        ),
        GapKind.CAMPAIGN: ngettext(
            "%(n)s more campaign has no owner", "%(n)s more campaigns have no owner", count
        ),
        GapKind.CAMPAIGN_BACKUP: ngettext(
            "%(n)s more campaign has no backup", "%(n)s more campaigns have no backup", count
        ),
        GapKind.MEMBER_BACKUP: ngettext(
            "%(n)s more person has no backup", "%(n)s more people have no backup", count
        ),
        GapKind.NETWORK: ngettext(
            "%(n)s more network has nobody here", "%(n)s more networks have nobody here", count
        ),
        GapKind.OVER: ngettext("%(n)s more person has too much", "%(n)s more people have too much", count),
    }
    return words[kind] % {"n": count}
