"""Who takes over for whom: resolved here and nowhere else.

Only a member's own lists count, never the list of a backup, so there are no chains and no loops. Who is here is
asked at the instant, so everything goes back by itself when an absence ends.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.refs import Ref
from teams.actors import Bounds
from teams.models import DUTY, Absence, Backup, Duty, Membership, TimeOut
from teams.rows import MEMBERS, member_columns, member_of
from teams.spans import Span, merged, span_at
from teams.states import MemberStatus, StarterKind

EVERYTHING = None
APART = (StarterKind.ENGAGEMENT, StarterKind.SERVICE, StarterKind.STAKEHOLDERS)
Shares = Mapping[str | None, UUID]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a member's lists: who stands in, for which scope, and whether he is here."""

    member_id: UUID
    backup_id: UUID
    scope: str | None
    is_here: bool


@dataclass(frozen=True, slots=True)
class Cover:
    """For whom somebody acts now, and within which bounds; `verbs` where only some rights are lent.

    `until` is when the absent member is back, absences that overlap or touch taken as one; None while nobody knows.
    """

    absent: Membership
    bounds: Bounds | None = None
    verbs: frozenset[str] | None = None
    until: datetime | None = None


def shared_out(lines: Iterable[Line]) -> dict[UUID, dict[str | None, UUID]]:
    """Return who acts for each member: by scope, and under None for everything else.

    The first of each list who is here. A scope whose list has nobody here falls to the list for everything.
    """
    found: dict[UUID, dict[str | None, UUID]] = defaultdict(dict)
    for line in lines:
        if line.is_here:
            found[line.member_id].setdefault(line.scope, line.backup_id)
    return dict(found)


def reach(shares: Shares, backup_id: UUID) -> tuple[bool, Bounds | None]:
    """Return whether somebody acts by these shares, and within which bounds; None for all of it."""
    others: dict[UUID, set[str]] = defaultdict(set)
    mine: set[str] = set()
    for scope, holder in shares.items():
        if scope is not None:
            (mine if holder == backup_id else others[holder]).add(scope)
    if shares.get(EVERYTHING) == backup_id:
        but = tuple(frozenset(scopes) for _, scopes in sorted(others.items()))
        return True, Bounds(but=but) if but else None
    return bool(mine), Bounds(only=frozenset(mine)) if mine else None


def away_at(now: datetime, member: Any) -> QuerySet[Absence]:
    """Return the absences of a member, or of an outer query's, that hold at this instant."""
    return Absence.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now, member=member
    ).order_by()


def absent_ids(now: datetime, among: set[UUID] | None = None) -> set[UUID]:
    """Return the ids of the members who are away at this instant."""
    away = Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
    if among is not None:
        away = away.filter(member__in=among)
    return set(away.values_list("member_id", flat=True))


@dataclass(frozen=True, slots=True)
class _Listed:
    """A line of the lists of somebody who is away or unseen, with the absences that have not ended."""

    member_id: UUID
    backup_id: UUID
    scope_type: str
    scope_id: UUID | None
    is_here: bool
    is_away: bool
    starts: list[datetime]
    ends: list[datetime | None]

    @property
    def scope(self) -> Ref | None:
        """Return the one thing that it is for, None for everything."""
        return Ref(self.scope_type, self.scope_id) if self.scope_id else None


_AWAY = (
    "EXISTS (SELECT FROM teams_absence away WHERE away.workspace_id = %(workspace)s AND away.member_id = {who}"
    " AND away.starts_at <= %(now)s AND (away.ends_at IS NULL OR away.ends_at > %(now)s))"
)
_AHEAD = (
    "ARRAY(SELECT ahead.{column} FROM teams_absence ahead WHERE ahead.workspace_id = %(workspace)s"
    " AND ahead.member_id = line.member_id AND (ahead.ends_at IS NULL OR ahead.ends_at > %(now)s)"
    " ORDER BY ahead.starts_at, ahead.id)"
)


IS_WANTED = (
    "EXISTS (SELECT FROM teams_backup mine WHERE mine.workspace_id = teams_membership.workspace_id"
    " AND mine.backup_id = teams_membership.id AND (EXISTS (SELECT FROM teams_absence away"
    " WHERE away.workspace_id = mine.workspace_id AND away.member_id = mine.member_id"
    " AND away.starts_at <= %s AND (away.ends_at IS NULL OR away.ends_at > %s))"
    " OR EXISTS (SELECT FROM teams_timeout waiting WHERE waiting.workspace_id = mine.workspace_id"
    " AND waiting.member_id = mine.member_id AND waiting.ended_at IS NULL)))"
)
"""Tells whether anybody on whose lists a member stands is away or unseen; takes the instant twice.

Planning the whole question takes many times as long as this one, whose answer is nearly always no.
"""


def _is_wanted(member: Membership, now: datetime) -> bool:
    known: bool | None = getattr(
        member, "is_wanted", None
    )  # told by the statement that a request begins with
    if known is not None:
        return known
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {IS_WANTED} FROM teams_membership WHERE id = %s",  # noqa: S608  # no values
            [now, now, str(member.pk)],
        )
        return bool(cursor.fetchone()[0])


@cache
def _covers_sql() -> str:
    """Return the question for the whole lists of those on whose lists one stands and who are away or unseen."""
    is_away = _AWAY.format(who="line.member_id")
    return (
        f"SELECT {member_columns()}, line.backup_id, line.scope_type, line.scope_id,"  # noqa: S608  # names of columns only
        f" NOT {_AWAY.format(who='line.backup_id')}, {is_away},"
        f" {_AHEAD.format(column='starts_at')}, {_AHEAD.format(column='ends_at')}"
        f" FROM {MEMBERS} JOIN teams_backup line ON line.member_id = teams_membership.id"
        " JOIN teams_membership acting ON acting.id = line.backup_id AND acting.status = %(active)s"
        " WHERE line.workspace_id = %(workspace)s AND teams_membership.status = %(active)s"
        " AND line.member_id IN (SELECT mine.member_id FROM teams_backup mine"
        " WHERE mine.workspace_id = %(workspace)s AND mine.backup_id = %(backup)s)"
        f" AND ({is_away} OR EXISTS (SELECT FROM teams_timeout waiting WHERE waiting.workspace_id = %(workspace)s"
        " AND waiting.member_id = line.member_id AND waiting.ended_at IS NULL))"
        " ORDER BY line.member_id, line.position, line.id"
    )


def covers_of(member: Membership, now: datetime) -> list[Cover]:
    """Return for whom `member` acts at this instant, by name, in one statement while nobody is away.

    Somebody who is away, or whose membership has ended, covers nobody.
    """
    if not member.is_active or not _is_wanted(member, now):
        return []
    ids = {"workspace": str(member.workspace_id), "backup": str(member.pk)}
    with connection.cursor() as cursor:
        cursor.execute(_covers_sql(), {**ids, "now": now, "active": MemberStatus.ACTIVE.value})
        found_rows = cursor.fetchall()
    rows: list[_Listed] = []
    people: dict[UUID, Membership] = {}
    for found_row in found_rows:
        absent, rest = member_of(found_row)
        people.setdefault(absent.pk, absent)
        rows.append(_Listed(absent.pk, *rest))
    gone = {row.member_id: span_at(map(Span, row.starts, row.ends), now) for row in rows if row.is_away}
    found = []
    shares = shared_out(spread(rows))
    for ident, span in gone.items():
        acts, bounds = reach(shares.get(ident, {}), member.pk)
        if acts:
            found.append(Cover(people[ident], bounds, until=span.ends_at if span else None))
    unseen = {
        ident for ident in set(people) - set(gone) if shares.get(ident, {}).get(EVERYTHING) == member.pk
    }
    found += [*_timed_out(unseen, people)]
    return sorted(found, key=lambda cover: (cover.absent.user.name, cover.absent.pk))


def acting_for(member: Membership, now: datetime) -> list[Membership]:
    """Return the absent members for whom `member` is the first available standing backup at this instant.

    Not those for whom he acts on some things only, by a list for a scope or since they are merely unseen.
    """
    covers = covers_of(member, now)
    return [cover.absent for cover in covers if cover.bounds is None or cover.bounds.only is None]


def holder_of(shares: Shares, places: Sequence[frozenset[str]] = ()) -> UUID | None:
    """Return who acts on a thing that lies in these places: the backup of its scope, else the one for everything."""
    for place in places:
        holders = {shares.get(scope) for scope in place}
        if len(holders) == 1 and (holder := holders.pop()) is not None:
            return holder
    return shares.get(EVERYTHING)


def covers_now(
    members: Iterable[Membership], now: datetime, places: Sequence[frozenset[str]] = ()
) -> dict[UUID, Membership]:
    """Return who acts for each of these members at this instant, of those who are away and have somebody.

    `places` are those of the thing that it is about; without them, who acts for everything else.
    """
    wanted = {member.pk for member in members}
    if not wanted:
        return {}
    rows = list(
        _lines(now)
        .filter(Exists(away_at(now, OuterRef("member"))), member__in=wanted)
        .select_related("backup__user", "backup__role")
    )
    people = {row.backup_id: row.backup for row in rows}
    held = {ident: holder_of(shares, places) for ident, shares in shared_out(spread(rows)).items()}
    return {ident: people[holder] for ident, holder in held.items() if holder is not None}


def cover_of(member: Membership, now: datetime) -> Membership | None:
    """Return who acts for `member` at this instant: None while present, or when nobody is available."""
    return covers_now([member], now).get(member.pk)


def first_available(member: Membership, at: datetime) -> Membership | None:
    """Return who would act for `member` at an instant, were he away then."""
    rows = _lines(at).filter(member=member, scope_id=None).select_related("backup__user", "backup__role")
    return next((row.backup for row in rows if row.is_here), None)


def holds_still(absent_id: UUID, member: Membership, now: datetime) -> bool:
    """Tell whether `member` acts for the absent one at this instant, and hold it so until the commit.

    Shares a lock on the absence, which whoever ends it must wait for: what is decided under cover and the handing
    back come one after the other. Locks: the absent member's absences and time-outs, for share.
    """
    with connection.cursor() as cursor:
        for table in ("teams_absence", "teams_timeout"):
            cursor.execute(f"SELECT 1 FROM {table} WHERE member_id = %s FOR SHARE", [absent_id])  # noqa: S608  # names of ours
    return any(cover.absent.pk == absent_id for cover in covers_of(member, now))


def away_until(ids: set[UUID], now: datetime) -> dict[UUID, datetime | None]:
    """Return when these members are back, of those who are away at this instant; None while nobody knows.

    Absences that overlap or touch are one.
    """
    spans = defaultdict(list)
    for row in Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), member__in=ids).order_by():
        spans[row.member_id].append(row.span)
    around = {ident: span_at(own, now) for ident, own in spans.items()}
    return {ident: span.ends_at for ident, span in around.items() if span is not None}


def away_since(ids: set[UUID], now: datetime) -> dict[UUID, datetime]:
    """Return since when these members have been away without a break, of those who are away at this instant."""
    spans = defaultdict(list)
    for row in Absence.objects.filter(starts_at__lte=now, member__in=ids).order_by():
        spans[row.member_id].append(row.span)
    around = {ident: next((s for s in merged(own) if s.holds(now)), None) for ident, own in spans.items()}
    return {ident: span.starts_at for ident, span in around.items() if span is not None}


def _lines(now: datetime) -> QuerySet[Any]:
    here = ~Exists(away_at(now, OuterRef("backup")))
    rows = Backup.objects.filter(backup__status=MemberStatus.ACTIVE).annotate(is_here=here)
    return rows.order_by("member_id", "position", "pk")


def spread(rows: Sequence[Any]) -> list[Line]:
    """Return the lines of lists, those for a channel before those for a duty with all that it reaches."""
    reached = _reached({row.scope_id for row in rows if row.scope_type == DUTY})
    plain = [
        Line(row.member_id, row.backup_id, str(row.scope) if row.scope else EVERYTHING, row.is_here)
        for row in rows
        if row.scope_type != DUTY
    ]
    wide = [
        Line(row.member_id, row.backup_id, scope, row.is_here)
        for duty, scopes in reached.items()
        for row in rows
        if row.scope_id == duty
        for scope in scopes
    ]
    return plain + wide


def _reached(duties: set[UUID]) -> dict[UUID, list[str]]:
    """Return what each duty reaches, the most important duty first: itself, its channels, networks and campaigns.

    Work that is not about posts (messages, customers, stakeholders) does not reach the posts of its channels.
    """
    if not duties:
        return {}
    rows = Duty.objects.filter(pk__in=duties, ended_at=None).select_related("kind")
    found: dict[UUID, list[str]] = {}
    for duty in rows.prefetch_related("scopes").order_by("position", "pk"):
        scopes = [] if duty.kind.key in APART else [f"{row.type}:{row.key}" for row in duty.scopes.all()]
        found[duty.pk] = [str(duty.ref), *scopes]
    return found


def _timed_out(unseen: set[UUID], people: Mapping[UUID, Membership]) -> Sequence[Cover]:
    """Return the covers on single things that wait for members who are not away but were not seen."""
    if not unseen:
        return []
    things: dict[tuple[UUID, frozenset[str]], set[str]] = defaultdict(set)
    for row in TimeOut.objects.filter(member__in=unseen, ended_at=None).order_by("pk")[:500]:
        things[row.member_id, frozenset(row.verbs)].add(str(row.ref))
    return [
        Cover(people[ident], Bounds(only=frozenset(refs)), verbs) for (ident, verbs), refs in things.items()
    ]
