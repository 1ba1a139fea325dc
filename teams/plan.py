"""Four weeks of absences: who is away on which day, who then acts, and where nobody would. Pure but for its rows."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Q, Value

from core.times import moment_at
from teams.actors import Actor
from teams.cover import EVERYTHING, Line, shared_out, spread
from teams.models import Absence, Backup, Duty
from teams.permissions import visible
from teams.selectors import members
from teams.spans import Span, merged
from teams.states import MemberStatus

DAYS = 28
MOST_PEOPLE = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of somebody: here, away for `part` of it or all of it; who acts; whether at some time nobody does."""

    day: date
    is_away: bool = False
    is_whole: bool = False
    covers: tuple[str, ...] = ()
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A member, or a duty, through the days."""

    label: str
    sub: str
    cells: list[Cell]
    member_id: UUID | None = None

    @property
    def marked(self) -> list[Cell]:
        """Return the days on which there is something to see."""
        return [cell for cell in self.cells if cell.is_away or cell.is_gap]


@dataclass(slots=True)
class Plan:
    """The days and the rows."""

    days: list[date]
    people: list[Row] = field(default_factory=list)
    duties: list[Row] = field(default_factory=list)

    @property
    def gap_count(self) -> int:
        """Return on how many days somebody or something has nobody."""
        rows = [*self.people, *self.duties]
        return len({cell.day for row in rows for cell in row.cells if cell.is_gap})

    @property
    def by_day(self) -> list[tuple[date, list[tuple[Row, Cell]]]]:
        """Return the days on which there is something to see, with it: for the phone."""
        found: dict[date, list[tuple[Row, Cell]]] = defaultdict(list)
        for row in [*self.people, *self.duties]:
            for cell in row.marked:
                found[cell.day].append((row, cell))
        return sorted(found.items())


Window = tuple[date, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is away when, who stands in for whom, and what people are called."""

    spans: dict[UUID, list[Span]]
    lists: dict[UUID, list[Line]]
    names: dict[UUID, str]

    def cell(self, member_id: UUID, scope: str | None, window: Window) -> Cell:
        """Judge one day: at its start and wherever somebody leaves within it, who would act?"""
        day, begins, ends = window
        today = Span(begins, ends)
        own = [span for span in self.spans.get(member_id, ()) if _overlap(span, today)]
        if not own:
            return Cell(day)
        involved = {member_id, *(line.backup_id for line in self.lists.get(member_id, ()))}
        leaving = {begins, *(span.starts_at for ident in involved for span in self.spans.get(ident, ()))}
        instants = sorted(at for at in leaving if today.holds(at) and self.is_away(member_id, at))
        holders = [self.holder(member_id, scope, at) for at in instants]
        covers = dict.fromkeys(self.names.get(holder, "") for holder in holders if holder)
        return Cell(day, True, any(_covers_all(span, today) for span in own), tuple(covers), None in holders)

    def holder(self, member_id: UUID, scope: str | None, at: datetime) -> UUID | None:
        """Return who would act at an instant."""
        here = [replace(line, is_here=not self.is_away(line.backup_id, at)) for line in self.lists[member_id]]
        shares = shared_out(here).get(member_id, {})
        return shares.get(scope) or shares.get(EVERYTHING)

    def is_away(self, ident: UUID, at: datetime) -> bool:
        """Tell whether somebody is away at an instant."""
        return any(span.holds(at) for span in self.spans.get(ident, ()))


def plan_of(by: Actor, first: date, zone: str) -> Plan:
    """Return four weeks from a day on, in a fixed number of statements however many people there are."""
    days = [first + timedelta(days=number) for number in range(DAYS)]
    bounds = [_midnight(day, zone) for day in [*days, days[-1] + timedelta(days=1)]]
    windows = list(zip(days, bounds, bounds[1:], strict=False))
    people = list(members(by)[:MOST_PEOPLE])
    names = {member.pk: member.user.name for member in people}
    roster = Roster(_spans(bounds[0], bounds[-1]), _lists(), names)
    plan = Plan(days)
    for member in people:
        cells = [roster.cell(member.pk, EVERYTHING, window) for window in windows]
        plan.people.append(Row(member.user.name, member.job_title, cells, member.pk))
    for duty in _duties(by):
        owner = duty.owner_id
        if owner is None:  # nobody is responsible: no day has anybody
            plan.duties.append(Row(str(duty), "", [Cell(day, is_gap=True) for day in days]))
            continue
        cells = [roster.cell(owner, str(duty.ref), window) for window in windows]
        if any(cell.is_away for cell in cells):
            plan.duties.append(Row(str(duty), names.get(owner, ""), cells))
    return plan


def _midnight(day: date, zone: str) -> datetime:
    return moment_at(datetime.combine(day, time.min), zone).instant


def _lists() -> dict[UUID, list[Line]]:
    rows = Backup.objects.filter(backup__status=MemberStatus.ACTIVE, member__status=MemberStatus.ACTIVE)
    found: dict[UUID, list[Line]] = defaultdict(list)
    for line in spread(list(rows.annotate(is_here=Value(True)).order_by("member_id", "position", "pk"))):
        found[line.member_id].append(line)
    return found


def _spans(begins: datetime, ends: datetime) -> dict[UUID, list[Span]]:
    rows = Absence.objects.filter(Q(ends_at=None) | Q(ends_at__gt=begins), starts_at__lt=ends).order_by()
    found: dict[UUID, list[Span]] = defaultdict(list)
    for row in rows:
        found[row.member_id].append(row.span)
    return {ident: merged(own) for ident, own in found.items()}


def _duties(by: Actor) -> Iterable[Duty]:
    rows = Duty.objects.filter(ended_at=None).select_related("kind")
    return visible(by, "teams.duty.see", rows).order_by("position", "pk")[:MOST_PEOPLE]


def _overlap(one: Span, other: Span) -> bool:
    return (one.ends_at is None or other.starts_at < one.ends_at) and (
        other.ends_at is None or one.starts_at < other.ends_at
    )


def _covers_all(span: Span, day: Span) -> bool:
    return span.starts_at <= day.starts_at and (
        span.ends_at is None or (day.ends_at is not None and day.ends_at <= span.ends_at)
    )
