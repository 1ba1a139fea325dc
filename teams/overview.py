"""Who looks after what, in memory: members, absences, backups, duties, moderators, and what there is to look after."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from core.errors import NotFound
from core.refs import Ref
from teams.actors import Actor
from teams.models import Absence, Backup, Duty, DutyKind, DutyScope, Membership, Moderator
from teams.permissions import visible
from teams.scopes import CAMPAIGN, CHANNEL, NETWORK, ScopeChoice, choices_for
from teams.standing import StandingLists, lists_of
from teams.states import MemberStatus

MOST_MEMBERS = 1000
MOST_DUTIES = 500
AHEAD = timedelta(weeks=6)
Span = tuple[datetime, datetime | None]


@dataclass(slots=True)
class DutyFacts:
    """A duty with what it reaches and who answers for it now."""

    duty: Duty
    scopes: frozenset[tuple[str, str]]
    owner: Membership | None
    backups: list[Membership]
    stand_in: Membership | None

    @property
    def channel_refs(self) -> list[Ref]:
        """Return the channels that the duty names, as references."""
        return [Ref(CHANNEL, UUID(key)) for kind, key in sorted(self.scopes) if kind == CHANNEL]


@dataclass
class Overview:
    """What the pages, the API and the list of gaps all look at; six statements however many members there are."""

    now: datetime
    zone: ZoneInfo
    members: list[Membership]
    spans: dict[UUID, list[Span]]
    lists: StandingLists
    moderators: dict[UUID, UUID]
    rows: list[Duty]
    choices: list[ScopeChoice]
    by_id: dict[UUID, Membership] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_id = {member.pk: member for member in self.members}

    @cached_property
    def away(self) -> dict[UUID, datetime | None]:
        """Return who is away now, and until when; None while nobody knows."""
        found: dict[UUID, datetime | None] = {}
        for member_id, spans in self.spans.items():
            ends = [end for start, end in spans if start <= self.now and (end is None or end > self.now)]
            if ends:
                found[member_id] = None if None in ends else max(end for end in ends if end)
        return found

    @cached_property
    def duties(self) -> list[DutyFacts]:
        """Return the duties, most important first."""
        return [self._facts(row) for row in self.rows]

    @cached_property
    def channels(self) -> list[ScopeChoice]:
        """Return the channels."""
        return [choice for choice in self.choices if choice.type == CHANNEL]

    @cached_property
    def networks(self) -> list[ScopeChoice]:
        """Return the networks."""
        return [choice for choice in self.choices if choice.type == NETWORK]

    @cached_property
    def campaigns(self) -> list[ScopeChoice]:
        """Return the campaigns."""
        return [choice for choice in self.choices if choice.type == CAMPAIGN]

    @cached_property
    def labels(self) -> dict[tuple[str, str], ScopeChoice]:
        """Return each thing by type and key."""
        return {(choice.type, choice.key): choice for choice in self.choices}

    def networks_of(self, facts: DutyFacts) -> set[str]:
        """Return the networks that a duty reaches by name, or by a channel of theirs."""
        known = (self.labels.get(scope) for scope in facts.scopes)
        return {choice.network for choice in known if choice and choice.network}

    def reaching(self, choice: ScopeChoice) -> list[DutyFacts]:
        """Return the duties that name a thing, or its network."""
        wanted = {(choice.type, choice.key), (NETWORK, choice.network)}
        return [facts for facts in self.duties if facts.scopes & wanted]

    def channel_label(self, channel: ScopeChoice) -> str:
        """Return what a channel is called where networks are compared: its network, where that has no other."""
        of_kind = [one for one in self.channels if one.network == channel.network]
        network = self.labels.get((NETWORK, channel.network))
        return network.label if network and len(of_kind) == 1 else channel.label

    def moderator_of(self, channel: ScopeChoice) -> tuple[Membership | None, Membership | None]:
        """Return a channel's named moderator, and who stands in for him now."""
        ident = UUID(channel.key)
        named = self.by_id.get(self.moderators.get(ident, ident))
        return named, self.stand_in_for(named, Ref(CHANNEL, ident)) if named else None

    def stand_in_for(self, member: Membership, *scopes: Ref) -> Membership | None:
        """Return who acts for a member who is away now, None while he is here or when nobody is."""
        if member.pk not in self.away:
            return None
        found = self.lists.first_here(member.pk, self.away, *scopes)
        return self.by_id.get(found) if found else None

    def backups_for(self, member_id: UUID, *scopes: Ref) -> list[Membership]:
        """Return who stands in for a member, in order."""
        return [self.by_id[pk] for pk in self.lists.of(member_id, *scopes) if pk in self.by_id]

    def _facts(self, duty: Duty) -> DutyFacts:
        scopes = frozenset((row["type"], row["key"]) for row in duty.reach or ())  # type: ignore[attr-defined]  # annotated
        owner = self.by_id.get(duty.owner_id) if duty.owner_id else None
        facts = DutyFacts(duty, scopes, owner, [], None)
        if owner is not None:
            refs = (duty.ref, *facts.channel_refs)
            facts.backups = self.backups_for(owner.pk, *refs)
            facts.stand_in = self.stand_in_for(owner, *refs)
        return facts


def overview(by: Actor, now: datetime, zone: ZoneInfo) -> Overview:
    """Return everything at once: members with absences, backups and moderated channels; duties; what there is."""
    members = list(_members(by, now)[:MOST_MEMBERS])
    duties = list(duties_visible_to(by)[:MOST_DUTIES])
    return Overview(
        now=now,
        zone=zone,
        members=members,
        spans={member.pk: [_span(row) for row in member.away_rows or ()] for member in members},  # type: ignore[attr-defined]  # annotated
        lists=_lists(members),
        moderators={UUID(key): member.pk for member in members for key in member.moderated or ()},  # type: ignore[attr-defined]  # annotated
        rows=duties,
        choices=choices_for(by),
    )


def duties_visible_to(by: Actor) -> QuerySet[Duty]:
    """Return the duties that have not ended, most important first, each with its kind and what it reaches."""
    reach = DutyScope.objects.filter(duty=OuterRef("pk")).order_by().values("duty")
    gathered = reach.annotate(found=JSONBAgg(JSONObject(type="type", key="key"))).values("found")
    rows = Duty.objects.filter(ended_at=None).select_related("kind").annotate(reach=Subquery(gathered))
    return visible(by, "teams.duty.see", rows).order_by("position", "pk")


def get_duty(by: Actor, pk: UUID) -> Duty:
    """Return a duty that has not ended. Raises: NotFound."""
    found = duties_visible_to(by).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such duty."))
    return found


def duty_kinds(by: Actor) -> list[DutyKind]:
    """Return the workspace's kinds of work, by name."""
    return list(visible(by, "teams.duty.see", DutyKind.objects.order_by("name", "pk"))[:200])


def network_choices(by: Actor) -> list[tuple[str, str]]:
    """Return the workspace's networks, as kind and name."""
    return [(choice.key, choice.label) for choice in choices_for(by) if choice.type == NETWORK]


def get_channel_choice(by: Actor, pk: UUID) -> ScopeChoice:
    """Return a channel as duties know it. Raises: NotFound for one that the actor may not see."""
    key = (CHANNEL, str(pk))
    found = next((choice for choice in choices_for(by) if (choice.type, choice.key) == key), None)
    if found is None:
        raise NotFound(_("There is no such channel."))
    return found


def _members(by: Actor, now: datetime) -> QuerySet[Membership]:
    away = Absence.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now - timedelta(days=7)),
        member=OuterRef("pk"),
        starts_at__lt=now + AHEAD,
    )
    backups = Backup.objects.filter(member=OuterRef("pk"), backup__status=MemberStatus.ACTIVE)
    moderated = Moderator.objects.filter(member=OuterRef("pk"))
    rows = Membership.objects.filter(status=MemberStatus.ACTIVE).select_related("user", "role")
    return (
        visible(by, "teams.member.see", rows)
        .annotate(
            away_rows=_gathered(away, start="starts_at", end="ends_at"),
            backup_rows=_gathered(
                backups, id="backup_id", position="position", type="scope_type", scope="scope_id"
            ),
            moderated=Subquery(
                moderated.order_by().values("member").annotate(found=JSONBAgg("channel_id")).values("found")
            ),
        )
        .order_by("user__name", "pk")
    )


def _gathered(rows: QuerySet[Absence] | QuerySet[Backup], **fields: str) -> Subquery:
    grouped = rows.order_by().values("member")
    return Subquery(grouped.annotate(found=JSONBAgg(JSONObject(**fields))).values("found"))


def _lists(members: Iterable[Membership]) -> StandingLists:
    rows: dict[int, list[tuple[UUID, UUID, str, UUID | None]]] = defaultdict(list)
    for member in members:
        for row in member.backup_rows or ():  # type: ignore[attr-defined]  # annotated
            scope = UUID(row["scope"]) if row["scope"] else None
            rows[row["position"]].append((member.pk, UUID(row["id"]), row["type"], scope))
    return lists_of(row for position in sorted(rows) for row in rows[position])


def _span(row: dict[str, str | None]) -> Span:
    start, end = row["start"], row["end"]
    return datetime.fromisoformat(str(start)), datetime.fromisoformat(end) if end else None
