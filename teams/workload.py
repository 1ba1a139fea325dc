"""Workload: the work of a week against the hours that somebody has, and what a change of hands would do to it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID

from teams.actors import Actor
from teams.models import Membership
from teams.overview import DutyFacts, Overview, Span
from teams.scopes import LoadFact, load_facts

WORKDAYS = 5
DAY_STARTS, DAY_ENDS = time(9), time(17)
DUTIES, COVERS = "duties", "covers"


@dataclass(slots=True)
class Load:
    """What a member has to do in one week, in minutes, against the minutes there are."""

    member: Membership
    week: int
    capacity: int
    full: int
    work: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Return the minutes of work."""
        return sum(self.work.values())

    @property
    def over(self) -> int:
        """Return by how many minutes the work exceeds the time."""
        return max(0, self.total - self.capacity)

    @property
    def free(self) -> int:
        """Return the minutes that are left."""
        return max(0, self.capacity - self.total)

    @property
    def is_free(self) -> bool:
        """Tell whether the member is here for some of the week and has time left."""
        return self.free > 0


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks from Monday to Monday in the workspace's zone."""

    bounds: tuple[datetime, ...]

    def __len__(self) -> int:
        return len(self.bounds) - 1


def weeks_from(now: datetime, view: Overview, count: int) -> Weeks:
    """Return `count` weeks, the first being the one in which `now` lies."""
    today = now.astimezone(view.zone).date()
    monday = today - timedelta(days=today.weekday())
    days = (monday + timedelta(weeks=week) for week in range(count + 1))
    return Weeks(tuple(datetime.combine(day, time.min, view.zone) for day in days))


def live_work(by: Actor, view: Overview, weeks: Weeks) -> list[LoadFact]:
    """Return the work that the apps above know of."""
    return [fact for gather in load_facts.values() for fact in gather(by, view.members, weeks.bounds)]


def loads(
    view: Overview,
    weeks: Weeks,
    facts: Sequence[LoadFact],
    owners: Mapping[UUID, UUID] | None = None,
) -> dict[UUID, list[Load]]:
    """Return each member's weeks; `owners` says what it would be if these duties had these owners.

    A duty's effort falls to its owner for the part of the week in which he is here, and for the rest to the first
    who stands in and is not away the whole week himself.
    """
    found = {
        member.pk: [_empty(view, member, weeks, n) for n in range(len(weeks))] for member in view.members
    }
    for fact in facts:
        if fact.member_id in found:
            load = found[fact.member_id][fact.week]
            load.work[fact.kind] = load.work.get(fact.kind, 0) + fact.minutes
            load.counts[fact.kind] = load.counts.get(fact.kind, 0) + fact.count
    for duty in view.duties:
        _bear(view, duty, found, (owners or {}).get(duty.duty.pk))
    return found


def _bear(view: Overview, facts: DutyFacts, found: dict[UUID, list[Load]], moved_to: UUID | None) -> None:
    owner_id = moved_to or (facts.owner.pk if facts.owner else None)
    if owner_id not in found or not facts.duty.effort_minutes or owner_id is None:
        return
    backups = [person.pk for person in facts.backups if person.pk != owner_id]
    for week, load in enumerate(found[owner_id]):
        here = load.capacity / load.full if load.full else 1.0
        own = round(facts.duty.effort_minutes * here)
        _add(load, DUTIES, own)
        stand_in = next((pk for pk in backups if pk in found and found[pk][week].capacity > 0), None)
        rest = facts.duty.effort_minutes - own
        if rest and stand_in:
            _add(found[stand_in][week], COVERS, rest)


def _add(load: Load, kind: str, minutes: int) -> None:
    load.work[kind] = load.work.get(kind, 0) + minutes
    load.counts[kind] = load.counts.get(kind, 0) + 1


def _empty(view: Overview, member: Membership, weeks: Weeks, week: int) -> Load:
    full = member.capacity_hours * 60
    share = absent_share(view.spans.get(member.pk, ()), weeks.bounds[week])
    return Load(member, week, round(full * (1 - share)), full)


def absent_share(spans: Sequence[Span], monday: datetime) -> float:
    """Return how much of five working days, nine to five where the workspace is, lies in absences; 0 to 1.

    Overlapping absences count once, half days half.
    """
    if not spans:
        return 0.0
    away = total = 0.0
    for day in range(WORKDAYS):
        date = monday.date() + timedelta(days=day)
        start = datetime.combine(date, DAY_STARTS, monday.tzinfo)
        end = datetime.combine(date, DAY_ENDS, monday.tzinfo)
        total += (end - start).total_seconds()
        away += _covered_seconds(spans, start, end)
    return away / total


def _covered_seconds(spans: Sequence[Span], start: datetime, end: datetime) -> float:
    covered, reached = 0.0, start
    for begins, ends in sorted(spans, key=lambda span: span[0]):
        first = max(begins, reached)
        last = min(ends or end, end)
        if last > first:
            covered += (last - first).total_seconds()
            reached = last
    return covered


def team_counts(found: Mapping[UUID, Sequence[Load]]) -> dict[str, int]:
    """Return the minutes of work and of time of everybody in the first week."""
    sums: dict[str, int] = defaultdict(int)
    for weeks in found.values():
        sums["total"] += weeks[0].total
        sums["capacity"] += weeks[0].capacity
    return dict(sums)
